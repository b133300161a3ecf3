import * as api from '../api/api';
import { get, onAnswer } from '../api/http';
import type { Incident } from '../api/model';
import { Problem } from '../api/problem';
import { language, named } from '../i18n/i18n.svelte';
import { backoff } from '../live/backoff';
import { flow, type Table } from '../state/flow.svelte';
import { Clock, happened, withOffset } from './clock';
import { boxOf, holds, type Box, type LngLat } from './ground';
import { Here, type Fix } from './here.svelte';
import type { Asset, Hazard, HazardFlow, Pack, Task } from './model';
import { Outbox, type Held, type NewHeld, type NewPhoto } from './outbox';
import * as server from './server';
import { isFull, openStore, type Database } from './store';
import { dropTiles, keepTiles, keptTile, tilesOf, type KeptMap } from './tiles';
import { add, batchOf, recent, type Track } from './track';
import { update } from './update.svelte';
import { uuid4 } from './uuid';

/** Who used the phone last, and when the server said so. */
interface Remembered {
  session: api.Session;
  at: number;
}

/** What is kept of one person's work, each with when it was fetched. */
interface Kept {
  pack: Pack;
  tasks: Task[];
  assets: Asset[];
  mine: Incident[];
  cases: Incident[];
  /** Cases that a department gave the worker. */
  handle: Incident[];
  hazards: Hazard[];
}

/** The names of states and actions, as the server has them: the same for everyone. */
interface Names {
  cases: Table;
  hazards: HazardFlow;
}

/** How often what is kept is fetched anew while the page is open, and how old a map may become. */
const FRESH_MS = 60_000;
const MAP_OLD_MS = 20 * 3_600_000;
/** A position is shared at most so often. */
const SHARE_MS = 10_000;
const DUTY = 'onemap.duty';

/** The state of the grid worker's page. */
export class Phone {
  session = $state.raw<api.Session | undefined>();
  /** When the server last said who this is; the session is remembered from then. */
  since = $state(0);
  /** The session shown is remembered: the server was not reached yet. */
  remembered = $state(false);
  /** There is neither a network nor a session to remember. */
  unknown = $state(false);
  online = $state(navigator.onLine);
  now = $state(Date.now());

  classes = $state.raw<api.ClassOf[]>([]);
  pack = $state.raw<Pack | undefined>();
  tasks = $state.raw<Task[] | undefined>();
  assets = $state.raw<Asset[]>([]);
  mine = $state.raw<Incident[] | undefined>();
  cases = $state.raw<Incident[] | undefined>();
  handle = $state.raw<Incident[] | undefined>();
  hazards = $state.raw<Hazard[] | undefined>();
  private hazardFlow = $state.raw<HazardFlow | undefined>();
  /** When each was fetched: milliseconds since 1970. */
  at = $state.raw<Partial<Record<keyof Kept, number>>>({});
  map = $state.raw<KeptMap | undefined>();
  /** The map is on its way: tiles done, of so many. */
  mapping = $state.raw<{ done: number; of: number } | undefined>();

  held = $state.raw<Held[]>([]);
  waiting = $state(0);
  refused = $state(0);
  sending = $state(false);
  /** The phone has no room left. */
  full = $state(false);
  /** Another person signed in on this phone while ours was open. */
  otherPerson = $state(false);
  /** What the server's clock shows more than the phone's, where that is much: milliseconds. */
  clockOff = $state(0);

  onDuty = $state(false);
  dutyTrouble = $state(false);
  used = $state.raw<Record<string, number>>({});
  readonly here = new Here();

  private readonly clock = new Clock();
  private readonly db: Promise<Database>;
  private readonly box: Promise<Outbox>;
  private attempt = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private release: (() => void) | undefined;
  private shared = 0;
  private track: Track | undefined;

  constructor() {
    onAnswer((serverMs, asked, answered) => {
      if (this.clock.hear(serverMs, asked, answered) || this.clock.wrong) this.clockOff = this.clock.wrong ? this.clock.skew! : 0;
    });
    this.db = openStore();
    this.box = this.db.then((db) => new Outbox(db, { uploadPhoto: server.uploadPhoto, send: server.send, person: api.notedPerson, skew: () => this.clock.skew }, () => void this.look()));
    try {
      this.used = JSON.parse(localStorage.getItem('onemap.classes') ?? '{}') as Record<string, number>;
    } catch {
      this.used = {};
    }
  }

