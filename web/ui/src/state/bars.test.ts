import { expect, test } from 'vitest';
import { allBars, bars, endOf, nice } from './bars';

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

test('all of nine years are months of the calendar; a few wrong dates are summed apart', () => {
  const counts = [{ key: '1900-01-01', n: 6 }];
  for (let m = 0; m < 105; m++) counts.push({ key: new Date(Date.UTC(2008, m, 15)).toISOString().slice(0, 10), n: 4000 });
  const all = allBars(counts, end);
  expect(all.unit).toBe('month');
  expect(all.earlier).toBe(6);
  expect(all.bars).toHaveLength(105);
  expect(new Date(all.bars[0]!.from).toISOString()).toBe('2008-01-01T00:00:00.000Z');
  expect(all.bars.every((b) => b.n === 4000)).toBe(true);
});

test('what is early but much is not summed apart', () => {
  const all = allBars([{ key: '1990-05-01', n: 50 }, { key: '2016-09-30', n: 50 }], end);
  expect(all).toMatchObject({ unit: 'quarter', earlier: 0 });
  expect([all.bars[0]!.n, all.bars.at(-1)!.n]).toEqual([50, 50]);
});

test('all of a few hours is one day; of nothing, nothing', () => {
  expect(allBars([{ key: '2026-11-22T10:00:00Z', n: 3 }, { key: '2026-11-22T11:00:00Z', n: 4 }], end)).toEqual({ bars: [{ from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23), n: 7 }], unit: 'day', earlier: 0 });
  expect(allBars([], end).bars).toEqual([]);
});

test('weeks begin on Monday', () => {
  const all = allBars([{ key: '2026-01-01', n: 1 }, { key: '2026-11-20', n: 1 }], end);
  expect(all.unit).toBe('week');
  expect(new Date(all.bars[0]!.from).getUTCDay()).toBe(1);
});

test('spans of days end at midnight of UTC, as the server counts them', () => {
  expect(endOf('24h', end - 1)).toBe(end);
  expect(endOf('30d', end)).toBe(Date.UTC(2026, 10, 23));
});
