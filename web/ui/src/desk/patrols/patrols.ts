import { get, put } from '../../api/http';
import type { components } from '../../api/types';
import type { Run } from '../forecast/forecast';

type S = components['schemas'];
export type Plan = S['PatrolplanPlan'];
export type Unit = NonNullable<Plan['units']>[number];
export type Stop = Unit['stops'][number];
export type Choices = S['Choices'];
export type Order = S['MakePatrolInputBody'];
export type Action = 'accept' | 'refuse' | 'withdraw';
type StopBody = S['PatrolStopBody'];

const path = '/api/v1/patrols';

export const choices = () => get<Choices>(`${path}/choices`);
export const list = async (state: string) => (await get<{ plans: Plan[] }>(path, { state })).plans;
export const one = (id: number) => get<Plan>(`${path}/${id}`);
export const make = (o: Order) => put<Plan>('POST', path, o);
export const decide = (p: Plan, action: Action, reason: string) => put<Plan>('POST', `${path}/${p.id}/decisions`, { action, version: p.version, reason });
export const edit = (p: Plan, reason: string, units: S['PatrolUnitEditBody'][]) => put<Plan>('POST', `${path}/${p.id}/edits`, { version: p.version, reason, units });
export const file = (p: Plan, format: string, lang: string, unit = 0) => `${path}/${p.id}/file?format=${format}&lang=${lang}${unit ? `&unit=${unit}` : ''}`;

/** Forecasts that one may plan on: made, in force and shown. */
export async function forecasts(): Promise<Run[]> {
  return (await get<{ forecasts: Run[] }>('/api/v1/forecasts', { current: true, state: 'done' })).forecasts.filter((f) => f.shown);
}

/** What a plan is called: as whoever ordered it did; the name that is made for one without, in the reader's language. */
export function titleOf(title: string, say: (at: string) => string): string {
  const made = /^巡逻 (\d{4}-\d\d-\d\d \d\d:\d\d)/.exec(title);
  return made ? say(made[1]!) + title.slice(made[0].length) : title;
}

/** Who goes, as one choice: a worker's login, or a grid whose workers may, whoever of them is there. */
const byGrid = 'grid:';
export const goesOf = (u: { person?: string; grid_code?: string }): string => u.person || (u.grid_code ? byGrid + u.grid_code : '');
export const goer = (goes: string): { person: string; grid_code: string } =>
  goes.startsWith(byGrid) ? { person: '', grid_code: goes.slice(byGrid.length) } : { person: goes, grid_code: '' };
/** Grids that have workers, in order. */
export const gridsOf = (workers: Choices['workers']): string[] => [...new Set(workers.flatMap((w) => w.grids))].sort();

export type At = readonly [lng: number, lat: number];

/** A stop as it is edited: a place of the plan, or one that was put on the map. */
export interface Draft {
  key: number;
  place: number;
  title: string;
  explore: boolean;
  at: At;
  added: boolean;
}

/** The stops of a unit, to be edited. */
export const draftsOf = (u: Unit): Draft[] => u.stops.map((s, i) => ({ key: i, place: s.place, title: s.title, explore: s.explore ?? false, at: [s.lon, s.lat], added: false }));

/** The list with the stop at i moved by so many places; unchanged where that is over an end. */
export function moved<T>(list: readonly T[], i: number, by: number): T[] {
  const out = [...list];
  const to = i + by;
  if (to < 0 || to >= out.length) return out;
  out.splice(to, 0, ...out.splice(i, 1));
  return out;
}

/** What is sent of edited stops. */
export const bodies = (stops: readonly Draft[]): StopBody[] =>
  stops.map((s) => (s.added ? { new: { title: s.title, place: { crs: 'WGS84', coordinates: [s.at[0], s.at[1]] } } } : { place: s.place }));

/** What became of a stop. */
export type Done = 'visited' | 'far' | 'skipped' | 'open';
export const doneOf = (s: Pick<Stop, 'visited_at' | 'far' | 'skipped'>): Done => (s.visited_at ? (s.far ? 'far' : 'visited') : s.skipped ? 'skipped' : 'open');
