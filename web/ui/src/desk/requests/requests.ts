import { get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Request = S['RequestInfo'] & { steps?: Step[] };
export type Step = S['StepBody'];
export type Grant = S['GrantInfo'];
export type Rules = S['SharingRulesOutputBody'];
export type Transition = S['Transition'];

export type Box = 'inbox' | 'mine' | 'provided' | 'all';
export type Tab = Box | 'grants';

/** What is asked, or granted: what is left out of a grant is as it was asked. */
export interface Terms {
  items?: string[];
  area_code?: string;
  grids?: string[];
  ends_at?: string;
}

export interface Ask {
  uuid: string;
  resource: string;
  purpose: string;
  legal_ground: string;
  terms: Terms;
}

export interface Act {
  uuid: string;
  action: string;
  version: number;
  opinion?: string;
  basis?: string;
  terms?: Terms;
}

/** A resource of the catalogue, as much as asking for it needs. */
export interface Resource {
  code: string;
  name_zh: string;
  name_en?: string;
  abstract?: string;
  provider: string;
  provider_zh?: string;
  provider_en?: string;
  share: 'unconditional' | 'conditional' | 'none';
  share_basis?: string;
  items?: { key: string; name_zh: string; name_en?: string; sensitivity: string }[];
}

const requests = '/api/v1/requests';

export const list = (box: Box, state: string, before?: number, signal?: AbortSignal) =>
  get<{ requests: Request[]; waiting: { green: number; yellow: number; red: number } }>(requests, { box, state, before, limit: 50 }, signal);
export const one = (id: number, signal?: AbortSignal) => get<Request>(`${requests}/${id}`, {}, signal);
export const rules = () => get<Rules>(`${requests}/rules`);
export const ask = (a: Ask) => put<Request>('POST', requests, a);
export const act = (id: number, a: Act) => put<Request>('POST', `${requests}/${id}/actions`, a);
export const grants = async (side: 'given' | 'received' | 'all', over: boolean, signal?: AbortSignal) => (await get<{ grants: Grant[] }>('/api/v1/grants', { side, over, limit: 500 }, signal)).grants;
export const withdraw = (g: Grant, basis: string) => put<undefined>('POST', `/api/v1/grants/${g.kind}/${g.id}/withdrawal`, { basis });

export const findResources = async (q: string, signal?: AbortSignal) => (await get<{ resources: Resource[] }>('/api/v1/catalogue', { q, limit: 20 }, signal)).resources;
export const resource = (code: string, signal?: AbortSignal) => get<Resource>(`/api/v1/catalogue/${code}`, {}, signal);

/** Codes as people type them: separated by commas, also Chinese ones, or spaces. */
export const codes = (text: string): string[] => text.split(/[\s,，、;；]+/).filter((c) => c !== '');

/** The end of a day, by this machine's clock, but not after a moment: a grant for the last day asked is not longer than what was asked. */
export function until(day: string, last?: string): string {
  const end = new Date(`${day}T23:59:59`);
  return last && end.getTime() > Date.parse(last) ? last : end.toISOString();
}

/** The day of a time, by this machine's clock, as an input of type date has it. */
export const dayOf = (at: Date): string => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/** What a form sends of the terms: only what it cut. */
export function cut(asked: Terms, form: { items: string[]; area: string; grids: string; end: string }): Terms {
  const t: Terms = {};
  if (form.items.length !== (asked.items ?? []).length) t.items = form.items;
  if (form.area.trim() !== (asked.area_code ?? '')) t.area_code = form.area.trim();
  const grids = codes(form.grids);
  if (grids.join() !== (asked.grids ?? []).join()) t.grids = grids;
  const end = until(form.end, asked.ends_at);
  if (asked.ends_at && Date.parse(end) !== Date.parse(asked.ends_at)) t.ends_at = end;
  return t;
}
