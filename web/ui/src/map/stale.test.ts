import { expect, test } from 'vitest';
import { CALM_MS, StaleTiles, tileOf } from './stale';

const a = { z: 14, x: 1, y: 2 };
const b = { z: 14, x: 1, y: 3 };

test('a stale tile is loaded at once, and asked for as new as the message', () => {
  const s = new StaleTiles();
  s.mark('asset', [a, b], '1.1.C');
  expect([...s.due(1000)]).toEqual([['asset', [a, b]]]);
  expect(s.asked('asset', a)).toBe('1.1.C');
  expect(s.asked('base', a)).toBe('');
  s.came('asset', a);
  expect(s.asked('asset', a)).toBe(''); // the next time it is asked for as any
});

test('one that changes all the time is loaded every half second', () => {
  const s = new StaleTiles();
  let loads = 0;
  for (let now = 0; now < 5000; now += 25) {
    s.mark('asset', [a], String(now));
    for (const [source, tiles] of s.due(now))
      for (const t of tiles) {
        loads++;
        expect(s.asked(source, t)).toBe(String(now));
        s.came(source, t);
      }
  }
  expect(loads).toBe(5000 / CALM_MS);
  expect(s.wait(5000)).toBe(0); // the last change waits for its turn
});

test('what changes while it is loaded is loaded again, after it has come', () => {
  const s = new StaleTiles();
  s.asked('asset', a); // the map opens it
  s.mark('asset', [a], '1.1.C'); // meanwhile it changes
  expect(s.due(0).size).toBe(0);
  expect(s.wait(0)).toBeUndefined();
  s.came('asset', a);
  expect([...s.due(10)]).toEqual([['asset', [a]]]);
  expect(s.asked('asset', a)).toBe('1.1.C');
  s.mark('asset', [a], '1.1.D'); // and once more
  expect(s.due(CALM_MS * 2).size).toBe(0);
  expect(s.awaits('asset')).toBe(true);
  s.allCame('asset');
  expect(s.awaits('asset')).toBe(false);
  expect([...s.due(CALM_MS * 2)]).toEqual([['asset', [a]]]);
});

test('what is no longer open is forgotten', () => {
  const s = new StaleTiles();
  s.mark('asset', [a, b], '');
  s.mark('base', [a], '');
  s.keep('asset', (t) => t === b);
  expect([...s.due(0)]).toEqual([
    ['asset', [b]],
    ['base', [a]],
  ]);
});

test('ids are read as the server writes them', () => {
  expect(tileOf('14/13656/6795')).toEqual({ z: 14, x: 13656, y: 6795 });
  expect(tileOf('14/13656')).toBeUndefined();
});
