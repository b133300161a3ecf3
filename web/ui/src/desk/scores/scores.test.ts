import { expect, it } from 'vitest';
import { pageOf } from './scores';

it('leads to what is behind a number', () => {
  expect(pageOf('request/42')).toBe('/desk?p=requests&tab=provided&r=42');
  expect(pageOf('resource/103001/000007')).toBe('/desk?p=catalogue&r=103001%2F000007');
  expect(pageOf('rule/3')).toBeUndefined();
});
