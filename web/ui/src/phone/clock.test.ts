import { expect, test } from 'vitest';
import { Clock, happened, light, withOffset } from './clock';

const minute = 60_000;

test('learns from the quickest answer, and notices that the clock was set', () => {
  const c = new Clock();
  expect(c.wrong).toBe(false);
  // The server is ten minutes ahead: a slow answer says it roughly, a quick one well.
  expect(c.hear(1_000_000 + 10 * minute, 1_000_000, 1_008_000)).toBe(true);
  c.hear(1_020_000 + 10 * minute, 1_020_000, 1_020_200);
  expect(Math.abs(c.skew! - 10 * minute)).toBeLessThan(700);
  c.hear(1_040_000 + 10 * minute, 1_040_000, 1_049_000); // slow: tells less
  expect(Math.abs(c.skew! - 10 * minute)).toBeLessThan(700);
  // The worker sets the clock.
  expect(c.hear(1_060_000 + 10 * minute, 1_060_000 + 10 * minute, 1_060_300 + 10 * minute)).toBe(true);
  expect(c.wrong).toBe(false);
});

test('an answer without a date, or one that came before it was asked for, says nothing', () => {
  const c = new Clock();
  c.hear(NaN, 0, 10);
  c.hear(0, 10, 0);
  expect(c.skew).toBeUndefined();
});

test.each([
  ['a right clock is believed', 1000 * minute, 500, 500, 1000 * minute, 1000 * minute],
  ['a slow one is put right', 1000 * minute, 60 * minute, 60 * minute, 1001 * minute, 1060 * minute],
  ['a fast one is put right', 1000 * minute, -60 * minute, -60 * minute, 1001 * minute, 940 * minute],
  ['what was not known then is known now', 1000 * minute, undefined, 60 * minute, 1001 * minute, 1060 * minute],
  ['set right since: what was known then counts', 1000 * minute, 60 * minute, 0, 1061 * minute, 1060 * minute],
  ['set back since: nothing is later than now', 1000 * minute, 0, 0, 900 * minute, 900 * minute],
])('%s', (_, made, then, now, at, want) => expect(happened(made, then, now, at)).toBe(want));

test.each([
  [480, '2026-11-22T16:05:09+08:00'],
  [0, '2026-11-22T08:05:09+00:00'],
  [-210, '2026-11-22T04:35:09-03:30'],
])('an instant with an offset of %i minutes', (offset, want) => {
  const s = withOffset(Date.parse('2026-11-22T08:05:09Z'), offset);
  expect(s).toBe(want);
  expect(Date.parse(s)).toBe(Date.parse('2026-11-22T08:05:09Z'));
});

test.each([
  [undefined, undefined, ''],
  ['2026-11-22T10:00:00Z', '2026-11-22T12:00:00Z', 'green'],
  ['2026-11-22T08:00:00Z', '2026-11-22T12:00:00Z', 'yellow'],
  ['2026-11-22T06:00:00Z', '2026-11-22T08:00:00Z', 'red'],
])('warned at %s, due at %s', (warn, due, want) => expect(light(warn, due, Date.parse('2026-11-22T09:00:00Z'))).toBe(want));