  get person(): number | undefined {
    return this.session?.person?.id;
  }

  /** The server's time, as well as the phone knows it. */
  get serverNow(): number {
    return this.now + (this.clock.wrong ? this.clock.skew! : 0);
  }

  /** The grids that the worker answers for, with their outlines. */
  get own(): Pack['grids'] {
    return this.pack?.grids.filter((g) => g.own) ?? [];
  }

  /** The box around them, else around the city as the phone knows it. */
  get bounds(): Box | undefined {
    const b = this.pack?.bounds ?? [];
    return b.length === 4 ? (b as Box) : boxOf(this.own.map((g) => g.outline));
  }

  /** The finest grid that holds a place: '' outside of the kept ones, undefined where none are kept. */
  gridAt(at: LngLat): string | undefined {
    if (!this.pack || this.pack.grids.length === 0) return undefined;
    const found = this.pack.grids.filter((g) => holds(g.outline, at));
    return (found.find((g) => g.kind === 'unit') ?? found.find((g) => g.kind === 'duty') ?? found[0])?.code ?? '';
  }

  /** Whether a place lies outside of the worker's own grids; undefined where these are not known. */
  outside(at: LngLat): boolean | undefined {
    return this.own.length === 0 ? undefined : !this.own.some((g) => holds(g.outline, at));
  }

  /** Shows what the phone has, then asks the server. */
  async begin(): Promise<void> {
    void update.begin();
    void navigator.storage?.persist?.().catch(() => false);
    const db = await this.db;
    const last = (await db.get('kept', 'session')) as Remembered | undefined;
    if (last?.session.signed_in && api.notedPerson() === last.session.person?.id) {
      this.session = last.session;
      this.since = last.at;
      this.remembered = true;
      await this.recall();
    }
    await this.ask();
  }

  /** Asks the server who this is, and fetches what it has for them. */
  async ask(): Promise<void> {
    try {
      const s = await api.session();
      await this.known(s);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.unknown = this.session === undefined;
      return;
    }
    if (this.session?.signed_in) {
      void this.flush();
      await this.refresh(true);
    }
  }

  private async known(s: api.Session): Promise<void> {
    const other = s.person?.id !== this.person;
    api.notePerson(s.person?.id);
    this.session = s;
    this.since = Date.now();
    this.remembered = false;
    this.unknown = false;
    this.otherPerson = false;
    const db = await this.db;
    if (s.signed_in) await db.put('kept', { session: $state.snapshot(s), at: this.since } satisfies Remembered, 'session');
    else await db.delete('kept', 'session');
    if (other) {
      this.forget();
      await this.recall();
    }
  }

  /** Takes what belongs to a person off the screen. */
  private forget(): void {
    this.pack = this.tasks = this.mine = this.cases = this.handle = this.hazards = undefined;
    this.assets = [];
    this.map = undefined;
    this.at = {};
    this.held = [];
    this.waiting = this.refused = 0;
    this.track = undefined;
    if (this.onDuty) this.duty(false);
  }

  private key = (what: string) => `${this.person ?? 0}/${what}`;

  /** Shows what is kept of this person's work. */
  private async recall(): Promise<void> {
    const db = await this.db;
    const classes = (await db.get('kept', 'classes')) as { value: api.ClassOf[] } | undefined;
    if (classes) this.classes = classes.value;
    const names = (await db.get('kept', 'names')) as Names | undefined;
    if (names) this.name(names);
    if (this.person === undefined) return;
    for (const what of ['pack', 'tasks', 'assets', 'mine', 'cases', 'handle', 'hazards'] as const) {
      const k = (await db.get('kept', this.key(what))) as { value: never; at: number } | undefined;
      if (!k) continue;
      this[what] = k.value;
      this.at = { ...this.at, [what]: k.at };
    }
    this.map = (await db.get('kept', this.key('map'))) as KeptMap | undefined;
    this.track = (await db.get('kept', this.key('track'))) as Track | undefined;
    this.resumeDuty();
    await this.look();
  }

