import { expect, test } from 'vitest';
import { boxOf, formOf, settingOf, standing, ways, type Layer, type Rule } from './opendata';

const layer = (more: Partial<Layer> = {}): Layer => ({
  name: 'enterprise', title_zh: '企业', title_en: 'Enterprises', subject: 'enterprise', geometry: 'Point', owner: 'market', share: 'unconditional', share_basis: '', open: true, published: false, ask_reason: false, k_floor: 0,
  fields: [{ name: 'industry', title_zh: '行业', title_en: 'Industry', type: 'text' }, { name: 'risk', title_zh: '风险', title_en: 'Risk', type: 'integer' }], hidden: 3, ...more,
});
const rule = (more: Partial<Rule> = {}): Rule => ({ layer: 'enterprise', as_is: false, fields: ['risk'], cell_m: 500, floor: 3, delay_hours: 24, refresh_hours: 24, revision: 1, current: true, set_by: 'market', set_at: '2026-01-01T00:00:00Z', ...more });

test('a rule comes back from its form as it was', () => {
  for (const r of [rule(), rule({ cell_m: undefined, floor: 1 }), rule({ as_is: true, fields: undefined, cell_m: undefined, floor: undefined, delay_hours: undefined, licence: 'CC BY 4.0' })]) {
    const again = settingOf(layer(), formOf(layer(), r));
    expect(again.as_is).toBe(r.as_is);
    expect(again.cell_m).toBe(r.as_is ? undefined : r.cell_m);
    expect(again.licence).toBe(r.licence);
    if (!r.as_is) expect(again.fields).toEqual(r.fields);
  }
  const shape = layer({ geometry: 'MultiPolygon' });
  expect(settingOf(shape, formOf(shape, rule({ cell_m: undefined, simplify_m: 80, floor: 1 })))).toEqual({ as_is: false, fields: ['risk'], simplify_m: 80, delay_hours: 24, refresh_hours: 24 });
});

test('a new rule begins carefully, in a way that the layer allows', () => {
  expect(settingOf(layer(), formOf(layer(), undefined))).toEqual({ as_is: false, fields: ['industry', 'risk'], cell_m: 500, floor: 3, delay_hours: 24, refresh_hours: 24 });
  expect(ways(layer({ geometry: 'MultiLineString' }))[0]).toBe('simpler');
  expect(ways(layer({ k_floor: 10 }))).toEqual(['whole']);
  expect(ways(layer({ ask_reason: true }))).toEqual(['whole']);
});

test('how a layer stands says what is missing', () => {
  expect(standing(layer({ share: 'conditional' }), undefined, true)).toBe('notshared');
  expect(standing(layer({ open: false }), rule(), true)).toBe('closed');
  expect(standing(layer(), undefined, true)).toBe('norule');
  expect(standing(layer(), rule({ failed: 'x' }), true)).toBe('failed');
  expect(standing(layer(), rule({ current: false }), true)).toBe('making');
  expect(standing(layer(), rule(), false)).toBe('portal');
  expect(standing(layer({ published: true }), rule(), true)).toBe('shown');
});

test('the box is around every shape', () => {
  const f = (geometry: GeoJSON.Geometry) => ({ type: 'Feature' as const, properties: {}, geometry });
  expect(boxOf([])).toBeUndefined();
  expect(boxOf([f({ type: 'Point', coordinates: [120, 29] }), f({ type: 'MultiLineString', coordinates: [[[119, 28], [121, 30]]] })])).toEqual([119, 28, 121, 30]);
});
