import { describe, expect, it } from 'vitest';
import { codes, cut, dayOf, until } from './requests';

describe('terms of a grant', () => {
  const asked = { items: ['name', 'risk', 'uscc'], area_code: '330782001', grids: ['D1', 'D2'], ends_at: '2027-03-01T10:00:00Z' };
  const whole = { items: asked.items, area: '330782001', grids: 'D1, D2', end: dayOf(new Date(asked.ends_at)) };

  it('sends nothing of what is as it was asked', () => {
    expect(cut(asked, whole)).toEqual({});
  });
  it('sends what is cut', () => {
    expect(cut(asked, { ...whole, items: ['name'], grids: 'D1' })).toEqual({ items: ['name'], grids: ['D1'] });
    expect(cut(asked, { ...whole, area: '330782001002' })).toEqual({ area_code: '330782001002' });
    expect(cut(asked, { ...whole, end: '2027-01-31' }).ends_at).toBe(until('2027-01-31'));
  });
  it('does not make the last day longer than was asked', () => {
    expect(until(dayOf(new Date(asked.ends_at)), asked.ends_at)).toBe(asked.ends_at);
  });
  it('reads codes however they are separated', () => {
    expect(codes(' D1，D2 D3、D4;')).toEqual(['D1', 'D2', 'D3', 'D4']);
  });
});
