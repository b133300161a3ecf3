import { expect, test } from 'vitest';
import { addressOf, digitsOf, groupsOf, hourOfWeek, linkOf, outerStep, stepped, type Trainable } from './forecast';

test('a link is a view, and reads back as it was', () => {
  for (const l of [
    { run: 12, view: 'now', cell: 0, beside: 0, hour: 0 },
    { run: 12, view: 'compare', cell: undefined, beside: 11, hour: 0 },
    { run: 12, view: 'week', cell: 7, beside: 0, hour: 167 },
  ] as const)
    expect(linkOf(addressOf(l).split('?')[1]!)).toEqual(l);
  expect(linkOf('p=forecast&run=-3&view=x&cell=1e9&hour=999')).toEqual({ run: 0, view: 'now', cell: undefined, beside: 0, hour: 167 });
  expect(addressOf(linkOf('p=forecast'))).toBe('/desk?p=forecast');
});

test('hours of the week are those of the city, and go round', () => {
  expect(hourOfWeek(new Date('2026-11-22T16:30:00Z'), 'Asia/Shanghai')).toBe(0);
  expect(hourOfWeek(new Date('2026-11-22T15:30:00Z'), 'Asia/Shanghai')).toBe(167);
  expect(stepped(167, 1)).toBe(0);
  expect(stepped(3, -24)).toBe(147);
});

test('police before fire before the rest, each by major class', () => {
  const c = (code: string, major: string) => ({ code, major_zh: major, major_en: major }) as Trainable;
  const got = groupsOf([c('01002', 'a'), c('119-101', 'f'), c('110-101', 'p'), c('110-201', 'q'), c('110-102', 'p')]);
  expect(got.map((g) => [g.of, g.title.zh, g.classes.length])).toEqual([
    ['police', 'p', 2],
    ['police', 'q', 1],
    ['fire', 'f', 1],
    ['city', 'a', 1],
  ]);
});

test('small expectations keep their digits, and the scale of differences is round', () => {
  expect([0.004, 0.12, 3.4, 34, 120].map(digitsOf)).toEqual([3, 2, 2, 1, 0]);
  expect([0.034, 0.7, 2.1, 0].map(outerStep)).toEqual([0.02, 0.5, 2, 0.01]);
});
