import { describe, expect, it } from 'vitest';
import { light, percent } from './quality';

describe('percent', () => {
  it('is never whole where something fails', () => {
    expect(percent(999_999, 1_000_000)).toBe('>99.99%');
    expect(percent(9_995, 10_000)).toBe('99.95%');
    expect(percent(10, 10)).toBe('100%');
  });
  it('is never nothing where something is right', () => {
    expect(percent(1, 1_000_000)).toBe('<0.01%');
    expect(percent(0, 7)).toBe('0%');
  });
  it('says nothing of nothing', () => expect(percent(0, 0)).toBe('–'));
});

describe('light', () => {
  const due = '2026-11-23T02:00:00Z';
  it('is red after the deadline, yellow once reminded', () => {
    expect(light({ due_at: due }, Date.parse(due) + 1)).toBe('red');
    expect(light({ due_at: due, escalation: 1 }, Date.parse(due) - 1)).toBe('yellow');
    expect(light({ due_at: due }, Date.parse(due) - 1)).toBe('green');
    expect(light({}, 0)).toBe('none');
  });
});
