import { address, get, put } from '../../api/http';
import type { components, paths } from '../../api/types';

type Body<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Sent<T> = T extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;
type At<P extends keyof paths> = paths[P] extends { get: { responses: { 200: infer R } } } ? Body<R> : never;

export type Run = At<'/api/v1/forecasts/{id}'>;
export type Choices = At<'/api/v1/forecasts/choices'>;
export type Trainable = Choices['classes'][number];
export type Reliability = At<'/api/v1/forecasts/{id}/reliability'>;
export type Hours = At<'/api/v1/forecasts/{id}/hours'>;
export type Changes = At<'/api/v1/forecasts/{id}/changes'>;
export type Exposure = At<'/api/v1/forecasts/{id}/exposure'>;
export type Comparison = At<'/api/v1/forecasts/compare'>;
export type Story = At<'/api/v1/forecasts/{id}/cells/{cell}'>;
export type Standing = At<'/api/v1/forecasts/standing'>['standing'][number];
export type Order = Sent<paths['/api/v1/forecasts']['post']>;
export type StandingOrder = Sent<paths['/api/v1/forecasts/standing']['post']>;
export type Refitted = components['schemas']['Refitted'];
export type ClassKey = Order['classes'][number];
export type Cell = Changes['more'][number];

const path = '/api/v1/forecasts';

export const choices = (signal?: AbortSignal) => get<Choices>(`${path}/choices`, {}, signal);
export const list = (page?: string) => get<{ forecasts: Run[]; next?: string }>(path, { limit: 50, page });
export const one = (id: number, signal?: AbortSignal) => get<Run>(`${path}/${id}`, {}, signal);
export const order = (o: Order) => put<Run>('POST', path, o);
export const reliability = (id: number) => get<Reliability>(`${path}/${id}/reliability`);
export const hours = (id: number) => get<Hours>(`${path}/${id}/hours`);
export const changes = (id: number) => get<Changes>(`${path}/${id}/changes`, { limit: 20 });
export const exposure = (id: number) => get<Exposure>(`${path}/${id}/exposure`);
export const compare = (a: number, b: number) => get<Comparison>(`${path}/compare`, { a, b, limit: 20 });
export const story = (id: number, cell: number, signal?: AbortSignal) => get<Story>(`${path}/${id}/cells/${cell}`, {}, signal);
export const refit = (id: number) => put<Refitted>('POST', `${path}/${id}/refit`);
export const withdraw = (id: number, reason: string) => put<Run>('POST', `${path}/${id}/withdrawal`, { reason });
export const standings = async () => (await get<{ standing: Standing[] }>(`${path}/standing`)).standing;
export const stand = (o: StandingOrder) => put<Standing>('POST', `${path}/standing`, o);
export const endStanding = (id: number) => put<undefined>('DELETE', `${path}/standing/${id}`);
export const file = (id: number, format: string, lang: string) => address(`${path}/${id}/file`, { format, lang });

/** The hot cells with their outlines, the densest first. */
export const hotCells = (id: number, signal?: AbortSignal) => get<GeoJSON.FeatureCollection>(`${path}/${id}/cells`, { hot: true, limit: 2000 }, signal);

/** What the map shows of a run. */
export const views = ['now', 'change', 'week', 'compare'] as const;
export type View = (typeof views)[number];

/** What a link to a view holds. */
export interface Link {
  run: number;
  view: View;
  /** Of the run's cells; undefined: none is chosen. */
  cell: number | undefined;
  /** The run that it is compared with; 0: none. */
  beside: number;
  /** The hour of the week, 0 is Monday 0:00. */
  hour: number;
}

/** Reads a link; what it does not say is as in a new view. */
export function linkOf(query: string): Link {
  const q = new URLSearchParams(query);
  const whole = (name: string): number | undefined => (/^\d{1,9}$/.test(q.get(name) ?? '') ? Number(q.get(name)) : undefined);
  const view = views.find((v) => v === q.get('view')) ?? 'now';
  return { run: whole('run') ?? 0, view, cell: whole('cell'), beside: whole('with') ?? 0, hour: Math.min(167, whole('hour') ?? 0) };
}

/** The address of a view. */
export function addressOf(l: Link): string {
  if (!l.run) return '/desk?p=forecast';
  let out = `/desk?p=forecast&run=${l.run}`;
  if (l.view !== 'now') out += `&view=${l.view}`;
  if (l.cell !== undefined) out += `&cell=${l.cell}`;
  if (l.view === 'compare' && l.beside) out += `&with=${l.beside}`;
  if (l.view === 'week') out += `&hour=${l.hour}`;
  return out;
}

/** Where the steps of the ramp begin, in times of the city's average density. */
export const steps = [0, 0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** Digits after the point with which a count reads as a count: 0.004, 0.12, 3.4, 120. */
export const digitsOf = (n: number): number => {
  const a = Math.abs(n);
  return a >= 100 ? 0 : a >= 10 ? 1 : a >= 0.1 ? 2 : 3;
};

/** Of how many days a run's numbers are. */
export const daysOf = (r: Pick<Run, 'from' | 'to'>): number => (Date.parse(r.to) - Date.parse(r.from)) / 86_400_000;

/** The hour of the week of a moment, in a time zone: 0 is Monday 0:00. */
export function hourOfWeek(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' }).formatToParts(at);
  const of = (type: string) => parts.find((p) => p.type === type)?.value ?? '';
  return Math.max(0, ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(of('weekday'))) * 24 + Number(of('hour'));
}

/** Another hour of the week, so many hours on; after Sunday comes Monday. */
export const stepped = (hour: number, by: number): number => (((hour + by) % 168) + 168) % 168;

/** Whether a run is still being made. */
export const waits = (r: Pick<Run, 'state'>): boolean => r.state === 'queued' || r.state === 'running';

/** A name that two people know a class by, in one piece. */
export const keyOf = (c: ClassKey): string => `${c.standard}|${c.code}`;

export interface ClassGroup {
  /** police, fire, or city for all others. */
  of: 'police' | 'fire' | 'city';
  title: { zh: string; en: string };
  classes: Trainable[];
}

/** Whose classes they are: of the calls to 110 and 119, by major class; the rest after them. */
export function groupsOf(classes: readonly Trainable[]): ClassGroup[] {
  const out = new Map<string, ClassGroup>();
  for (const c of classes) {
    const of = c.code.startsWith('110-') ? 'police' : c.code.startsWith('119-') ? 'fire' : 'city';
    const key = `${of}|${c.major_zh}`;
    const g = out.get(key);
    if (g) g.classes.push(c);
    else out.set(key, { of, title: { zh: c.major_zh, en: c.major_en }, classes: [c] });
  }
  const rank = { police: 0, fire: 1, city: 2 };
  return [...out.values()].sort((a, b) => rank[a.of] - rank[b.of]);
}

/** A steady scale for a map of differences: its outer step, of what the greatest is. */
export function outerStep(greatest: number): number {
  if (!(greatest > 0)) return 0.01;
  const ten = 10 ** Math.floor(Math.log10(greatest));
  return ([5, 2, 1].find((k) => k * ten <= greatest) ?? 1) * ten;
}

/** What a run is called: as whoever ordered it did; else, where the reader's language is not that of the name made for it, its classes. */
export function titleOf(r: { title: string; classes: readonly { name_zh: string; name_en: string }[] }, lang: 'zh' | 'en'): string {
  const first = r.classes[0];
  if (lang === 'zh' || !first || !r.title.startsWith(first.name_zh)) return r.title;
  const names = r.classes.map((c) => c.name_en || c.name_zh);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
