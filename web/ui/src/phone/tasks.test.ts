import { expect, test } from 'vitest';
import type { ChecklistItem, Task } from './model';
import { fails, open, placeOfTask, sortTasks } from './tasks';

const now = Date.parse('2026-11-22T09:00:00Z');
const at = (h: number) => new Date(now + h * 3_600_000).toISOString();
const task = (id: number, more: Partial<Task>): Task => ({ id, kind: 'verify', state: 'open', title: '', grid_code: '', area_code: '', made_at: at(-5), made_by: 'system', mine: true, version: 1, results: [], allowed_actions: [], ...more });
const here = [120, 29.3] as const;

const tasks = [
  task(1, { lon: 120.001, lat: 29.3, due_at: at(5), warn_at: at(4) }),
  task(2, { lon: 120.01, lat: 29.3, due_at: at(-1), warn_at: at(-2) }),
  task(3, { lon: 120.005, lat: 29.3, due_at: at(1), warn_at: at(-0.5) }),
  task(4, {}),
  task(5, { lon: 120.002, lat: 29.3, due_at: at(3), warn_at: at(2) }),
];

test('by the clock: red, yellow, green by what is due, then what has no limit', () => {
  expect(sortTasks(tasks, 'clock', here, now).map((n) => [n.task.id, n.light])).toEqual([[2, 'red'], [3, 'yellow'], [5, 'green'], [1, 'green'], [4, '']]);
});

test('by distance: the nearest first, what has no place last', () => {
  expect(sortTasks(tasks, 'distance', here, now).map((n) => n.task.id)).toEqual([1, 5, 3, 2, 4]);
  expect(sortTasks(tasks, 'distance', undefined, now).map((n) => n.task.id)).toEqual([2, 3, 5, 1, 4]);
});

test('a patrol is where its nearest point not yet visited is', () => {
  const p = (n: number, lon: number, more = {}) => ({ n, title: '', lon, lat: 29.3, near_m: 50, ...more });
  const patrol = task(6, { kind: 'patrol', lon: 121, lat: 29.3, points: [p(1, 120.0001, { visited_at: at(0) }), p(2, 120.02), p(3, 120.01), p(4, 120.0002, { skipped: 'closed' })] });
  expect(placeOfTask(patrol, here)).toEqual([120.01, 29.3]);
  expect(placeOfTask(patrol)).toEqual([120.02, 29.3]);
});

const item = (more: Partial<ChecklistItem>): ChecklistItem => ({ code: 'a', text_zh: 'x', kind: 'yes_no', required: true, ...more });
test.each([
  [item({}), 'no', true],
  [item({}), 'na', false],
  [item({ kind: 'number', at_least: 2 }), '1', true],
  [item({ kind: 'number', at_least: 2 }), '2', false],
  [item({ kind: 'number', at_most: 5 }), '6.5', true],
  [item({ kind: 'number', at_least: 2 }), '', false],
  [item({ kind: 'text' }), 'no', false],
])('%o answered %s fails: %s', (i, v, want) => expect(fails(i, v)).toBe(want));

test.each([
  [item({}), '', 0, true],
  [item({}), 'na', 0, false],
  [item({ required: false }), '', 0, false],
  [item({ kind: 'photo' }), '', 0, true],
  [item({ kind: 'photo' }), '', 1, false],
  [item({ kind: 'number', required: false }), 'two', 0, true],
])('%o with %s and %i photos is open: %s', (i, v, n, want) => expect(open(i, v, n)).toBe(want));
