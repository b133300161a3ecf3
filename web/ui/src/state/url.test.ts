import { expect, test } from 'vitest';
import type { Incident } from '../api/model';
import { everything, narrowing, passes } from './filter';
import { format, parse, start, type Place } from './url';

test('a plain page has a plain address', () => expect(format(start)).toBe(''));

test('what a link holds comes back', () => {
  const p: Place = {
    subject: 'population',
    plus: ['grid_unit'],
    minus: ['worker'],
    filter: { open: false, classes: ['01001', '06010'], grid: '330782', severities: [1, 2], states: ['filed'], from: Date.UTC(2026, 10, 22, 8), to: Date.UTC(2026, 10, 22, 9, 30) },
    span: 'all',
    incident: 42,
    look: { zoom: 14.25, at: [120.0745, 29.30689] },
    hour: Date.UTC(2026, 10, 22, 8),
  };
  expect(parse(format(p))).toEqual(p);
});

test.each(['?v=99/1/1', '?v=1/200/1', '?v=a/b/c', '?i=-1', '?i=x', '?s=nothing', '?from=yesterday', '?sev=9,x', '?grid=<script>', '?state=A1', '?t=3y'])(
  'nonsense is left out: %s',
  (q) => expect(format(parse(q))).toBe(''),
);

const i = { id: 1, class_code: '01001', grid_code: '330782001001001', severity: 2, state: 'filed', occurred_at: '2026-11-22T08:00:00Z' } as Incident;

test.each([
  ['all', {}, true],
  ['closed are not open', { state: 'closed' }, false],
  ['grid by prefix', { f: { grid: '330782001' } }, true],
  ['another grid', { f: { grid: '330783' } }, false],
  ['severity', { f: { severities: [1] } }, false],
  ['class', { f: { classes: ['01001'] } }, true],
  ['from is inside', { f: { from: Date.parse('2026-11-22T08:00:00Z') } }, true],
  ['to is outside', { f: { to: Date.parse('2026-11-22T08:00:00Z') } }, false],
] as const)('filter: %s', (_, o, want) => {
  const { f = {}, ...rest } = o as { f?: object; state?: Incident['state'] };
  expect(passes({ ...everything, ...f }, { ...i, ...rest })).toBe(want);
});

test('a state that may not be seen shuts nothing out of the open list', () => {
  expect(passes(everything, { ...i, state: '' })).toBe(true);
});

test('counts what narrows', () => expect(narrowing({ ...everything, grid: '33', severities: [1] })).toBe(2));
