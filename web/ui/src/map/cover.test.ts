import { expect, test } from 'vitest';
import { boxOf, meets, windowOf } from './cover';

const yiwu = { z: 14, x: 13656, y: 6795 };

test('a tile knows its box', () => {
  const [w, s, e, n] = boxOf(yiwu);
  expect(w).toBeLessThan(120.0745);
  expect(e).toBeGreaterThan(120.0745);
  expect(s).toBeLessThan(29.3068);
  expect(n).toBeGreaterThan(29.3068);
  expect(boxOf({ z: 0, x: 0, y: 0 })).toEqual([-180, expect.closeTo(-85.0511, 3), 180, expect.closeTo(85.0511, 3)]);
});

test('the window of tiles lies inside them, a quarter of a tile from their edges', () => {
  const w = windowOf([yiwu, { ...yiwu, x: yiwu.x + 1 }])!;
  const [west, south] = boxOf(yiwu);
  const [, , east, north] = boxOf({ ...yiwu, x: yiwu.x + 1 });
  expect(w.bbox[0]).toBeGreaterThan(west);
  expect(w.bbox[1]).toBeGreaterThan(south);
  expect(w.bbox[2]).toBeLessThan(east);
  expect(w.bbox[3]).toBeLessThan(north);
  expect([w.minzoom, w.maxzoom]).toEqual([14, 14]);
  expect(windowOf([])).toBeUndefined();
});

test('a box beside a tile does not meet it, one in its buffer does', () => {
  const [w, s, e, n] = boxOf(yiwu);
  const wide = e - w;
  expect(meets(yiwu, [w, s, e, n])).toBe(true);
  expect(meets(yiwu, [e + wide / 100, s, e + wide, n])).toBe(true);
  expect(meets(yiwu, [e + wide / 50, s, e + wide, n])).toBe(false);
});
