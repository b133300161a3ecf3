import { expect, test } from 'vitest';
import { stageOf } from './fences';

test('a fence is in force from its beginning to before its end', () => {
  const f = { valid_from: '2026-11-23T08:00:00Z', valid_to: '2026-11-23T10:00:00Z' };
  const at = (s: string) => stageOf(f, Date.parse(`2026-11-23T${s}Z`));
  expect(at('07:59:59')).toBe('coming');
  expect(at('08:00:00')).toBe('now');
  expect(at('09:59:59')).toBe('now');
  expect(at('10:00:00')).toBe('ended');
  expect(stageOf({ valid_from: '2026-01-01T00:00:00Z' }, Date.now())).toBe('now');
});
