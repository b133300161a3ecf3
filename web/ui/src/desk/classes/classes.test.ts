import { expect, test } from 'vitest';
import { differences, nextCondition } from './classes';

test('a change says what it made another, and nothing else', () => {
  expect(differences({ a: 1, limit: { n: 2, unit: 'working_day' } }, { a: 1, limit: { n: 3, unit: 'working_day' } })).toEqual([
    { field: 'limit', was: { n: 2, unit: 'working_day' }, is: { n: 3, unit: 'working_day' } },
  ]);
  expect(differences(undefined, { a: 1 })).toEqual([{ field: 'a', was: undefined, is: 1 }]);
  expect(differences({ a: null }, {})).toEqual([]);
});

test('a new condition gets the first number that is free', () => {
  expect(nextCondition([])).toBe('1');
  expect(nextCondition([{ code: '01' }, { code: '3' }])).toBe('2');
});
