import { get, put } from '../../api/http';
import type { components, paths } from '../../api/types';
import { named } from '../../i18n/i18n.svelte';

type S = components['schemas'];
export type Hazard = S['Hazard'];
export type Act = S['ActHazardInputBody'];
export type Table = paths['/api/v1/hazard-flow']['get']['responses']['200']['content']['application/json'];
export type Line = Table['transitions'][number];

const path = '/api/v1/hazards';

/** What the list shows: by state, level and clock, in words of the title, the place or the enterprise. */
export interface Query {
  state: string;
  level: '' | 'general' | 'major';
  due: '' | 'soon' | 'over';
  q: string;
  /** Those that are closed or void too. */
  all: boolean;
}

export const table = () => get<Table>('/api/v1/hazard-flow');
export const list = (q: Query, page?: string, signal?: AbortSignal) =>
  get<{ hazards: Hazard[]; next?: string }>(path, { state: q.state, filter: condition(q, new Date()), open: q.all || q.state ? undefined : true, q: q.q.trim(), page, limit: 100 }, signal);
export const one = (id: number, signal?: AbortSignal) => get<Hazard>(`${path}/${id}`, {}, signal);
export const act = (id: number, a: Act) => put<Hazard>('POST', `${path}/${id}/actions`, a);

/** The level and the clock of a query in CQL2; '' for all. */
export function condition(q: Pick<Query, 'level' | 'due'>, now: Date): string {
  const at = `TIMESTAMP('${now.toISOString().slice(0, 19)}Z')`;
  const parts: string[] = [];
  if (q.level) parts.push(`level = '${q.level}'`);
  if (q.due === 'over') parts.push(`due_at < ${at}`);
  if (q.due === 'soon') parts.push(`warn_at <= ${at} AND due_at >= ${at}`);
  return parts.join(' AND ');
}

/** The line of the table for an action on a hazard: where one for general and one for major ones stand there, that for its level. */
export function lineOf(t: Table | undefined, h: Hazard, action: string): Line | undefined {
  const other = h.level === 'major' ? 'is_general' : 'is_major';
  return t?.transitions.find((l) => l.action === action && l.from.includes(h.state) && !l.guards?.some((g) => g.name === other));
}

export function stateName(t: Table | undefined, state: string): string {
  const s = t?.states.find((x) => x.name === state);
  return s ? named(s.zh, s.en) : state;
}

/** A day as an input has it, as the last second of it by this machine's clock: a term ends with its day. */
export const endOf = (day: string): string => new Date(`${day}T23:59:59`).toISOString();

/** The day of a time, by this machine's clock, as an input of type date has it. */
export const dayOf = (at: Date): string => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
