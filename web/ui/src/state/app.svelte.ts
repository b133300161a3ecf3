import type { Feature, Point } from 'geojson';
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import * as api from '../api/api';
import type { Incident, Stats } from '../api/model';
import { wroteAt } from '../api/http';
import { Problem, type Trouble } from '../api/problem';
import { backoff } from '../live/backoff';
import { LiveClient, type Status } from '../live/client';
import { Watch } from './watch.svelte';
import type { LiveEvent } from '../live/protocol';
import type { LngLat, Omitted, TileLine } from '../map/view';
import { endOf, spans, type Span } from './bars';
import { asQuery, everything, interval, isOpen, openStates, passes, type Filter } from './filter';
import { byDue } from './clock';
import { flow } from './flow.svelte';
import { byTime, Calm } from './queue';
import { waitsFor } from './waiting';
import { format, parse, type Place, type Subject } from './url';
import { defaultLayers, gridLayers } from './subjects';

/** How many open incidents the page holds; beyond it the list says that older ones are not listed. */
const HELD = 3000;
const PAGE = 1000;

export type Theme = 'dark' | 'light';

export interface Worker {
  id: number;
  name: string;
  at: LngLat;
  seen: string;
}

/** The state of the command centre: one filter, one selection, one list for all that the page shows. */
export class App {
  session = $state.raw<api.Session | undefined>();
  layers = $state.raw<api.Layer[] | undefined>();
  classes = $state.raw<Map<string, api.ClassOf>>(new Map());
  components = $state.raw<Map<string, api.ClassOf>>(new Map());
  organisations = $state.raw<api.Department[]>([]);
  departments = $derived(this.organisations.filter((d) => d.kind === 'department'));

