import type { Geometry, Polygon, Position } from 'geojson';

// Places and areas in degrees of WGS 84, as a phone without a network must
// judge them by itself. Pure: numbers in, numbers out.

/** A place in degrees, EPSG:4326. */
export type LngLat = readonly [lng: number, lat: number];
/** West, south, east, north, in degrees. */
export type Box = [w: number, s: number, e: number, n: number];

const EARTH = 6_371_008.8; // metres
const rad = (degrees: number) => (degrees * Math.PI) / 180;

/** Metres between two places. */
export function metres(a: LngLat, b: LngLat): number {
  const h = Math.sin(rad(b[1] - a[1]) / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(rad(b[0] - a[0]) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Whether an area holds a place; its edge belongs to it or not. False for what is no area. */
export function holds(area: Geometry, at: LngLat): boolean {
  if (area.type === 'Polygon') return inRings(area.coordinates, at);
  if (area.type === 'MultiPolygon') return area.coordinates.some((rings) => inRings(rings, at));
  if (area.type === 'GeometryCollection') return area.geometries.some((g) => holds(g, at));
  return false;
}

function inRings(rings: Position[][], [x, y]: LngLat): boolean {
  let inside = false;
  for (const ring of rings)
    for (let n = 0, m = ring.length - 1; n < ring.length; m = n++) {
      const [ax, ay] = ring[n] as [number, number];
      const [bx, by] = ring[m] as [number, number];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
  return inside;
}

/** The box around areas; undefined where there are none. */
export function boxOf(areas: readonly Geometry[]): Box | undefined {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const eat = (c: unknown): void => {
    if (!Array.isArray(c)) return;
    if (typeof c[0] === 'number') {
      box[0] = Math.min(box[0], c[0]);
      box[1] = Math.min(box[1], c[1] as number);
      box[2] = Math.max(box[2], c[0]);
      box[3] = Math.max(box[3], c[1] as number);
    } else c.forEach(eat);
  };
  for (const a of areas) eat(a.type === 'GeometryCollection' ? a.geometries.map((g) => (g as Polygon).coordinates) : a.coordinates);
  return box[0] <= box[2] ? box : undefined;
}

export const middle = (b: Box): LngLat => [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2];

/** A circle of that many metres around a place, for the map. */
export function circle(at: LngLat, radiusM: number, corners = 48): Polygon {
  const dLat = (radiusM / EARTH) * (180 / Math.PI);
  const dLng = dLat / Math.max(0.01, Math.cos(rad(at[1])));
  const ring = Array.from({ length: corners + 1 }, (_, n) => {
    const a = (2 * Math.PI * (n % corners)) / corners;
    return [at[0] + dLng * Math.cos(a), at[1] + dLat * Math.sin(a)];
  });
  return { type: 'Polygon', coordinates: [ring] };
}

/** Metres in words: 35 m, 1.2 km. */
export function far(m: number): string {
  return m < 995 ? `${Math.round(m / 5) * 5 || 5} m` : `${(m / 1000).toFixed(m < 9950 ? 1 : 0)} km`;
}
