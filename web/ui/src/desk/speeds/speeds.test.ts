import { expect, test } from 'vitest';
import { becomes, choices, type Speed } from './speeds';

const line = (change: Partial<Speed>): Speed => ({ mode: 'car', class: 'primary', days: 'workday', from: 7, to: 9, factor: 0.6, ...change });
const classes = [{ class: 'primary', km: 12, kmh: 50 }, { class: 'residential', km: 80, kmh: 25 }];

test('a line says how fast its class is then', () => {
  expect(becomes(line({}), classes)).toBe(30);
  expect(becomes(line({ class: '' }), classes)).toBeUndefined();
  expect(becomes(line({ class: 'motorway' }), classes)).toBeUndefined();
  expect(becomes(line({ factor: Number.NaN }), classes)).toBeUndefined();
});

test('classes of the city come first, then those that lines are of', () => {
  expect(choices({ classes, speeds: [line({ class: '' }), line({ class: 'motorway' }), line({})] })).toEqual(['primary', 'residential', 'motorway']);
});
