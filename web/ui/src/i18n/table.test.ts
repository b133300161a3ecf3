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

test('every word is said somewhere: by its name, or by one that a page puts together', () => {
  const files = import.meta.glob<string>(['../**/*.{svelte,ts}', '!../**/*.test.ts', '!./table.ts', '!./words/*.ts', '!../api/types.ts'], { query: '?raw', import: 'default', eager: true });
  const source = Object.values(files).join('\n');
  const all = (re: RegExp) => [...source.matchAll(re)].map((m) => m[1]!);
  const named = new Set(all(/['"`]([\w-]+(?:\.[\w-]+)+)['"`]/g));
  // tt('state', …) and t(`m.part.${…}`)
  const begun = [...all(/\btt\(\s*['"`]([\w.-]+)['"`]/g).map((p) => `${p}.`), ...all(/`([\w-]+(?:\.[\w-]+)*\.)\$\{/g)];
  expect(Object.keys(table).filter((k) => !named.has(k) && !begun.some((p) => k.startsWith(p)))).toEqual([]);
});
