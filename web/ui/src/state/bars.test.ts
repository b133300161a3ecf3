import { expect, test } from 'vitest';
import { bars, nice } from './bars';

const end = Date.UTC(2026, 10, 22, 12);

test('hours without incidents are bars of nothing; what is outside is left out', () => {
  const b = bars([{ key: '2026-11-22T10:00:00Z', n: 3 }, { key: '2026-11-20T10:00:00Z', n: 9 }, { key: '2026-11-22T12:00:00Z', n: 9 }], end, 3, 1);
  expect(b.map((x) => x.n)).toEqual([0, 3, 0]);
});

test('hours are summed into wider bars', () => {
  const b = bars([{ key: '2026-11-22T10:00:00Z', n: 3 }, { key: '2026-11-22T11:00:00Z', n: 4 }], end, 12, 6);
  expect(b.map((x) => x.n)).toEqual([0, 7]);
});

test.each([
  [0, 5],
  [6, 10],
  [11, 20],
  [100, 100],
  [101, 200],
])('the axis of %d ends at %d', (n, want) => expect(nice(n)).toBe(want));
