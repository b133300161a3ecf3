import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { beforeEach, expect, test } from 'vitest';
import { offline, Problem } from '../api/problem';
import { named, Outbox, type NewHeld, type Send } from './outbox';
import { openStore, type Database } from './store';

let n = 0;
let db: Database;
let box: Outbox;
let log: string[];
let bodies: Record<string, unknown>[];
let answer: (uuid: string) => Promise<unknown>;
let upload: () => Promise<{ id: string }>;
let person: number | undefined;
let skew: number | undefined;

const boxOn = (d: Database) =>
  new Outbox(
    d,
    {
      send: (uuid: string, s: Send) => {
        log.push(`${s.kind} ${uuid}`);
        bodies.push(s.body);
        return answer(uuid);
      },
      uploadPhoto: () => {
        log.push('photo');
        return upload();
      },
      person: () => person,
      skew: () => skew,
    },
    () => undefined,
  );

beforeEach(async () => {
  log = [];
  bodies = [];
  person = 7;
  skew = 0;
  answer = async () => ({});
  upload = async () => ({ id: 'f'.repeat(64) });
  db = await openStore('test' + n++);
  box = boxOn(db);
});

const report = (uuid: string, more: Partial<NewHeld> = {}): NewHeld => ({ uuid, person: 7, made: 0, thing: uuid, send: { kind: 'report', body: { description: uuid } }, zh: '', en: '', ...more });
const result = (uuid: string, task: number): NewHeld => report(uuid, { thing: `task/${task}`, send: { kind: 'task', id: task, body: { result: 'done' } } });
const photo = () => ({ bytes: new ArrayBuffer(4), type: 'image/jpeg' });
const left = async (who = 7) => (await box.list(who)).map((h) => h.uuid);
const refusal = (status: number, type: string) => new Problem({ type: `/problems/${type}`, title: '', status, errors: [{ field: 'class.code', remedy: 'the code of a matter' }] });

test('goes in the order of putting down, whatever the clock says, photos first, and keeps nothing', async () => {
  await box.put(report('a', { made: 2000 }), [photo(), photo()]);
  await box.put(report('b', { made: 1000 })); // the clock was set back meanwhile
  const r = await box.flush(7);
  expect(log).toEqual(['photo', 'photo', 'report a', 'report b']);
  expect(r.sent.map((h) => h.uuid)).toEqual(['a', 'b']);
  expect(await left()).toEqual([]);
  expect(await db.count('photo')).toBe(0);
});

test('without a network all stay, and the order is kept', async () => {
  await box.put(report('a'));
  await box.put(report('b'));
  answer = async () => Promise.reject(offline());
  expect((await box.flush(7)).stopped).toMatchObject({ trouble: 'offline' });
  expect(log).toEqual(['report a']);
  expect(await left()).toEqual(['a', 'b']);
});

test('an answer that was lost: the same UUID goes again with the same words, the photo does not', async () => {
  await box.put(report('a', { made: Date.now() }), [photo()]);
  answer = async () => Promise.reject(offline());
  await box.flush(7);
  answer = async () => ({});
  skew = -7_200_000; // what is known of the clock changed meanwhile: the words must not
  await box.flush(7);
  expect(log).toEqual(['photo', 'report a', 'report a']);
  expect(bodies[1]).toEqual(bodies[0]);
  expect(await left()).toEqual([]);
});

test('what the server refuses stays with its words, and holds up only what is about the same thing', async () => {
  await box.put(result('a', 1));
  await box.put(result('b', 1));
  await box.put(result('c', 2));
  answer = async (uuid) => {
    if (uuid === 'a') throw refusal(422, 'invalid-input');
  };
  await box.flush(7);
  expect(log).toEqual(['task a', 'task c']);
  expect((await box.list(7)).map((h) => [h.uuid, h.state, h.refusal?.type, h.refusal?.says])).toEqual([
    ['a', 'refused', 'invalid-input', ['class.code: the code of a matter']],
    ['b', 'waits', undefined, undefined],
  ]);
  expect(await box.count(7)).toEqual({ waiting: 1, refused: 1 });
  // Mended, it goes under a new UUID, after what waited: the order of the queue stays that of putting down.
  answer = async () => ({});
  await box.mend('a', result('a2', 1), []);
  log.length = 0;
  await box.flush(7);
  expect(log).toEqual(['task b', 'task a2']);
});