  place = $state<Place>(parse(location.search));
  /** Where the map looks; apart from place, so that a move of the map moves nothing else. */
  look = $state.raw(untrack(() => this.place.look));
  theme = $state<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? 'dark');
  now = $state(Date.now());
  online = $state(navigator.onLine);
  live = $state.raw<Status>({ state: 'connecting', heardAt: 0, lagS: 0, retryAt: 0 });

  /** The incidents the page knows, by id. */
  incidents = new SvelteMap<number, Incident>();
  workers = new SvelteMap<number, Worker>();
  loading = $state(true);
  trouble = $state<Trouble | undefined>();
  truncated = $state(false);
  /** Features that the tiles in view leave out, by layer. */
  omitted = $state.raw<Omitted>({});
  /** When the newest incident occurred, if none is open; undefined: there is none, or some are open. */
  past = $state<string | undefined>();
  stats = $state.raw<Stats | undefined>();
  today = $state(0);

  /** The list shows only what waits for the person at the screen. */
  waitingOnly = $state(false);
  /** The list begins with what is due first, not with what is newest. */
  urgentFirst = $state(false);

  /** While paused, what is new waits: the list stands still. */
  paused = $state(false);
  waiting = new SvelteMap<number, Incident>();
  /** Those that came by /live a moment ago: they slide in. */
  fresh = $state.raw<ReadonlySet<number>>(new Set());

  /** Set by the map: rings places, and loads tiles anew. */
  onpulse: ((places: LngLat[]) => void) | undefined;
  onstale: ((layer: string, since?: string) => void) | undefined;

  /** Set by the map: the address of each source's tile at its middle. */
  middle: (() => { source: string; url: string }[]) | undefined;

  /** Counts that are not as was to be expected, and places that come again. */
  readonly watch = new Watch();

  /** Counts the calls of begin. */
  private turn = 0;
  /** How often it failed since it last succeeded. */
  private failures = 0;
  private calm = new Calm();
  private readonly client: LiveClient;
  /** Where the map hears which of its tiles are stale. */
  readonly line: TileLine;
  private statsAbort: AbortController | undefined;
  private details = new Map<number, ReturnType<typeof setTimeout>>();

  constructor() {
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
    this.client = new LiveClient(url, (s) => {
      const refused = s.state === 'refused' && this.live.state !== 'refused' && this.session?.signed_in;
      this.live = s;
      if (refused && !this.loading) void this.begin();
    });
    this.line = this.client;
    try {
      const kept = localStorage.getItem('onemap.theme');
      if (kept === 'dark' || kept === 'light') this.setTheme(kept);
    } catch {
      // No storage: the default theme.
    }
  }

  // What is derived.

  private passing = $derived([...this.incidents.values()].filter((i) => passes(this.place.filter, i)));
  /** Those of the list that wait for the person at the screen. */
  waitingFor = $derived(this.passing.filter((i) => waitsFor(i, this.session?.person?.roles ?? [], this.session?.organisation?.code ?? '')));
  filtered = $derived((this.waitingOnly ? this.waitingFor : this.passing).toSorted(this.urgentFirst ? byDue : byTime));
  chosen = $derived(this.place.incident === undefined ? undefined : this.incidents.get(this.place.incident));
  layerNames = $derived(new Set((this.layers ?? []).map((l) => l.name)));
  base = $derived((this.layers ?? []).filter((l) => l.subject === 'base').map((l) => l.name));
  maySeeIncidents = $derived(this.layerNames.has('incident'));
  /** Grid layers that have nothing in them: a city need not have all three. */
  empty = $state.raw<ReadonlySet<string>>(new Set());
  on = $derived.by(() => {
    const on = new Set(defaultLayers(this.place.subject, this.empty));
    for (const l of this.place.plus) on.add(l);
    for (const l of this.place.minus) on.delete(l);
    return [...on].filter((l) => this.layerNames.has(l) || l === 'open');
  });

  features = $derived.by((): Feature<Point>[] =>
    this.on.includes('open')
      ? this.filtered.filter((i) => i.state === '' || isOpen(i.state)).map((i) => ({ type: 'Feature', properties: { id: i.id, severity: i.severity || 4, state: i.state }, geometry: { type: 'Point', coordinates: [i.lon, i.lat] } }))
      : [],
  );
  workerFeatures = $derived.by((): Feature<Point>[] =>
    this.on.includes('worker')
      ? [...this.workers.values()].map((w) => ({ type: 'Feature', properties: { id: w.id, name: w.name, seen_at: w.seen }, geometry: { type: 'Point', coordinates: [w.at[0], w.at[1]] } }))
      : [],
  );

  // What a person does.

  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('onemap.theme', theme);
    } catch {
      // For this page only.
    }
  }

  setSubject(subject: Subject): void {
    this.place = { ...this.place, subject, plus: [], minus: [] };
  }

  toggle(layer: string, on = !this.on.includes(layer)): void {
    const has = defaultLayers(this.place.subject, this.empty).includes(layer);
    const without = (list: string[]) => list.filter((l) => l !== layer);
    this.place = {
      ...this.place,
      plus: on && !has ? [...without(this.place.plus), layer] : without(this.place.plus),
      minus: !on && has ? [...without(this.place.minus), layer] : without(this.place.minus),
    };
  }

  setFilter(part: Partial<Filter>): void {
    const before = this.place.filter;
    this.place = { ...this.place, filter: { ...before, ...part } };
    if (part.open !== undefined && part.open !== before.open) void this.reload();
    else if (!this.place.filter.open) void this.reload();
    if (Object.keys(part).some((key) => key !== 'from' && key !== 'to')) void this.count();
  }

  setSpan(span: Span): void {
    this.place = { ...this.place, span };
    void this.count();
  }

  /** Shows what is over: all of it in the histogram, the newest in the list, the rest on the map. */
  showPast(): void {
    this.toggle('incident', true);
    this.place = { ...this.place, span: 'all', filter: { ...everything, open: false } };
    void this.reload();
    void this.count();
  }

  choose(id: number | undefined): void {
    this.place = { ...this.place, incident: id };
  }

  resume(): void {
    this.paused = false;
    for (const [id, i] of this.waiting) this.incidents.set(id, i);
    this.waiting.clear();
  }

  /** Keeps the address in step: a link is a view. */
  writeURL(): void {
    const query = format({ ...this.place, look: this.look });
    if (query !== location.search) history.replaceState(null, '', location.pathname + query);
  }

  // What comes from the server.

  /** Loads who is here and what they may see; again after signing in or out. */
  async begin(): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    // The line is opened first: by the time a tile is asked for, the place in the log is known from which on changes are told.
    for (const id of ['incident', 'worker']) this.client.unsubscribe(id);
    this.client.restart();
    try {
      const session = await api.session();
      // The public gets layers only while the portal of open data is on.
      const layers = session.signed_in ? await api.layers() : await api.layers().catch(() => []);
      if (turn !== this.turn) return; // somebody signed in or out meanwhile: the later answer counts
      this.session = session;
      this.layers = layers;
    } catch (error) {
      if (turn !== this.turn) return;
      this.trouble = error instanceof Problem ? error.trouble : 'server';
      this.loading = false;
      // A wall of screens has nobody who presses "try again".
      setTimeout(() => {
        if (turn === this.turn) void this.begin();
      }, Math.max(2_000, backoff(this.failures++)));
      return;
    }
    this.failures = 0;
    this.trouble = undefined;
    if (this.session.signed_in) {
      void this.dictionaries();
      void flow.load().catch(() => undefined); // buttons bear their codes until it comes
    }
    void this.lookForEmpty();
    this.incidents.clear();
    this.workers.clear();
    this.waiting.clear();
    if (this.maySeeIncidents) {
      this.client.subscribe({
        id: 'incident',
        layer: 'incident',
        load: (why, signal) => this.loadIncidents(why, signal),
        apply: (events) => this.applyIncidents(events),
        ended: () => this.begin(),
      });
    } else this.loading = false;
    this.watch.follow(this.client, this.layerNames);
    if (this.layerNames.has('worker'))
      this.client.subscribe({ id: 'worker', layer: 'worker', load: (why, signal) => this.loadWorkers(why, signal), apply: (events) => this.applyWorkers(events), ended: () => this.workers.clear() });
    void this.count();
  }

  /** After a reason was given for a sensitive layer: its content shows. */
  async reasonGiven(layer: string): Promise<void> {
    if (layer === 'incident' || layer === 'worker') await this.begin();
    else this.layers = await api.layers();
    this.onstale?.(layer, wroteAt());
  }

  private async lookForEmpty(): Promise<void> {
    const here = gridLayers.filter((l) => this.layerNames.has(l));
    const empty = await Promise.all(here.map((l) => api.hasData(l).then((has) => !has, () => false)));
    this.empty = new Set(here.filter((_, i) => empty[i]));
  }

  private async dictionaries(): Promise<void> {
    try {
      const [matters, components, organisations] = await Promise.all([
        api.classes('matter'),
        api.classes('component'),
        this.session?.signed_in ? api.organisations() : Promise.resolve([]),
      ]);
      this.classes = new Map(matters.map((c) => [c.code, c]));
      this.components = new Map(components.map((c) => [c.code, c]));
      this.organisations = organisations;
    } catch {
      // Names are missing until the next start; codes are shown instead.
    }
  }

  private reloading: AbortController | undefined;
  async reload(): Promise<void> {
    if (!this.maySeeIncidents) return;
    this.reloading?.abort();
    this.reloading = new AbortController();
    try {
      await this.loadIncidents('resync', this.reloading.signal);
    } catch {
      // loadIncidents has said what is wrong.
    }
  }

  private async loadIncidents(why: string, signal?: AbortSignal): Promise<void> {
    if (why === 'right') this.incidents.clear();
    this.loading = this.incidents.size === 0;
    const f = this.place.filter;
    const found: Incident[] = [];
    try {
      let page: string | undefined;
      do {
        const answer = await api.incidents(
          {
            limit: PAGE,
            page,
            ...(f.open ? { state: openStates.join(',') } : asQuery(f)),
          },
          signal,
        );
        found.push(...answer.incidents);
        page = answer.next;
      } while (page && found.length < HELD);
      this.truncated = page !== undefined;
      const ids = new Set(found.map((i) => i.id));
      for (const i of found) {
        // The list carries neither flow nor photos: those of the case that is open stay.
        const known = this.incidents.get(i.id);
        const open = i.id === this.place.incident;
        if (open && known?.flow && known.version === i.version) continue;
        this.incidents.set(i.id, open && known ? { ...i, flow: known.flow, photos: known.photos } : i);
        if (open) this.detailSoon(i.id);
      }
      for (const id of this.incidents.keys()) if (!ids.has(id) && id !== this.place.incident) this.incidents.delete(id);
      this.past = f.open && found.length === 0 ? (await api.incidents({ limit: 1 }, signal)).incidents[0]?.occurred_at : undefined;
      this.trouble = undefined;
    } catch (error) {
      if (error instanceof DOMException) throw error;
      this.trouble = error instanceof Problem ? error.trouble : 'server';
      throw error;
    } finally {
      this.loading = false;
    }
  }

  private applyIncidents(events: LiveEvent[]): void {
    const pulses: LngLat[] = [];
    const fresh = new Set<number>();
    for (const e of events) {
      if (e.kind === 'reload') {
        void this.reload();
      } else if (e.kind === 'gone') {
        this.incidents.delete(e.id);
        this.waiting.delete(e.id);
      } else {
        const f = e.feature;
        const known = this.incidents.get(f.id);
        const i = this.merge(known, f);
        const isNew = !known && !this.waiting.has(f.id);
        if (known || !this.paused) {
          if (known || isOpen(i.state) || !this.place.filter.open) this.incidents.set(f.id, i);
          if (isNew && isOpen(i.state)) {
            fresh.add(f.id);
            if (this.calm.allow(Date.now())) pulses.push([i.lon, i.lat]);
          }
        } else if (isOpen(i.state)) this.waiting.set(f.id, i);
        if (f.id === this.place.incident) this.detailSoon(f.id);
      }
    }
    if (fresh.size > 0) {
      this.fresh = fresh;
      setTimeout(() => {
        if (this.fresh === fresh) this.fresh = new Set();
      }, 2500);
    }
    if (pulses.length > 0) this.onpulse?.(pulses);
    this.countSoon();
  }

  /** A live feature has the registry's fields; names of classes and departments come from the dictionaries. */
  private merge(known: Incident | undefined, f: { id: number; geometry: unknown; properties: Record<string, unknown> }): Incident {
    const p = f.properties as Record<string, string | number | null>;
    const text = (key: string, otherwise = '') => (p[key] === undefined ? otherwise : String(p[key] ?? ''));
    const code = text('class_code', known?.class_code);
    const c = this.classes.get(code);
    const deptCode = text('dept_code', known?.dept_code);
    const d = this.departments.find((x) => x.code === deptCode);
    const [lon, lat] = (f.geometry as Point).coordinates as [number, number];
    const when = (key: 'since' | 'warn_at' | 'due_at') => (p[key] === undefined ? known?.[key] : (p[key] as string | null)) || undefined!;
    return {
      ...known, // what the map does not carry, as it was last read
      id: f.id,
      uuid: text('uuid', known?.uuid),
      class_standard: text('class_standard', known?.class_standard),
      class_code: code,
      class_zh: c?.name_zh ?? known?.class_zh ?? '',
      class_en: c?.name_en ?? known?.class_en ?? '',
      severity: Number(p.severity ?? known?.severity ?? 0),
      state: text('state', known?.state) as Incident['state'],
      source: text('source', known?.source) as Incident['source'],
      dept_code: deptCode,
      dept_zh: d?.name_zh ?? '',
      dept_en: d?.name_en ?? '',
      description: text('description', known?.description),
      place: text('place', known?.place),
      lon,
      lat,
      grid_code: text('grid_code', known?.grid_code),
      area_code: text('area_code', known?.area_code),
      occurred_at: text('occurred_at', known?.occurred_at) || undefined!,
      reported_at: text('reported_at', known?.reported_at) || undefined!,
      closed_at: text('closed_at', known?.closed_at) || undefined!,
      version: Number(p.version ?? known?.version ?? 0),
      number: text('number', known?.number) || undefined!,
      since: when('since'),
      warn_at: when('warn_at'),
      due_at: when('due_at'),
      pending: (text('pending', known?.pending) || undefined!) as NonNullable<Incident['pending']>,
      supervised: Boolean(p.supervised ?? known?.supervised),
      overdue: Boolean(p.overdue ?? known?.overdue),
      returns: Number(p.returns ?? known?.returns ?? 0),
      reworks: Number(p.reworks ?? known?.reworks ?? 0),
      mine: known?.mine ?? false,
      task: known?.task ?? false,
      allowed_actions: known?.allowed_actions ?? [],
    };
  }

  /** The flow and the allowed actions of an incident; live events do not carry them. */
  async detail(id: number, signal?: AbortSignal): Promise<void> {
    this.incidents.set(id, await api.incident(id, signal));
  }

  /**
   * One's own write is done. Where /live brings it, it brings the tiles that it changed too;
   * where not, those in view are loaded, at least as new as the write.
   */
  wrote(after: Incident): void {
    this.incidents.set(after.id, after);
    if (this.live.state !== 'live') this.onstale?.('incident', wroteAt());
  }

  private detailSoon(id: number): void {
    clearTimeout(this.details.get(id));
    this.details.set(
      id,
      setTimeout(() => void this.detail(id).catch(() => undefined), 150),
    );
  }

  private async loadWorkers(why: string, signal: AbortSignal): Promise<void> {
    if (why === 'right') this.workers.clear();
    const found = await api.features('worker', { limit: 10_000 }, signal);
    this.workers.clear();
    for (const f of found.features) this.worker(Number(f.id), f.geometry as Point, f.properties ?? {});
  }

  private worker(id: number, geometry: Point, p: Record<string, unknown>): void {
    this.workers.set(id, { id, name: String(p.name ?? ''), at: geometry.coordinates as [number, number], seen: String(p.seen_at ?? '') });
  }

  private applyWorkers(events: LiveEvent[]): void {
    for (const e of events) {
      if (e.kind === 'reload') void this.loadWorkers('resync', new AbortController().signal).catch(() => undefined);
      else if (e.kind === 'gone') this.workers.delete(e.id);
      else this.worker(e.feature.id, e.feature.geometry as Point, e.feature.properties);
    }
  }

  // Figures.

  private counting: ReturnType<typeof setTimeout> | undefined;
  private countSoon(): void {
    this.counting ??= setTimeout(() => {
      this.counting = undefined;
      void this.count();
    }, 1500);
  }

  /** What `stats` spans: a moment behind place.span. */
  statsSpan = $state<Span>('7d');

  async count(): Promise<void> {
    if (!this.maySeeIncidents) {
      this.stats = undefined;
      return;
    }
    this.statsAbort?.abort();
    const abort = (this.statsAbort = new AbortController());
    const f = this.place.filter;
    const midnight = new Date().setHours(0, 0, 0, 0);
    const shared = asQuery({ ...f, states: [], from: undefined, to: undefined });
    const hour = 3_600_000;
    const { span } = this.place;
    const to = span === 'all' ? 0 : endOf(span, Date.now());
    try {
      const [stats, today] = await Promise.all([
        api.stats(span === 'all' ? shared : { ...shared, datetime: interval(to - spans[span].h * hour, to + hour) }, abort.signal),
        api.stats({ ...shared, datetime: interval(midnight, midnight + 25 * hour) }, abort.signal),
      ]);
      this.stats = stats;
      this.statsSpan = span;
      this.today = today.total;
    } catch {
      // The figures stay as they were; the connection state says that they age.
    }
  }

  nudge(): void {
    this.client.nudge();
  }

  stop(): void {
    this.client.stop();
  }
}
