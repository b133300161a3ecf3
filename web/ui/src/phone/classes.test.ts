import { expect, test } from 'vitest';
import type { ClassOf } from '../api/api';
import { findClasses, frequentClasses } from './classes';

const of = (code: string, name_zh: string, name_en: string, initials: string) =>
  ({ code, name_zh, name_en, initials, major: code.slice(0, 2), major_zh: '市政公用设施', major_en: 'Municipal utilities', standard: 'GB/T 47678.5-2026', kind: 'matter', severity: 2, dept: '', certainty: 'sourced', extension: false, in_use: true, active: true, version: 1 }) satisfies ClassOf;

const all: ClassOf[] = [of('01001', '供水井盖异常', 'Water supply manhole cover: defect', 'gsjgyc'), of('01002', '污水井盖异常', 'Sewer manhole cover: defect', 'wsjgyc'), of('06010', '暴露垃圾', 'Exposed rubbish', 'bllj')];
const codes = (q: string) => findClasses(all, q).map((c) => c.code);

test.each([
  ['井盖', ['01001', '01002']],
  ['污水', ['01002']],
  ['bllj', ['06010']],
  ['WSJG', ['01002']],
  ['manhole sewer', ['01002']],
  ['0100', ['01001', '01002']],
  ['06010', ['06010']],
  ['市政', ['01001', '01002', '06010']],
  ['  ', []],
  ['无此类', []],
])('%s', (q, want) => expect(codes(q)).toEqual(want));

test('own classes stand before the usual ones, once', () => {
  expect(frequentClasses(all, { '01001': 5, '06010': 1 }).map((c) => c.code)).toEqual(['01001', '06010', '01002']);
});
