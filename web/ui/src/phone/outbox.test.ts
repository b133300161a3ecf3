import 'fake-indexeddb/auto';
import { beforeEach, expect, test } from 'vitest';
import type { Report } from '../api/api';
import type { Incident } from '../api/model';
import { offline, Problem } from '../api/problem';
import { Outbox, type Held } from './outbox';

let n = 0;
let box: Outbox;
let log: string[];
let report: (r: Report) => Promise<Incident>;
let upload: () => Promise<{ id: string }>;

beforeEach(async () => {
  log = [];
  report = async (r) => ({ id: 1, uuid: r.uuid }) as Incident;
  upload = async () => ({ id: 'f'.repeat(64) });
  box = await Outbox.open(
    {
      report: (r) => {
        log.push('report ' + r.uuid + ' ' + r.photos?.length);
        return report(r);
      },
      uploadPhoto: () => {
        log.push('photo');
        return upload();
      },
    },
    () => undefined,
    'test' + n++,
  );
});

const held = (uuid: string, made: number, photos = 0, person = 7): Held => ({
  uuid,
  person,
  made,
  report: { uuid, class: { code: '01002' }, source: 'worker', place: { crs: 'WGS84', coordinates: [120.07, 29.3] }, description: '', occurred_at: '2026-11-22T08:00:00Z' },
  class_zh: '',
  class_en: '',
  photos: Array.from({ length: photos }, () => ({ bytes: new ArrayBuffer(4), type: 'image/jpeg', kind: 'near' as const })),
});

const left = async () => (await box.list()).map((h) => h.uuid);

test('sends in the order of making, photos first, and keeps nothing', async () => {
  await box.put(held('b', 2));
  await box.put(held('a', 1, 2));
  const r = await box.flush(7);
  expect(log).toEqual(['photo', 'photo', 'report a 2', 'report b 0']);
  expect(r.sent.map((i) => i.uuid)).toEqual(['a', 'b']);
  expect(await left()).toEqual([]);
});

test('without a network all stay, and the order is kept', async () => {
  await box.put(held('a', 1));
  await box.put(held('b', 2));
  report = async () => Promise.reject(offline());
  const r = await box.flush(7);
  expect(r.stopped?.trouble).toBe('offline');
  expect(log).toEqual(['report a 0']);
  expect(await left()).toEqual(['a', 'b']);
});

test('an answer that was lost: the same uuid goes again, the photo does not', async () => {
  await box.put(held('a', 1, 1));
  report = async () => Promise.reject(offline());
  await box.flush(7);
  report = async (r) => ({ id: 1, uuid: r.uuid }) as Incident;
  await box.flush(7);
  expect(log).toEqual(['photo', 'report a 1', 'report a 1']);
  expect(await left()).toEqual([]);
});

test('what the server refuses stays with the reason and does not hold up the rest', async () => {
  await box.put(held('a', 1));
  await box.put(held('b', 2));
  report = async (r) => {
    if (r.uuid === 'a') throw new Problem({ type: '/problems/invalid-input', title: '', status: 422, errors: [{ field: 'class.code', remedy: 'the code of a matter' }] });
    return { id: 2, uuid: r.uuid } as Incident;
  };
  await box.flush(7);
  const rest = await box.list();
  expect(rest.map((h) => [h.uuid, h.refused])).toEqual([['a', 'class.code: the code of a matter']]);
  log.length = 0;
  await box.flush(7);
  expect(log).toEqual([]);
});

test('another person on the same phone does not send it', async () => {
  await box.put(held('a', 1, 0, 7));
  await box.flush(8);
  expect(log).toEqual([]);
  expect(await left()).toEqual(['a']);
});

test('two flushes at once send once', async () => {
  await box.put(held('a', 1));
  await Promise.all([box.flush(7), box.flush(7)]);
  expect(log).toEqual(['report a 0']);
});
