import { describe, expect, it } from 'vitest';
import { areaRows, same, type Area, type Stand } from './posts';

const area = (code: string, covered: number, demand = 10): Area => ({ code, name_zh: code, name_en: code, demand, covered, mean_s: 60, reached: 1 });
const stand = (lon: number, units = 1): Stand => ({ key: `${lon}`, name: '', lon, lat: 30, units, fixed: false });

describe('areas beside what they had', () => {
  it('puts who loses most first, and who gains last', () => {
    const rows = areaRows([area('a', 0.9), area('b', 0.1, 100), area('c', 0.5), area('d', 0.2)], [area('a', 0.5), area('b', 0.3, 100), area('c', 0.5), area('d', 0.4)]);
    expect(rows.map((r) => r.code)).toEqual(['b', 'd', 'c', 'a']);
    expect(rows[0]!.before).toBe(0.3);
  });
  it('goes by demand where nothing is compared', () => {
    expect(areaRows([area('a', 0.9, 1), area('b', 0.1, 5)], undefined).map((r) => r.code)).toEqual(['b', 'a']);
  });
});

describe('posts that were moved', () => {
  it('are others when one stands elsewhere, is gone, or has more units', () => {
    expect(same([stand(1), stand(2)], [stand(1), stand(2)])).toBe(true);
    expect(same([stand(1), stand(2)], [stand(1), stand(2.1)])).toBe(false);
    expect(same([stand(1)], [stand(1), stand(2)])).toBe(false);
    expect(same([stand(1, 2)], [stand(1)])).toBe(false);
  });
});
