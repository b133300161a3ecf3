import { expect, test } from 'vitest';
import { condition, dayOf, endOf, lineOf, type Hazard, type Table } from './hazards';

const now = new Date('2026-11-23T08:00:00.500Z');

test('the level and the clock become one condition', () => {
  expect(condition({ level: '', due: '' }, now)).toBe('');
  expect(condition({ level: 'major', due: 'over' }, now)).toBe("level = 'major' AND due_at < TIMESTAMP('2026-11-23T08:00:00Z')");
  expect(condition({ level: '', due: 'soon' }, now)).toBe("warn_at <= TIMESTAMP('2026-11-23T08:00:00Z') AND due_at >= TIMESTAMP('2026-11-23T08:00:00Z')");
});

test('of two lines for an action that of the hazard’s level is taken', () => {
  const extend = (by: string, guard: string) => ({ action: 'extend', from: ['rectifying'], by: [by], guards: [{ name: guard, says: '' }] });
  const t: Table = { states: [], transitions: [extend('department_officer', 'is_general'), extend('command_centre', 'is_major')] };
  const by = (level: string, state = 'rectifying') => lineOf(t, { level, state } as Hazard, 'extend')?.by[0];
  expect(by('general')).toBe('department_officer');
  expect(by('major')).toBe('command_centre');
  expect(by('major', 'found')).toBeUndefined();
});

test('a term ends with its day', () => {
  const end = new Date(endOf('2026-12-01'));
  expect([end.getHours(), end.getMinutes(), end.getSeconds()]).toEqual([23, 59, 59]);
  expect(dayOf(end)).toBe('2026-12-01');
});
