import { expect, test } from 'vitest';
import { table } from './table';

const holes = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test('both languages are complete and take the same values', () => {
  for (const [key, [zh, en]] of Object.entries(table)) {
    expect(zh, key).not.toBe('');
    expect(en, key).not.toBe('');
    expect(holes(zh), key).toEqual(holes(en));
  }
});

test('the English side holds no Chinese', () => {
  for (const [key, [, en]] of Object.entries(table)) if (key !== 'nav.language') expect(en, key).not.toMatch(/[\u4e00-\u9fff]/);
});
