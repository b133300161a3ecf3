import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Report } from '../api/api';
import type { Incident } from '../api/model';
import { Problem } from '../api/problem';

/** A photo as it waits: its bytes, and its id once the server has it. Bytes, not a Blob: older Safari loses Blobs. */
export interface HeldPhoto {
  bytes: ArrayBuffer;
  type: string;
  kind: 'near' | 'far';
  id?: string;
}

/** A report that is not at the server yet. */
export interface Held {
  uuid: string;
  /** Who made it: it is never sent as someone else's. */
  person: number;
  /** Milliseconds since 1970; the order in which they are sent. */
  made: number;
  report: Omit<Report, 'photos'>;
  /** The class's names, to show it without the list of classes. */
  class_zh: string;
  class_en: string;
  photos: HeldPhoto[];
  /** What the server said against it; it waits for the worker then. */
  refused?: string;
}

interface Schema extends DBSchema {
  outbox: { key: string; value: Held };
  kept: { key: string; value: unknown };
}

/** What the outbox needs of the server; tests bring their own. */
export interface Server {
  uploadPhoto(photo: Blob): Promise<{ id: string }>;
  report(r: Report): Promise<Incident>;
}

/**
 * Reports wait here until the server has acknowledged them. Each keeps the
 * UUID it was made with, so that one whose acknowledgement was lost is sent
 * again and is still the same report.
 */
export class Outbox {
  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly server: Server,
    private readonly changed: () => void,
  ) {}

  static async open(server: Server, changed: () => void, name = 'onemap'): Promise<Outbox> {
    const db = await openDB<Schema>(name, 1, {
      upgrade(d) {
        d.createObjectStore('outbox', { keyPath: 'uuid' });
        d.createObjectStore('kept');
      },
    });
    return new Outbox(db, server, changed);
  }

  async put(h: Held): Promise<void> {
    await this.db.put('outbox', h);
    this.changed();
  }

  async drop(uuid: string): Promise<void> {
    await this.db.delete('outbox', uuid);
    this.changed();
  }

  /** What waits, in the order in which it was made. */
  async list(): Promise<Held[]> {
    return (await this.db.getAll('outbox')).sort((a, b) => a.made - b.made);
  }

  /** Keeps what may be wanted without a network: the classes, the last list. */
  async keep(key: string, value: unknown): Promise<void> {
    await this.db.put('kept', value, key);
  }

  async kept<T>(key: string): Promise<T | undefined> {
    return (await this.db.get('kept', key)) as T | undefined;
  }

  private running: Promise<Result> | undefined;

  /**
   * Sends what waits, one after the other, and stops at the first that the
   * network or the server has no time for. What the server refuses for good
   * stays, with the reason, and does not hold up the rest.
   */
  flush(person: number): Promise<Result> {
    this.running ??= this.locked(() => this.send(person)).finally(() => (this.running = undefined));
    return this.running;
  }

  /** Two tabs of one phone must not upload the same photos at once. */
  private locked(f: () => Promise<Result>): Promise<Result> {
    const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
    return locks ? locks.request('onemap.outbox', f) : f();
  }

  private async send(person: number): Promise<Result> {
    const sent: Incident[] = [];
    for (const h of await this.list()) {
      if (h.person !== person || h.refused !== undefined) continue;
      try {
        for (const p of h.photos) {
          if (p.id) continue;
          p.id = (await this.server.uploadPhoto(new Blob([p.bytes], { type: p.type }))).id;
          await this.db.put('outbox', h); // a photo is not uploaded twice
        }
        sent.push(await this.server.report({ ...h.report, photos: h.photos.map((p) => ({ id: p.id!, kind: p.kind })) }));
        await this.drop(h.uuid);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (['offline', 'busy', 'server', 'sign-in'].includes(error.trouble)) return { sent, stopped: error };
        await this.put({ ...h, refused: error.fields.join(' · ') || error.message });
      }
    }
    return { sent, stopped: undefined };
  }
}

export interface Result {
  sent: Incident[];
  /** Why it stopped before the end; undefined where all was sent or refused. */
  stopped: Problem | undefined;
}
