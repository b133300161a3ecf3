import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { offline } from '../api/problem';
import { openStore } from './store';
import { dropTiles, keepTiles, keptTile, size, tilesOf } from './tiles';

const bytes = (n: number) => new ArrayBuffer(n);
let k = 0;
const store = () => openStore('tiles' + k++);

test('the tiles of a box, whole zooms only', () => {
  const all = tilesOf(['base_road', 'base_water'], [120.07, 29.3, 120.08, 29.31], 12, 16);
  expect(all[0]).toBe('/tiles/base_road,base_water/12/3414/1698.mvt');
  const of = (z: number) => all.filter((a) => a.includes(`/${z}/`)).length;
  expect(of(12)).toBe(2); // the box lies across an edge
  expect(of(16)).toBeGreaterThanOrEqual(4);
  const few = tilesOf(['base_road'], [119, 29, 121, 30], 8, 16, 100);
  expect(few.length).toBeLessThanOrEqual(100);
  expect(few.at(-1)).toContain('/10/');
  expect(tilesOf([], [0, 0, 1, 1], 0, 3)).toEqual([]);
});

test('keeps what is on the list, drops what is not, and one person’s are not another’s', async () => {
  const db = await store();
  const list = ['/tiles/b/1/0/0.mvt', '/tiles/b/2/0/0.mvt'];
  expect(await keepTiles(db, 7, list, async () => bytes(100), 5)).toEqual({ bytes: 200, tiles: 2, at: 5, maxzoom: 2, layers: 'b' });
  await keepTiles(db, 8, list, async () => bytes(1), 5);
  await keepTiles(db, 7, list.slice(0, 1), async () => bytes(90), 6);
  expect((await keptTile(db, 7, list[0]!))?.byteLength).toBe(90);
  expect(await keptTile(db, 7, list[1]!)).toBeUndefined();
  expect((await keptTile(db, 8, list[1]!))?.byteLength).toBe(1);
  await dropTiles(db, 7);
  expect(await keptTile(db, 7, list[0]!)).toBeUndefined();
  expect(await keptTile(db, 8, list[0]!)).toBeDefined();
});

test('the budget ends at the deepest zooms, and is told', async () => {
  const list = ['/tiles/b/3/0/0.mvt', '/tiles/b/1/0/0.mvt', '/tiles/b/2/0/0.mvt'];
  const m = await keepTiles(await store(), 7, list, async () => bytes(100), 5, undefined, 250);
  expect(m).toMatchObject({ partly: 'budget', maxzoom: 2, tiles: 2 });
});

test('a network that breaks off leaves what was there', async () => {
  const db = await store();
  const list = ['/tiles/b/1/0/0.mvt', '/tiles/b/2/0/0.mvt'];
  await keepTiles(db, 7, list, async () => bytes(100), 5);
  const m = await keepTiles(db, 7, list, async () => Promise.reject(offline()), 6);
  expect(m).toMatchObject({ partly: 'network', bytes: 200, tiles: 2, maxzoom: 2 });
});

test.each([
  [0, '1 kB'],
  [640_000, '640 kB'],
  [1_240_000, '1.2 MB'],
  [12_400_000, '12 MB'],
])('%i bytes', (b, want) => expect(size(b)).toBe(want));
