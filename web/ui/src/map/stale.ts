import type { Tile } from './cover';

/** A tile is loaded anew at most so often, in milliseconds, however often it changes. */
export const CALM_MS = 500;

interface Mark {
  tile: Tile;
  /** What is loaded must be as new as this place in the log; '' for as new as there is. */
  since: string;
}

/**
 * Which open tiles must be loaded anew, and when: at once, but none more often
 * than every half second, and none while it is on its way: what changed
 * meanwhile is loaded after that.
 *
 * It knows no map and no clock: the map tells it what it is told (mark), what it
 * asks for (asked) and what has come (came), and asks it what to load (due).
 */
export class StaleTiles {
  /** What is to be asked for, by source and tile. */
  private marks = new Map<string, Mark>();
  /** When each was told to be loaded last. */
  private told = new Map<string, number>();
  /** What was asked for and has not come. */
  private flying = new Set<string>();

  mark(source: string, tiles: readonly Tile[], since: string): void {
    for (const tile of tiles) this.marks.set(keyOf(source, tile), { tile, since });
  }

  /** The tiles of each source to load now. */
  due(now: number): Map<string, Tile[]> {
    const out = new Map<string, Tile[]>();
    for (const [key, at] of this.told) if (at <= now - CALM_MS && !this.marks.has(key)) this.told.delete(key);
    for (const [key, m] of this.marks) {
      if (this.flying.has(key) || (this.told.get(key) ?? -Infinity) > now - CALM_MS) continue;
      this.told.set(key, now);
      const source = sourceOf(key);
      const list = out.get(source);
      if (list) list.push(m.tile);
      else out.set(source, [m.tile]);
    }
    return out;
  }

  /** When something will be due, in milliseconds from now; undefined: nothing waits but for what is on its way. */
  wait(now: number): number | undefined {
    let least: number | undefined;
    for (const key of this.marks.keys()) {
      if (this.flying.has(key)) continue;
      const ms = Math.max(0, (this.told.get(key) ?? -Infinity) + CALM_MS - now);
      least = least === undefined ? ms : Math.min(least, ms);
    }
    return least;
  }

  /** The map asks for a tile. Returns the place in the log that it must hold, '' for any. */
  asked(source: string, tile: Tile): string {
    const key = keyOf(source, tile);
    this.flying.add(key);
    const m = this.marks.get(key);
    this.marks.delete(key);
    return m?.since ?? '';
  }

  /** A tile has come, or will not. */
  came(source: string, tile: Tile): void {
    this.flying.delete(keyOf(source, tile));
  }

  /** All tiles of a source have come: one that is as it was comes without a word. */
  allCame(source: string): void {
    for (const key of this.flying) if (sourceOf(key) === source) this.flying.delete(key);
  }

  /** Whether anything of a source is on its way. */
  awaits(source: string): boolean {
    for (const key of this.flying) if (sourceOf(key) === source) return true;
    return false;
  }

  /** Forgets the tiles of a source that are no longer open. */
  keep(source: string, open: (t: Tile) => boolean): void {
    for (const [key, m] of this.marks) if (sourceOf(key) === source && !open(m.tile)) this.marks.delete(key);
  }
}

const keyOf = (source: string, t: Tile) => `${source} ${t.z}/${t.x}/${t.y}`;
const sourceOf = (key: string) => key.slice(0, key.indexOf(' '));

/** Reads "z/x/y". */
export function tileOf(id: string): Tile | undefined {
  const m = /^(\d+)\/(\d+)\/(\d+)$/.exec(id);
  return m ? { z: Number(m[1]), x: Number(m[2]), y: Number(m[3]) } : undefined;
}
