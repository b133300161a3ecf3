import { expect, test } from 'vitest';
import { waitsFor } from './waiting';

const c = (state: string, dept_code = '', pending?: string) => ({ state, dept_code, pending }) as Parameters<typeof waitsFor>[0];

test('each post sees its own turn', () => {
  expect(waitsFor(c('reported'), ['acceptor'], 'centre')).toBe(true);
  expect(waitsFor(c('registered'), ['acceptor'], 'centre')).toBe(false);
  expect(waitsFor(c('registered'), ['shift_leader'], 'centre')).toBe(true);
  expect(waitsFor(c('returned'), ['dispatcher'], 'centre')).toBe(true);
  expect(waitsFor(c('disputed'), ['dispatcher'], 'centre')).toBe(false);
  expect(waitsFor(c('disputed'), ['command_centre'], 'centre')).toBe(true);
});

test('a department has its own cases to handle, and no others', () => {
  expect(waitsFor(c('dispatched', 'urban'), ['department_officer'], 'urban')).toBe(true);
  expect(waitsFor(c('dispatched', 'water'), ['department_officer'], 'urban')).toBe(false);
});

test('what a department asked for waits for the dispatcher', () => {
  expect(waitsFor(c('handling', 'urban', 'extension'), ['dispatcher'], 'centre')).toBe(true);
});
