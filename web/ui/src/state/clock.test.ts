import { expect, test } from 'vitest';
import { byDue, leftOf, lightOf } from './clock';

const at = (s: string) => Date.parse(`2026-11-22T${s}Z`);
const c = { warn_at: '2026-11-22T10:00:00Z', due_at: '2026-11-22T11:00:00Z' };

test('a clock is green before 80 %, yellow up to the limit itself, red after', () => {
  expect(lightOf(c, at('09:59:59'))).toBe('green');
  expect(lightOf(c, at('10:00:00'))).toBe('yellow');
  expect(lightOf(c, at('11:00:00'))).toBe('yellow');
  expect(lightOf(c, at('11:00:01'))).toBe('red');
  expect(lightOf({}, at('11:00:01'))).toBeUndefined();
});

test('what is left goes below nothing', () => {
  expect(leftOf(c, at('10:30:00'))).toBe(1800);
  expect(leftOf(c, at('11:30:00'))).toBe(-1800);
});

test('what is due first comes first, what has no clock last and newest first', () => {
  const list = [{ id: 1 }, { id: 2, due_at: '2026-11-22T12:00:00Z' }, { id: 3 }, { id: 4, due_at: '2026-11-22T11:00:00Z' }];
  expect(list.toSorted(byDue).map((i) => i.id)).toEqual([4, 2, 3, 1]);
});
