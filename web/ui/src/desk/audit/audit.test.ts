import { expect, test } from 'vitest';
import type { Entry } from '../../api/identity';
import { byDay, queryOf } from './audit';

const empty = { q: '', login: '', org: '', action: '', object: '', result: '', address: '', from: '', to: '' };

test('an empty form asks for all', () => expect(queryOf(empty)).toEqual({}));

test('times are sent as UTC, blanks are left out', () => {
  const q = queryOf({ ...empty, login: ' li.na ', from: '2026-11-23T08:00', q: '  ' });
  expect(q).toEqual({ login: 'li.na', from: new Date('2026-11-23T08:00').toISOString() });
});

test('a day begins where the clock of the browser has it', () => {
  const e = (at: Date) => ({ at: at.toISOString() }) as Entry;
  const days = byDay([e(new Date(2026, 10, 23, 0, 1)), e(new Date(2026, 10, 22, 23, 59)), e(new Date(2026, 10, 22, 8, 0))]);
  expect(days.map(([, list]) => list.length)).toEqual([1, 2]);
});