test('only our server refuses: the page of a hotel or a proxy is no refusal', async () => {
  await box.put(report('a'));
  answer = async () => Promise.reject(new Problem({ type: 'about:blank', title: 'Forbidden', status: 403 }));
  expect((await box.flush(7)).stopped).toBeInstanceOf(Problem);
  expect(await box.count(7)).toEqual({ waiting: 1, refused: 0 });
});

test.each([429, 503, 500, 401])('%i passes: it waits', async (status) => {
  await box.put(report('a'));
  answer = async () => Promise.reject(new Problem({ type: '/problems/x', title: '', status }, 9));
  expect((await box.flush(7)).stopped).toMatchObject({ retryAfterS: 9 });
  expect(await left()).toEqual(['a']);
});

test('another person on the same phone neither sees nor sends it', async () => {
  await box.put(report('a', { person: 7 }));
  person = 8;
  await box.flush(8);
  expect(log).toEqual([]);
  expect(await left(8)).toEqual([]);
  expect(await box.ofOthers(8)).toBe(1);
  expect(await left(7)).toEqual(['a']);
});

test('somebody else signed in in another tab: nothing goes out as theirs', async () => {
  await box.put(report('a'));
  await box.put(report('b'));
  answer = async () => (person = 8);
  expect((await box.flush(7)).stopped).toBe('other-person');
  expect(log).toEqual(['report a']);
  expect(await left()).toEqual(['b']);
});

test('two flushes at once send once', async () => {
  await box.put(report('a'));
  await Promise.all([box.flush(7), box.flush(7)]);
  expect(log).toEqual(['report a']);
});

test('what is put down while the queue goes out goes, too', async () => {
  await box.put(report('a'));
  answer = async (uuid) => {
    if (uuid === 'a') await box.put(report('b'));
  };
  await box.flush(7);
  expect(log).toEqual(['report a', 'report b']);
});

test('ten thousand are listed in part, counted whole, and sent in order', async () => {
  const tx = db.transaction('queue', 'readwrite');
  for (let k = 0; k < 10_000; k++) void tx.store.add({ ...report(`u${k}`), state: 'waits', photos: 0 } as never);
  await tx.done;
  expect(await box.count(7)).toEqual({ waiting: 10_000, refused: 0 });
  expect(await box.list(7)).toHaveLength(100);
  answer = async (uuid) => {
    if (uuid === 'u50') throw offline();
  };
  await box.flush(7);
  expect(log).toHaveLength(51);
  expect(log.slice(0, 3)).toEqual(['report u0', 'report u1', 'report u2']);
  expect((await box.count(7)).waiting).toBe(9950);
});

test('a wrong clock is put right in what is sent', async () => {
  const hour = 3_600_000;
  skew = 5 * hour; // the phone is five hours slow
  await box.put(report('a', { made: Date.now() - hour }));
  await box.flush(7);
  const at = Date.parse(String(bodies[0]!.occurred_at));
  expect(Math.abs(at - (Date.now() + 4 * hour))).toBeLessThan(5000);
});

test('photos are named by their ids, wherever they stand', () => {
  expect(named({ a: [{ id: 'photo:1', kind: 'near' }], b: { c: 'photo:0' }, d: 'photo:9', e: 4 }, [{ n: 0, id: 'x' }, { n: 1, id: 'y' }])).toEqual({ a: [{ id: 'y', kind: 'near' }], b: { c: 'x' }, d: 'photo:9', e: 4 });
});

test('reports from before there was anything else come over', async () => {
  const old = await openDB('old', 1, {
    upgrade(d) {
      d.createObjectStore('outbox', { keyPath: 'uuid' });
      d.createObjectStore('kept');
    },
  });
  for (const [uuid, made] of [['late', 2], ['early', 1]] as const)
    await old.put('outbox', { uuid, person: 7, made, report: { uuid, description: uuid, occurred_at: '2026-11-22T08:00:00Z' }, class_zh: '井盖', class_en: 'Cover', photos: [{ ...photo(), kind: 'far' }] });
  old.close();
  db = await openStore('old');
  box = boxOn(db);
  await box.flush(7);
  expect(log).toEqual(['photo', 'report early', 'photo', 'report late']);
  expect(bodies[0]).toMatchObject({ description: 'early', occurred_at: '2026-11-22T08:00:00Z', photos: [{ id: 'f'.repeat(64), kind: 'far' }] });
});
