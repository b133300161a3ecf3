import { Problem } from '../api/problem';
import { happened, withOffset } from './clock';
import type { Database, HeldPhoto } from './store';

/** What is sent, and where to. A photo in a body is named photo:0, photo:1 … until the server has given it its id. */
export type Send =
  | { kind: 'report'; body: Record<string, unknown> }
  | { kind: 'action'; id: number; body: Record<string, unknown> }
  | { kind: 'task'; id: number; body: Record<string, unknown> }
  | { kind: 'point'; id: number; body: Record<string, unknown> }
  | { kind: 'hazard'; body: Record<string, unknown> };

/** What the server said against it, for good. */
export interface Refusal {
  /** The last part of the problem's type: invalid-input, conflict, forbidden, not-found … */
  type: string;
  /** What is wrong with which field, in the server's words; or what is wrong at all. */
  says: string[];
}

/** Something that is not at the server yet. */
export interface Held {
  /** Its place in the queue; given by the store. */
  seq: number;
  /** Made by the phone: sent again, it is the same thing. */
  uuid: string;
  /** Who made it: it is never sent as someone else's. */
  person: number;
  /** What the phone's clock showed, and what was known of that clock: milliseconds. */
  made: number;
  skew?: number;
  /** What it is about: what is about one thing goes in order, and waits for what was refused before it. */
  thing: string;
  state: 'waits' | 'refused';
  send: Send;
  /** Its name, to show it without a network. */
  zh: string;
  en: string;
  /** How many photos it has. */
  photos: number;
  refusal?: Refusal;
}

export type NewHeld = Omit<Held, 'seq' | 'state' | 'photos' | 'refusal'>;
export type NewPhoto = Pick<HeldPhoto, 'bytes' | 'type'>;

/** What the outbox needs of the world; tests bring their own. */
export interface Server {
  uploadPhoto(photo: Blob): Promise<{ id: string }>;
  send(uuid: string, s: Send): Promise<unknown>;
  /** Who is signed in, as far as this browser knows. */
  person(): number | undefined;
  /** What the server's clock shows more than ours, in milliseconds. */
  skew(): number | undefined;
}

export interface Result {
  sent: Held[];
  /** Why it stopped before the end; undefined where all was sent or refused. */
  stopped: Problem | 'other-person' | 'told' | undefined;
}

/** Troubles that pass: the same is tried again later. */
const passing = ['offline', 'busy', 'server', 'sign-in'];

/**
 * Reports, actions and results wait here, in the order in which they were
 * made, until the server has acknowledged them. Each keeps the UUID and the
 * words it was first sent with, so that one whose acknowledgement was lost is
 * sent again and is still the same.
 */
export class Outbox {
  constructor(
    private readonly db: Database,
    private readonly server: Server,
    private readonly changed: () => void,
  ) {}

  /** Keeps it with its photos, or nothing of it: rejects where the phone is full. */
  async put(h: NewHeld, photos: NewPhoto[] = []): Promise<void> {
    const tx = this.db.transaction(['queue', 'photo'], 'readwrite', { durability: 'strict' });
    // Settled together, so that a refused row does not leave the others' failures unheard.
    await Promise.all([
      tx.objectStore('queue').add({ ...h, state: 'waits', photos: photos.length } as Held),
      ...photos.map((p, n) => tx.objectStore('photo').add({ uuid: h.uuid, n, bytes: p.bytes, type: p.type })),
      tx.done,
    ]);
    this.changed();
  }

  async drop(uuid: string): Promise<void> {
    const tx = this.db.transaction(['queue', 'photo'], 'readwrite');
    const seq = await tx.objectStore('queue').index('uuid').getKey(uuid);
    if (seq !== undefined) await tx.objectStore('queue').delete(seq);
    await tx.objectStore('photo').delete(IDBKeyRange.bound([uuid, 0], [uuid, Infinity]));
    await tx.done;
    this.changed();
  }

  /** Puts a mended one in the place of the refused one, under its own new UUID. */
  async mend(uuid: string, h: NewHeld, photos: NewPhoto[]): Promise<void> {
    await this.put(h, photos);
    await this.drop(uuid);
  }

  async photos(uuid: string): Promise<HeldPhoto[]> {
    return this.db.getAll('photo', IDBKeyRange.bound([uuid, 0], [uuid, Infinity]));
  }

  /** How much of a person's waits, and how much was refused. */
  async count(person: number): Promise<{ waiting: number; refused: number }> {
    const of = (state: Held['state']) => this.db.countFromIndex('queue', 'state', [person, state]);
    const [waiting, refused] = await Promise.all([of('waits'), of('refused')]);
    return { waiting, refused };
  }

  /** How much of other people's lies on this phone. */
  async ofOthers(person: number): Promise<number> {
    const own = await this.count(person);
    return (await this.db.count('queue')) - own.waiting - own.refused;
  }

