import { expect, test } from 'vitest';
import { flip, isWeekend, weeks } from './calendar';

test('a month in weeks from Monday', () => {
  const w = weeks(2026, 11); // the 1st is a Sunday
  expect(w[0]).toEqual(['', '', '', '', '', '', '2026-11-01']);
  expect(w).toHaveLength(6);
  expect(w[5]).toEqual(['2026-11-30', '', '', '', '', '', '']);
  expect(weeks(2028, 2).flat().filter(Boolean)).toHaveLength(29);
});

test('a click makes a weekday a holiday, a Sunday a working day, and takes either back', () => {
  expect(isWeekend('2026-11-22')).toBe(true);
  const one = flip([], '2026-11-23', '', '');
  expect(one).toEqual([{ day: '2026-11-23', working: false }]);
  const two = flip(one, '2026-11-22', '调休', 'x');
  expect(two.map((d) => [d.day, d.working])).toEqual([['2026-11-22', true], ['2026-11-23', false]]);
  expect(flip(two, '2026-11-23', '', '')).toEqual([{ day: '2026-11-22', working: true, name: '调休', source: 'x' }]);
});
