import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Held } from './outbox';

/** A photo as it waits: its bytes, and its id once the server has it. Bytes, not a Blob: older Safari loses Blobs. */
export interface HeldPhoto {
  uuid: string;
  n: number;
  bytes: ArrayBuffer;
  type: string;
  id?: string;
}

/** A tile of the map, kept for one person: what it shows is what that person may see. */
export interface KeptTile {
  person: number;
  address: string;
  bytes: ArrayBuffer;
}

interface Schema extends DBSchema {
  queue: { key: number; value: Held; indexes: { uuid: string; state: [number, string] } };
  photo: { key: [string, number]; value: HeldPhoto };
  kept: { key: string; value: unknown };
  tile: { key: [number, string]; value: KeptTile };
}

export type Database = IDBPDatabase<Schema>;

/** What was queued before there was anything but reports. */
interface OldHeld {
  uuid: string;
  person: number;
  made: number;
  report: Record<string, unknown>;
  class_zh: string;
  class_en: string;
  photos: { bytes: ArrayBuffer; type: string; kind: string; id?: string }[];
  refused?: string;
}

/** Opens what the page keeps on the phone, and brings an older form of it up to date: an unsent report is never lost. */
export function openStore(name = 'onemap'): Promise<Database> {
  return openDB<Schema>(name, 2, {
    async upgrade(d, from, _, tx) {
      const queue = d.createObjectStore('queue', { keyPath: 'seq', autoIncrement: true });
      queue.createIndex('uuid', 'uuid', { unique: true });
      queue.createIndex('state', ['person', 'state']);
      d.createObjectStore('photo', { keyPath: ['uuid', 'n'] });
      d.createObjectStore('tile', { keyPath: ['person', 'address'] });
      if (from < 1) {
        d.createObjectStore('kept');
        return;
      }
      const old = tx as unknown as { objectStore(name: string): { getAll(): Promise<OldHeld[]> } };
      const was = await old.objectStore('outbox').getAll();
      for (const { uuid, person, made, report, class_zh, class_en, photos } of was.sort((a, b) => a.made - b.made)) {
        const body = { ...report, photos: photos.map((p, n) => ({ id: `photo:${n}`, kind: p.kind })) };
        await queue.add({ uuid, person, made, state: 'waits', thing: uuid, send: { kind: 'report', body }, zh: class_zh, en: class_en, photos: photos.length } satisfies Omit<Held, 'seq'> as unknown as Held);
        for (const [n, p] of photos.entries()) await tx.objectStore('photo').add({ uuid, n, bytes: p.bytes, type: p.type, ...(p.id ? { id: p.id } : {}) });
      }
      (d as unknown as { deleteObjectStore(name: string): void }).deleteObjectStore('outbox');
      await tx.objectStore('kept').clear();
    },
    blocking(_, __, event) {
      (event.target as IDBDatabase).close(); // a newer page wants to change it
    },
  });
}

/** Whether a write failed because the phone has no room left. */
export const isFull = (error: unknown): boolean => error instanceof DOMException && (error.name === 'QuotaExceededError' || error.name === 'NS_ERROR_DOM_QUOTA_REACHED');
