import { expect, test } from 'vitest';
import { classesOf } from './counted';

test('classes come by how many, then by code; what has none is counted too', () => {
  expect(classesOf({ count: 10, 'class:b': 2, 'class:a': 2, 'class:c': 5 })).toEqual({
    total: 10,
    classes: [
      { code: 'c', n: 5 },
      { code: 'a', n: 2 },
      { code: 'b', n: 2 },
    ],
    without: 1,
  });
});

test('who may not see the class sees the count alone', () => {
  expect(classesOf({ count: 7 })).toEqual({ total: 7, classes: [], without: 0 });
});
