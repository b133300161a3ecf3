import type { Tile } from './cover';

/** A tile is loaded anew at most so often, in milliseconds, however often it changes. */
export const CALM_MS = 500;

interface Mark {
  tile: Tile;
  /** What is loaded must be as new as this place in the log; '' for as new as there is. */
  since: string;
  /** A request was made after the mark; until it is answered nobody knows whether it is done. */
  asked: boolean;
  /** How often the map was told to load it and asked for nothing: it is loading, or not open any more. */
  unheard: number;
}

/** After so many times it is taken for not open. */
const GIVE_UP = 60;

/**
 * Which open tiles must be loaded anew, and when: at once, but none more often
 * than every half second; and again, if it changed while it was being loaded.
 *
 * It knows no map and no clock: the map tells it what it is told (mark), what it
 * asks for (asked) and what has come (came), and asks it what to load (due).
 */
export class StaleTiles {
  private marks = new Map<string, Mark>();
  private last = new Map<string, number>();

  mark(source: string, tiles: Tile[], since: string): void {
    for (const tile of tiles) this.marks.set(keyOf(source, tile), { tile, since, asked: false, unheard: 0 });
  }

  /** The tiles of each source to load now. */
  due(now: number): Map<string, Tile[]> {
    const out = new Map<string, Tile[]>();
    for (const [key, m] of this.marks) {
      if (m.asked || (this.last.get(key) ?? -Infinity) > now - CALM_MS) continue;
      this.last.set(key, now);
      if (m.unheard++ > GIVE_UP) {
        this.marks.delete(key);
        continue;
      }
      const source = key.slice(0, key.indexOf(' '));
      const list = out.get(source);
      if (list) list.push(m.tile);
      else out.set(source, [m.tile]);
    }
    for (const [key, at] of this.last) if (at <= now - CALM_MS && !this.marks.has(key)) this.last.delete(key);
    return out;
  }

  /** When something will be due, in milliseconds from now; undefined: nothing waits. */
  wait(now: number): number | undefined {
    let least: number | undefined;
    for (const [key, m] of this.marks) {
      if (m.asked) continue;
      const ms = Math.max(0, (this.last.get(key) ?? -Infinity) + CALM_MS - now);
      least = least === undefined ? ms : Math.min(least, ms);
    }
    return least;
  }

  /** The map asks for a tile. Returns the place in the log that it must hold, '' for any. */
  asked(source: string, tile: Tile): string {
    const m = this.marks.get(keyOf(source, tile));
    if (!m) return '';
    m.asked = true;
    return m.since;
  }

  /** A tile has come, or will not. Returns whether it was asked for before it became stale: it is due again. */
  came(source: string, tile: Tile): boolean {
    const key = keyOf(source, tile);
    const m = this.marks.get(key);
    if (!m) return false;
    if (!m.asked) return true;
    this.marks.delete(key);
    return false;
  }

  /** Forgets a source, or the tiles of it that are no longer open. */
  keep(source: string, open: (t: Tile) => boolean): void {
    for (const [key, m] of this.marks) if (key.startsWith(source + ' ') && !open(m.tile)) this.marks.delete(key);
  }
}

const keyOf = (source: string, t: Tile) => `${source} ${t.z}/${t.x}/${t.y}`;

/** Reads "z/x/y". */
export function tileOf(id: string): Tile | undefined {
  const m = /^(\d+)\/(\d+)\/(\d+)$/.exec(id);
  return m ? { z: Number(m[1]), x: Number(m[2]), y: Number(m[3]) } : undefined;
}
