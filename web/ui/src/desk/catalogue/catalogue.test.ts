import { describe, expect, it } from 'vitest';
import { exportAddress, kindOf, nothing, params, sent, toggled } from './catalogue';

describe('the catalogue', () => {
  it('takes a value of a facet in and out again', () => {
    const one = toggled(nothing, 'share', 'none');
    expect(one.chosen).toEqual({ share: ['none'] });
    expect(toggled(toggled(one, 'share', 'conditional'), 'share', 'none').chosen).toEqual({ share: ['conditional'] });
    expect(nothing.chosen).toEqual({});
  });
  it('asks the server by its names', () => {
    const p = params({ ...nothing, q: ' 路灯 ', chosen: { format: ['database', 'image'], class: ['301'] }, withdrawn: true });
    expect(p).toMatchObject({ q: '路灯', format_of: ['database', 'image'], class: ['301'], withdrawn: true });
    expect(p.drafts).toBeUndefined();
  });
  it('exports what is shown', () => {
    expect(exportAddress({ ...nothing, q: '路灯', chosen: { share: ['none', 'conditional'] } }, 'csv', 'en')).toBe('/api/v1/catalogue/export?q=%E8%B7%AF%E7%81%AF&share=none%2Cconditional&format=csv&lang=en');
    expect(exportAddress(nothing, 'jsonld', 'zh')).toBe('/api/v1/catalogue.jsonld?');
  });
  it('knows files by their names', () => {
    expect([kindOf('目录.XLSX'), kindOf('a.b.csv'), kindOf('x.jsonld'), kindOf('x.json'), kindOf('x.xls'), kindOf('x')]).toEqual(['xlsx', 'csv', 'jsonld', 'jsonld', undefined, undefined]);
  });
  it('leaves out what is empty', () => {
    expect(sent({ name_zh: '甲', name_en: '', area_code: '', related: [] })).toEqual({ name_zh: '甲', related: [] });
  });
});
