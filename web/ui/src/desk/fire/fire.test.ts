import { expect, test } from 'vitest';
import { byDay, latest, type Line, type Run } from './fire';

const line = (n: number, on_day: string, unit_name: string, stop: number) => ({ n, on_day, unit_name, stop }) as Line;

test('lines stand by day, unit and stop', () => {
  const got = byDay([line(1, '2026-03-05', 'B', 2), line(2, '2026-03-06', 'A', 1), line(3, '2026-03-05', 'A', 1), line(4, '2026-03-05', 'B', 1)]);
  expect(got.map((g) => `${g.day} ${g.unit} ${g.lines.map((x) => x.n).join()}`)).toEqual(['2026-03-05 A 3', '2026-03-05 B 4,1', '2026-03-06 A 2']);
});

test('a run that is being made stands beside the last that is over', () => {
  const run = (id: number, kind: string, state: string) => ({ id, kind, state }) as Run;
  const got = latest([run(4, 'building', 'done'), run(3, 'enterprise', 'running'), run(2, 'enterprise', 'withheld'), run(1, 'enterprise', 'done')], 'enterprise');
  expect([got.over?.id, got.making?.id]).toEqual([2, 3]);
  expect(latest([], 'building')).toEqual({});
});
