import { expect, test } from 'vitest';
import { noProposal, planOf, proposalOf, wrongIn, yuan } from './plan';

test.each([
  ['', undefined],
  ['1200', 1200],
  ['1,200.50 元', 1200.5],
  ['１２００', 1200],
  ['3万', NaN],
  ['-1', NaN],
  ['1e5', NaN],
])('%s yuan', (text, want) => expect(yuan(text)).toEqual(want));

test('a proposal goes as its five parts, what is empty is left out, and it comes back into the form', () => {
  expect(planOf(noProposal())).toBeUndefined();
  const p = { measure: ' 换锁 ', responsible: '店长', money: '300', term: '2026-12-31', contingency: '' };
  const b = planOf(p)!;
  expect(b).toMatchObject({ measure: '换锁', responsible: '店长', money_yuan: 300 });
  expect(b).not.toHaveProperty('contingency');
  expect(Date.parse(String(b.term))).toBe(Date.parse('2026-12-31T23:59:59'));
  expect(proposalOf(b)).toEqual({ ...p, measure: '换锁' });
});

test('an amount that is none and a day that is past are said', () => {
  const now = Date.parse('2026-11-22T12:00:00');
  expect(wrongIn({ ...noProposal(), money: 'viel', term: '2026-11-21' }, now)).toEqual(['money', 'term']);
  expect(wrongIn({ ...noProposal(), money: '5', term: '2026-11-22' }, now)).toEqual([]);
  expect(wrongIn({ ...noProposal(), term: '2036-11-22' }, now)).toEqual(['term']);
});
