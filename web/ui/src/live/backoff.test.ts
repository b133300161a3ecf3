import { expect, test } from 'vitest';
import { backoff } from './backoff';

test('doubles from half a second', () => {
  expect([0, 1, 2].map((n) => backoff(n, 0.999999))).toEqual([
    expect.closeTo(500, 2),
    expect.closeTo(1000, 2),
    expect.closeTo(2000, 2),
  ]);
});

test('never waits longer than 30 s, never less than half of its step', () => {
  expect(backoff(50, 0.999999)).toBeLessThanOrEqual(30_000);
  expect(backoff(50, 0)).toBe(15_000);
});
