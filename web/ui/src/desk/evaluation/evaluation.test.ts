import { describe, expect, it } from 'vitest';
import { step } from './evaluation';

describe('step', () => {
  it('goes by days and weeks over the end of a month', () => {
    expect(step('2026-03-01', 'day', -1)).toBe('2026-02-28');
    expect(step('2026-12-29', 'week', 1)).toBe('2027-01-05');
  });
  it('stays in the month before where that is shorter', () => {
    expect(step('2026-03-31', 'month', -1)).toBe('2026-02-28');
    expect(step('2026-01-31', 'month', 1)).toBe('2026-02-28');
  });
  it('goes by quarters and years, over the 29th of February', () => {
    expect(step('2026-01-15', 'quarter', -1)).toBe('2025-10-15');
    expect(step('2028-02-29', 'year', -1)).toBe('2027-02-28');
  });
});