  /** The first of a person's: what was refused, then what waits, each in its order. */
  async list(person: number, most = 100): Promise<Held[]> {
    const refused = await this.db.getAllFromIndex('queue', 'state', [person, 'refused'], most);
    const waiting = await this.db.getAllFromIndex('queue', 'state', [person, 'waits'], most);
    return [...refused, ...waiting].slice(0, most);
  }

  private running: Promise<Result> | undefined;
  private stopping = false;
  private more = false;

  /**
   * Sends what waits, one after the other, and stops at the first that the
   * network or the server has no time for. What the server refuses for good
   * stays, with the reason, and holds up only what is about the same thing.
   */
  flush(person: number): Promise<Result> {
    this.stopping = false;
    this.more = true;
    return (this.running ??= this.all(person));
  }

  /** Goes on until nothing was put down since it last looked: what comes while the last is on its way goes, too. */
  private async all(person: number): Promise<Result> {
    const sent: Held[] = [];
    try {
      for (;;) {
        this.more = false;
        const r = await this.locked(() => this.send(person));
        sent.push(...r.sent);
        if (!this.more || r.stopped) return { sent, stopped: r.stopped };
      }
    } finally {
      this.running = undefined;
    }
  }

  /** Ends a sending after what is on its way. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running?.catch(() => undefined);
  }

  /** Two tabs of one phone must not upload the same photos at once. Where there are no locks the UUID still makes it one. */
  private locked(f: () => Promise<Result>): Promise<Result> {
    const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
    return locks ? locks.request('onemap.outbox', f) : f();
  }

  private async next(person: number, after: number): Promise<Held | undefined> {
    let cursor = await this.db.transaction('queue').store.index('state').openCursor(IDBKeyRange.only([person, 'waits']));
    if (cursor && cursor.primaryKey <= after) cursor = await cursor.continuePrimaryKey([person, 'waits'], after + 1);
    return cursor?.value;
  }

  private async send(person: number): Promise<Result> {
    const sent: Held[] = [];
    const refused = await this.db.getAllFromIndex('queue', 'state', [person, 'refused']);
    const held = new Set(refused.map((h) => h.thing));
    let after = 0;
    for (;;) {
      if (this.stopping) return { sent, stopped: 'told' };
      const h = await this.next(person, after);
      if (!h) return { sent, stopped: undefined };
      after = h.seq;
      if (held.has(h.thing)) continue;
      try {
        if (!(await signedInAs(() => this.one(h), () => this.server.person() === person))) return { sent, stopped: 'other-person' };
        await this.drop(h.uuid);
        sent.push(h);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        // Only our server refuses: what a hotel's sign-in page or a proxy answers is no answer.
        const ours = error.body.type.startsWith('/problems/');
        if (passing.includes(error.trouble) || !ours) return { sent, stopped: error };
        held.add(h.thing);
        await this.db.put('queue', { ...h, state: 'refused', refusal: refusalOf(error) });
        this.changed();
      }
    }
  }

  private async one(h: Held): Promise<void> {
    const photos = await this.photos(h.uuid);
    for (const p of photos) {
      if (p.id) continue;
      p.id = (await this.server.uploadPhoto(new Blob([p.bytes], { type: p.type }))).id;
      await this.db.put('photo', p); // a photo is not uploaded twice
    }
    // When it happened is worked out once: the second time it must say the same.
    const field = ({ report: 'occurred_at', hazard: 'found_at', action: 'done_at' } as Partial<Record<Send['kind'], string>>)[h.send.kind];
    if (field && h.send.body[field] === undefined) {
      h.send = { ...h.send, body: { ...h.send.body, [field]: withOffset(happened(h.made, h.skew, this.server.skew(), Date.now())) } };
      await this.db.put('queue', h);
    }
    await this.server.send(h.uuid, { ...h.send, body: named(h.send.body, photos) as Record<string, unknown> });
  }
}

/** Does f while nobody signs in or out in any tab, and only if the right person is. */
async function signedInAs(f: () => Promise<void>, right: () => boolean): Promise<boolean> {
  const go = async () => {
    if (!right()) return false;
    await f();
    return true;
  };
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return locks ? locks.request('onemap.session', { mode: 'shared' }, go) : go();
}

/** A body with the ids of its photos in the place of photo:0, photo:1 … */
export function named(body: unknown, photos: Pick<HeldPhoto, 'n' | 'id'>[]): unknown {
  if (typeof body === 'string') {
    const n = /^photo:(\d+)$/.exec(body)?.[1];
    return n === undefined ? body : (photos.find((p) => p.n === Number(n))?.id ?? body);
  }
  if (Array.isArray(body)) return body.map((b) => named(b, photos));
  if (body !== null && typeof body === 'object') return Object.fromEntries(Object.entries(body).map(([k, v]) => [k, named(v, photos)]));
  return body;
}

function refusalOf(p: Problem): Refusal {
  return { type: p.body.type.replace('/problems/', ''), says: p.fields.length > 0 ? p.fields : [p.message] };
}
