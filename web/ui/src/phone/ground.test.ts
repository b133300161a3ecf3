import type { Geometry } from 'geojson';
import { expect, test } from 'vitest';
import { boxOf, circle, far, holds, metres } from './ground';

/** A square with a hole, and an island: 0…4 with 1…2 cut out; 10…11. */
const area: Geometry = {
  type: 'MultiPolygon',
  coordinates: [
    [
      [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]],
      [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]],
    ],
    [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]],
  ],
};

test.each([
  ['inside', [3, 3], true],
  ['in the hole', [1.5, 1.5], false],
  ['in the island', [10.5, 10.5], true],
  ['between', [7, 7], false],
  ['level with corners', [-1, 4], false],
] as const)('%s', (_, at, want) => expect(holds(area, at)).toBe(want));

test('a line holds nothing', () => expect(holds({ type: 'LineString', coordinates: [[0, 0], [2, 2]] }, [1, 1])).toBe(false));

test('the box around areas', () => {
  expect(boxOf([area])).toEqual([0, 0, 11, 11]);
  expect(boxOf([])).toBeUndefined();
});

test('a circle is as far away on every side as it says', () => {
  const at = [120, 29.3] as const;
  for (const p of circle(at, 50).coordinates[0]!) expect(metres(at, p as [number, number])).toBeCloseTo(50, 1);
});

test.each([
  [3, '5 m'],
  [37, '35 m'],
  [994, '995 m'],
  [1240, '1.2 km'],
  [12_400, '12 km'],
])('%i metres', (m, want) => expect(far(m)).toBe(want));