  private async keep<K extends keyof Kept>(what: K, person: number, fetch: () => Promise<Kept[K]>): Promise<boolean> {
    const value = await fetch();
    if (this.person !== person) return false; // somebody else signed in meanwhile
    (this as unknown as Kept)[what] = value;
    const at = Date.now();
    this.at = { ...this.at, [what]: at };
    await this.room(async () => (await this.db).put('kept', { value, at }, this.key(what)));
    return true;
  }

  /** Writes to the phone's store; where it is full, the map gives way. */
  private async room<T>(write: () => Promise<T>): Promise<T | undefined> {
    try {
      return await write();
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    if (this.person !== undefined) {
      await dropTiles(await this.db, this.person);
      this.map = undefined;
    }
    try {
      return await write();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.full = true;
      return undefined;
    }
  }

  private refreshing: Promise<void> | undefined;
  private refreshed = 0;

  /** Fetches what is kept anew, each by itself: what does not come stays as it was. */
  refresh(now = false): Promise<void> {
    if (!now && Date.now() - this.refreshed < FRESH_MS) return Promise.resolve();
    this.refreshing ??= this.fetchAll().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async fetchAll(): Promise<void> {
    const person = this.person;
    if (person === undefined) return;
    this.refreshed = Date.now();
    const worker = this.session?.person?.roles.includes('grid_worker') ?? false;
    const tries: (() => Promise<unknown>)[] = [
      () => this.loadClasses(),
      () => this.loadNames(),
      () => this.loadMine(),
      ...(worker
        ? [
            () => this.keep('tasks', person, server.tasks),
            () => this.keep('handle', person, () => server.toHandle(this.session?.person?.login)),
            () => this.keep('hazards', person, server.hazards),
            async () => {
              const before = this.pack?.server_time;
              if (await this.keep('pack', person, server.pack)) await Promise.all([this.loadGrid(person), this.keepMap(before === undefined)]);
            },
          ]
        : []),
    ];
    const done = await Promise.allSettled(tries.map((f) => f()));
    for (const d of done) {
      if (d.status === 'fulfilled' || !(d.reason instanceof Problem)) continue;
      if (d.reason.trouble === 'sign-in') {
        await this.known(await api.session().catch(() => this.session!));
        return;
      }
    }
  }

  private async loadClasses(): Promise<void> {
    const db = await this.db;
    const kept = (await db.get('kept', 'classes')) as { version: string } | undefined;
    const version = this.pack?.classes.version ?? '';
    if (kept && version !== '' && kept.version === version && this.classes.length > 0) return;
    const value = (await api.classes('matter')).filter((c) => c.in_use);
    this.classes = value;
    await this.room(() => db.put('kept', { value, version }, 'classes'));
  }

  private name(n: Names): void {
    flow.table = n.cases;
    this.hazardFlow = n.hazards;
  }

  /** What states and actions are called; kept, so that cases have their words without a network. */
  private async loadNames(): Promise<void> {
    const [cases, hazards] = await Promise.all([get<Table>('/api/v1/flow'), server.hazardFlow()]);
    this.name({ cases, hazards });
    await this.room(async () => (await this.db).put('kept', { cases, hazards } satisfies Names, 'names'));
  }

  hazardState(word: string): string {
    const s = this.hazardFlow?.states.find((x) => x.name === word);
    return s ? named(s.zh, s.en) : word;
  }

  /** What the worker may do to a case that she was given, as it will be when what waits here has arrived. */
  mayDo(i: Incident): ('accept' | 'feedback')[] {
    const held = this.held.filter((h) => h.state === 'waits' && h.send.kind === 'action' && h.send.id === i.id).map((h) => h.send.body.action);
    if (held.includes('feedback')) return [];
    if (held.includes('accept')) return ['feedback'];
    return (['accept', 'feedback'] as const).filter((a) => i.allowed_actions.includes(a));
  }

  async loadMine(): Promise<void> {
    if (this.person !== undefined) await this.keep('mine', this.person, async () => (await api.incidents({ mine: true, limit: 100 })).incidents);
  }

  /** What there is to do, and the hazards that it is about. */
  async loadTasks(): Promise<void> {
    const { person } = this;
    if (person === undefined || !this.session?.person?.roles.includes('grid_worker')) return;
    await Promise.allSettled([this.keep('tasks', person, server.tasks), this.keep('handle', person, () => server.toHandle(this.session?.person?.login)), this.keep('hazards', person, server.hazards)]);
  }

  /** The components and the cases in the worker's grids. */
  private async loadGrid(person: number): Promise<void> {
    const old = Date.now() - (this.at.assets ?? 0) > 6 * 3_600_000 || this.assets.length !== this.pack?.assets;
    await Promise.allSettled([
      old ? this.keep('assets', person, server.assets) : undefined,
      ...(this.own.length > 0 ? [this.keep('cases', person, () => this.casesOf(this.own.map((g) => g.code)))] : []),
    ]);
  }

  private async casesOf(grids: string[]): Promise<Incident[]> {
    const found = new Map<number, Incident>();
    for (const grid of grids.slice(0, 20)) for (const i of (await api.incidents({ grid, limit: 100 })).incidents) found.set(i.id, i);
    return [...found.values()].sort((a, b) => (b.occurred_at ?? '').localeCompare(a.occurred_at ?? ''));
  }

  /** The tiles to keep: the server's list, else those that meet the worker's grids. */
  private get wanted(): string[] {
    const t = this.pack?.tiles;
    if (!t) return [];
    return t.addresses.length > 0 || !this.bounds ? t.addresses : tilesOf(t.layers, this.bounds, t.minzoom, t.maxzoom);
  }

  /** Fetches the map: when asked to, or when it is missing or of yesterday and the line costs nothing. */
  async keepMap(asked = false): Promise<void> {
    const person = this.person;
    const wanted = this.wanted;
    if (person === undefined || this.mapping || wanted.length === 0) return;
    const m = this.map;
    const old = !m || Date.now() - m.at > MAP_OLD_MS || m.partly === 'network' || !wanted[0]!.startsWith(`/tiles/${m.layers}/`);
    if (!asked && !(old && cheap())) return;
    if (asked && !old && m.tiles === wanted.length && Date.now() - m.at < FRESH_MS) return;
    const db = await this.db;
    this.mapping = { done: 0, of: wanted.length };
    try {
      const map = await keepTiles(db, person, wanted, (a) => server.tile(a), Date.now(), (done, of) => (this.mapping = { done, of }));
      if (this.person !== person) return;
      this.map = map;
      await this.room(() => db.put('kept', map, this.key('map')));
    } finally {
      this.mapping = undefined;
    }
  }

  /** A tile for the map: as it is kept, which costs nothing, else from the server. */
  async tile(address: string, signal: AbortSignal): Promise<ArrayBuffer> {
    const db = await this.db;
    const kept = this.person === undefined ? undefined : await keptTile(db, this.person, address);
    if (kept) return kept;
    return server.tile(address, signal);
  }

  // The queue.

  private async look(): Promise<void> {
    const person = this.person;
    if (person === undefined) return;
    const box = await this.box;
    const [{ waiting, refused }, held] = await Promise.all([box.count(person), box.list(person)]);
    if (this.person !== person) return;
    [this.waiting, this.refused, this.held] = [waiting, refused, held];
  }

  /** Keeps it first, then tries to send it: what was made is not lost, whatever happens next. Says whether it was kept, and whether it is sent. */
  async send(h: Omit<NewHeld, 'uuid' | 'person' | 'made' | 'thing'> & { thing?: string }, photos: NewPhoto[], instead?: string): Promise<'sent' | 'kept' | 'full'> {
    const person = this.person;
    if (person === undefined) return 'full';
    const box = await this.box;
    const uuid = uuid4();
    const { skew } = this.clock;
    const made: NewHeld = { ...h, uuid, person, made: Date.now(), thing: h.thing ?? uuid, ...(skew === undefined ? {} : { skew }) };
    const kept = await this.room(async () => {
      await (instead ? box.mend(instead, made, photos) : box.put(made, photos));
      return true;
    });
    if (!kept) return 'full';
    this.full = false;
    const { sent } = await Promise.race([this.flush(), new Promise<{ sent: Held[] }>((done) => setTimeout(() => done({ sent: [] }), this.online ? 15_000 : 1_500))]);
    return sent.some((s) => s.uuid === uuid) ? 'sent' : 'kept';
  }

  countClass(code: string): void {
    this.used = { ...this.used, [code]: (this.used[code] ?? 0) + 1 };
    try {
      localStorage.setItem('onemap.classes', JSON.stringify(this.used));
    } catch {
      // Only the order of the frequent classes is lost.
    }
  }

  async drop(uuid: string): Promise<void> {
    await (await this.box).drop(uuid);
  }

  async photosOf(uuid: string): Promise<NewPhoto[]> {
    return (await this.box).photos(uuid);
  }

  /** Sends what waits; tries again by itself while the server cannot be reached. */
  async flush(): Promise<{ sent: Held[] }> {
    clearTimeout(this.again);
    const person = this.person;
    if (person === undefined || this.session?.signed_in !== true) return { sent: [] };
    this.sending = true;
    try {
      const box = await this.box;
      const { sent, stopped } = await box.flush(person);
      if (sent.length > 0) {
        this.attempt = 0;
        void this.loadMine().catch(() => undefined);
        if (sent.some((h) => h.send.kind !== 'report')) void this.loadTasks().catch(() => undefined);
      }
      this.otherPerson = stopped === 'other-person';
      if (stopped instanceof Problem) {
        if (stopped.trouble === 'sign-in') await this.known(await api.session().catch(() => this.session!));
        else this.again = setTimeout(() => void this.flush(), Math.max(backoff(this.attempt++), stopped.retryAfterS * 1000));
      } else {
        this.attempt = 0;
        void this.catchUp();
      }
      return { sent };
    } finally {
      this.sending = false;
    }
  }

  /** Called when the network is back, or the page is looked at again. */
  wake(): void {
    this.online = navigator.onLine;
    this.now = Date.now();
    update.look();
    if (api.notedPerson() !== this.person || this.remembered || this.unknown) {
      void this.ask();
      return;
    }
    if (!this.session?.signed_in) return;
    void this.flush();
    void this.refresh();
  }

  // On duty.

  /** Shares the position while on duty, at most every 10 s, and takes it off the map when off duty. */
  duty(on: boolean, since = Date.now()): void {
    this.release?.();
    this.release = undefined;
    this.onDuty = on;
    this.dutyTrouble = false;
    try {
      if (on) localStorage.setItem(DUTY, JSON.stringify({ person: this.person, since }));
      else localStorage.setItem(DUTY, JSON.stringify({ off: this.person, at: Date.now() }));
    } catch {
      // Lasts until the page is closed.
    }
    if (!on) {
      void this.catchUp();
      return;
    }
    this.shared = 0;
    this.since0 = since;
    this.release = this.here.use((f) => this.share(f));
    if (this.here.fix) this.share(this.here.fix);
  }

  private since0 = 0;

  private share(f: Fix): void {
    if (Date.now() - this.shared < SHARE_MS) return;
    this.shared = Date.now();
    // What was kept goes first, so that the place on the map is the latest.
    if (!this.online || this.track) {
      void this.record(f).then(() => this.catchUp());
      return;
    }
    api.sharePosition({ crs: f.crs, coordinates: [f.given[0], f.given[1]] }, f.accuracyM ?? 0).then(
      () => (this.dutyTrouble = false),
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (error.trouble === 'sign-in' || error.trouble === 'no-right') this.duty(false);
        else if (passing(error)) void this.record(f);
      },
    );
  }

  /** Keeps a position for later: one in half a minute, and no more than the server takes at once. */
  private async record(f: Fix): Promise<void> {
    if (this.person === undefined || !this.onDuty) return;
    const { skew } = this.clock;
    const before = this.track ?? { since: this.since0, points: [] };
    const after = add(before, { crs: f.crs, given: [f.given[0], f.given[1]], ...(f.accuracyM === undefined ? {} : { accuracyM: f.accuracyM }), time: f.time, ...(skew === undefined ? {} : { skew }) });
    if (after === this.track) return;
    this.track = after;
    await this.room(async () => (await this.db).put('kept', after, this.key('track')));
  }

  private catching = false;

  /** Hands in what was kept of the duty, then says that it is over, where it is. */
  private async catchUp(): Promise<void> {
    if (this.catching || this.person === undefined || !this.online) return;
    this.catching = true;
    try {
      await this.handIn();
      const d = dutyNoted();
      if (d.off !== undefined && d.off === this.person) await this.sayOff(d.at);
    } finally {
      this.catching = false;
    }
  }

  private async handIn(): Promise<void> {
    const { person, track } = this;
    if (!track || person === undefined) return;
    const fresh = recent(track, Date.now(), this.pack?.settings.position_days ?? 7);
    try {
      if (fresh.points.length > 0) await server.positions(batchOf(fresh, this.clock.skew, Date.now()));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (passing(error)) return;
      // Refused for good: what is of no use is not kept.
    }
    if (this.person !== person) return;
    // What came while it was on its way stays for the next time.
    const rest = this.track?.points.filter((p) => !track.points.includes(p)) ?? [];
    this.track = rest.length > 0 ? { ...track, points: rest } : undefined;
    const db = await this.db;
    await (this.track ? db.put('kept', this.track, this.key('track')) : db.delete('kept', this.key('track')));
  }

  /** Off duty must reach the server, if late: said again when the network is back (catchUp). */
  private async sayOff(at: number | undefined): Promise<void> {
    try {
      await server.offDuty(at === undefined ? undefined : withOffset(happened(at, this.clock.skew, this.clock.skew, Date.now())));
      if (dutyNoted().off !== undefined) localStorage.removeItem(DUTY);
    } catch (error) {
      if (error instanceof Problem && !passing(error) && at !== undefined) await this.sayOff(undefined); // a time that the server does not take
    }
  }

  /** A worker stays on duty while the page is loaded anew, for a shift at most. */
  private resumeDuty(): void {
    const d = dutyNoted();
    if (d.off !== undefined && d.off === this.person) void this.catchUp();
    else if (d.person === this.person && d.since && Date.now() - d.since < 12 * 3_600_000 && this.session?.may_share_position && !this.onDuty) this.duty(true, d.since);
  }

  /** Signs out. What is not sent stays on the phone under its maker's name, for when they sign in again. */
  async signOut(): Promise<boolean> {
    const person = this.person;
    await (await this.box).stop();
    clearTimeout(this.again);
    if (this.onDuty) {
      this.duty(false);
      await new Promise((done) => setTimeout(done, 0)); // the request is on its way before the session ends
    }
    try {
      await api.signOut();
    } catch (error) {
      if (error instanceof Problem && error.trouble === 'offline') return false;
    }
    if (person !== undefined) await this.erase(person);
    this.session = undefined;
    this.forget();
    await this.known(await api.session().catch(() => ({ signed_in: false }) as api.Session));
    return true;
  }

  /** What was kept for a person leaves the phone with them; their queue stays. */
  private async erase(person: number): Promise<void> {
    const db = await this.db;
    await dropTiles(db, person);
    await db.delete('kept', IDBKeyRange.bound(`${person}/`, `${person}/\uffff`));
    await db.delete('kept', 'session');
  }

  // A report that was begun.

  async draft<T>(): Promise<T | undefined> {
    return this.person === undefined ? undefined : ((await (await this.db).get('kept', this.key('draft'))) as T | undefined);
  }

  async keepDraft(d: unknown): Promise<void> {
    if (this.person === undefined) return;
    const db = await this.db;
    if (d === undefined) await db.delete('kept', this.key('draft'));
    else await this.room(() => db.put('kept', d, this.key('draft')));
  }

  get lang(): 'zh' | 'en' {
    return language.now;
  }
}

/** What is noted of the duty: that it is on, whose and since when; or that its end is to be said. */
function dutyNoted(): { person?: number; since?: number; off?: number; at?: number } {
  try {
    return JSON.parse(localStorage.getItem(DUTY) ?? '{}') as ReturnType<typeof dutyNoted>;
  } catch {
    return {};
  }
}

/** A trouble that passes, or an answer that is not our server's: the same is tried again later. */
const passing = (p: Problem) => ['offline', 'busy', 'server', 'sign-in'].includes(p.trouble) || !p.body.type.startsWith('/problems/');

/** Whether the line costs nothing, as far as the browser says; those that say nothing are believed to. */
function cheap(): boolean {
  const c = (navigator as unknown as { connection?: { type?: string; saveData?: boolean } }).connection;
  return !c?.saveData && (c?.type === undefined || c.type === 'wifi' || c.type === 'ethernet' || c.type === 'unknown');
}
