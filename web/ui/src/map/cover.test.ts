import { expect, test } from 'vitest';
import { tileAt, tilesIn } from './cover';

test.each([
  ['all of China is 1/1/0', [120.07, 29.3], 1, { z: 1, x: 1, y: 0 }],
  ['the antimeridian belongs to the last column', [180, 0], 2, { z: 2, x: 3, y: 2 }],
  ['the pole belongs to the first row', [0, 90], 3, { z: 3, x: 4, y: 0 }],
  ['Yiwu at zoom 14', [120.0745, 29.3069], 14, { z: 14, x: 13656, y: 6795 }],
] as const)('%s', (_, at, z, want) => {
  expect(tileAt(at, z)).toEqual(want);
});

test('a box is covered by rows and columns, a large one by undefined', () => {
  expect(tilesIn([0.1, 0.1, 0.1, 0.1], 5)).toEqual([tileAt([0.1, 0.1], 5)]);
  expect(tilesIn([-1, -1, 1, 1], 8)!.length).toBe(4);
  expect(tilesIn([-180, -80, 180, 80], 10)).toBeUndefined();
});
