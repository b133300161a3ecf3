import type { Box } from './ground';
import type { Database } from './store';

/** How much of the map is kept, in bytes. */
export const BUDGET = 40 << 20;
const AT_ONCE = 4;

/** Columns and rows of the tiles of a zoom that meet a box: first and last, both included. */
function span(box: Box, z: number): [x0: number, y0: number, x1: number, y1: number] {
  const n = 2 ** z;
  const x = (lng: number) => Math.min(n - 1, Math.max(0, Math.floor(((lng + 180) / 360) * n)));
  const y = (lat: number) => Math.min(n - 1, Math.max(0, Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n)));
  return [x(box[0]), y(box[3]), x(box[2]), y(box[1])];
}

/** The addresses of the tiles that meet a box, from far to near, at most so many: whole zooms, so that a map has no holes. */
export function tilesOf(layers: readonly string[], box: Box, minzoom: number, maxzoom: number, most = 1500): string[] {
  const out: string[] = [];
  if (layers.length === 0) return out;
  for (let z = minzoom; z <= maxzoom; z++) {
    const [x0, y0, x1, y1] = span(box, z);
    if (out.length + (x1 - x0 + 1) * (y1 - y0 + 1) > most) break;
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) out.push(`/tiles/${layers.join(',')}/${z}/${x}/${y}.mvt`);
  }
  return out;
}

/** What of the map is on the phone. */
export interface KeptMap {
  /** Bytes, tiles, and when it was fetched: milliseconds since 1970. */
  bytes: number;
  tiles: number;
  at: number;
  /** The deepest zoom of which every tile is there: beyond it the map is drawn larger. */
  maxzoom: number;
  /** The layers in each tile, as in its address. */
  layers: string;
  /** Not all that was asked for is there: the budget, the phone or the network ended. */
  partly?: 'budget' | 'full' | 'network';
}

const zoomOf = (address: string) => Number(/\/(\d+)\/\d+\/\d+\.mvt/.exec(address)?.[1] ?? 0);

/**
 * Fetches tiles into the phone, and removes what is not on the list any more.
 * A tile that cannot be fetched stays as it was.
 *
 * @param fetchTile gives a tile's bytes; rejects where it did not come
 */
export async function keepTiles(
  db: Database,
  person: number,
  addresses: readonly string[],
  fetchTile: (address: string) => Promise<ArrayBuffer>,
  now: number,
  progress: (done: number, of: number) => void = () => undefined,
  budget = BUDGET,
): Promise<KeptMap> {
  const wanted = [...addresses].sort((a, b) => zoomOf(a) - zoomOf(b));
  const gone = new Set(((await db.getAllKeys('tile', all(person))) as [number, string][]).map(([, a]) => a));
  for (const a of wanted) gone.delete(a);
  for (const a of gone) await db.delete('tile', [person, a]);

  let bytes = 0;
  let done = 0;
  let partly: KeptMap['partly'];
  let missing = Infinity;
  const rest = wanted.values();
  const worker = async () => {
    for (const address of rest) {
      let size = 0;
      let counted = false;
      if (partly === 'budget' || partly === 'full' || partly === 'network') {
        size = (await db.get('tile', [person, address]))?.bytes.byteLength ?? -1;
      } else
        try {
          const tile = await fetchTile(address);
          if (bytes + tile.byteLength > budget) {
            partly = 'budget';
            size = -1;
          } else {
            bytes += tile.byteLength; // before the others look
            await db.put('tile', { person, address, bytes: tile });
            counted = true;
          }
        } catch (error) {
          partly = error instanceof DOMException ? 'full' : 'network';
          size = (await db.get('tile', [person, address]))?.bytes.byteLength ?? -1;
        }
      if (size < 0) missing = Math.min(missing, zoomOf(address));
      else if (!counted) bytes += size;
      progress(++done, wanted.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const deepest = wanted.length > 0 ? zoomOf(wanted.at(-1)!) : 0;
  return {
    bytes,
    tiles: await db.count('tile', all(person)),
    at: now,
    maxzoom: Math.max(0, Math.min(deepest, missing - 1)),
    layers: /^\/tiles\/([^/]+)\//.exec(wanted[0] ?? '')?.[1] ?? '',
    ...(partly ? { partly } : {}),
  };
}

const all = (person: number) => IDBKeyRange.bound([person, ''], [person, '\uffff']);

export const dropTiles = (db: Database, person: number): Promise<void> => db.delete('tile', all(person));

/** A kept tile's bytes; undefined where it is not there. */
export const keptTile = async (db: Database, person: number, address: string): Promise<ArrayBuffer | undefined> => (await db.get('tile', [person, address]))?.bytes;

/** Bytes in words: 640 kB, 12 MB. */
export const size = (bytes: number): string => (bytes < 950_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`);
