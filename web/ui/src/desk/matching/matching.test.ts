import { expect, test } from 'vitest';
import { apart, guess } from './matching';

test('what two names do not share is marked', () => {
  expect(apart('义乌市宏达饰品有限公司', '宏达饰品')).toEqual([
    { text: '义乌市', shared: false },
    { text: '宏达饰品', shared: true },
    { text: '有限公司', shared: false },
  ]);
  expect(apart('宏达', '宏达')).toEqual([{ text: '宏达', shared: true }]);
  expect(apart('ABC', 'abd')).toEqual([
    { text: 'AB', shared: true },
    { text: 'C', shared: false },
  ]);
  expect(apart('', 'x')).toEqual([]);
  expect(apart('宾王路223号', '')).toEqual([{ text: '宾王路223号', shared: true }]);
});

test('roles are guessed by the names and titles of fields', () => {
  const layer = { fields: [{ name: 'grid_code', title_zh: '网格编码' }, { name: 'dwmc', title_zh: '单位名称' }, { name: 'uscc', title_zh: '代码' }] } as unknown as Parameters<typeof guess>[0];
  expect(guess(layer, 'name')).toBe('dwmc');
  expect(guess(layer, 'code')).toBe('uscc');
  expect(guess(layer, 'address')).toBe('');
});
