/** A tile's address. */
export interface Tile {
  z: number;
  x: number;
  y: number;
}

/** Half the width of a square Web Mercator world ends here, in degrees of latitude. */
const MAX_LAT = 85.0511287798066;

/** The tile of zoom z that holds the place [lng, lat], in degrees. */
export function tileAt([lng, lat]: readonly [number, number], z: number): Tile {
  const n = 2 ** z;
  const phi = (Math.max(-MAX_LAT, Math.min(MAX_LAT, lat)) * Math.PI) / 180;
  const x = Math.floor(((lng + 180) / 360) * n);
  const y = Math.floor(((1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2) * n);
  return { z, x: Math.max(0, Math.min(n - 1, x)), y: Math.max(0, Math.min(n - 1, y)) };
}

/** The tiles of zoom z that touch the box [west, south, east, north]; at most `limit`, else undefined: reload all. */
export function tilesIn(box: readonly number[], z: number, limit = 64): Tile[] | undefined {
  const [w, s, e, n] = box as [number, number, number, number];
  const a = tileAt([w, n], z);
  const b = tileAt([e, s], z);
  if ((b.x - a.x + 1) * (b.y - a.y + 1) > limit) return undefined;
  const out: Tile[] = [];
  for (let x = a.x; x <= b.x; x++) for (let y = a.y; y <= b.y; y++) out.push({ z, x, y });
  return out;
}
