/** A tile's address. */
export interface Tile {
  z: number;
  x: number;
  y: number;
}

/** The degrees of longitude of a tile's west edge at column x of zoom z; x may be a fraction. */
function lonOf(x: number, z: number): number {
  return (x / 2 ** z) * 360 - 180;
}

/** The degrees of latitude of a tile's north edge at row y of zoom z. */
function latOf(y: number, z: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI;
}

/** The box [west, south, east, north] of a tile, in degrees, drawn in by a part of its width. */
export function boxOf(t: Tile, inset = 0): [number, number, number, number] {
  return [lonOf(t.x + inset, t.z), latOf(t.y + 1 - inset, t.z), lonOf(t.x + 1 - inset, t.z), latOf(t.y + inset, t.z)];
}

/**
 * The window and zooms that name these tiles to the server and, where all are of
 * one zoom, no other; undefined for none.
 */
export function windowOf(tiles: readonly Tile[]): { bbox: [number, number, number, number]; minzoom: number; maxzoom: number } | undefined {
  if (tiles.length === 0) return undefined;
  const bbox: [number, number, number, number] = [180, 90, -180, -90];
  let [minzoom, maxzoom] = [Infinity, 0];
  for (const t of tiles) {
    // Drawn in, so that an edge is not taken for the next tile's.
    const [w, s, e, n] = boxOf(t, 0.25);
    bbox[0] = Math.min(bbox[0], w);
    bbox[1] = Math.min(bbox[1], s);
    bbox[2] = Math.max(bbox[2], e);
    bbox[3] = Math.max(bbox[3], n);
    minzoom = Math.min(minzoom, t.z);
    maxzoom = Math.max(maxzoom, t.z);
  }
  return { bbox: bbox.map((x) => Math.round(x * 1e6) / 1e6) as [number, number, number, number], minzoom, maxzoom };
}

/** Whether a tile meets the box [west, south, east, north]; its buffer of 64/4096 counts. */
export function meets(t: Tile, box: readonly number[]): boolean {
  const [w, s, e, n] = boxOf(t, -65 / 4096);
  return w <= box[2]! && e >= box[0]! && s <= box[3]! && n >= box[1]!;
}
