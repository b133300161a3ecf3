import { get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Webhook = S['WebhookInfo'];
export type Delivery = S['Delivery'];
export type Bridge = S['BridgeInfo'];
export type Mapping = S['BridgeClass'];

/** What a form says of a webhook. */
export interface Draft {
  name: string;
  org: string;
  url: string;
  events: string[];
  classes?: string[];
  area_code?: string;
  source?: string;
  state?: 'active' | 'paused' | 'disabled';
}

const hooks = '/api/v1/webhooks';

export const webhooks = () => get<{ webhooks: Webhook[]; events: string[] }>(hooks);
export const create = (d: Draft) => put<Webhook & { secret: string }>('POST', hooks, d);
export const change = (id: number, d: Draft) => put<Webhook>('PUT', `${hooks}/${id}`, d);
export const forget = (id: number) => put<undefined>('DELETE', `${hooks}/${id}`);
export const newSecret = (id: number) => put<{ secret: string }>('POST', `${hooks}/${id}/secret`);
export const test = (id: number) => put<Delivery>('POST', `${hooks}/${id}/test`);
export const deliveries = async (id: number, state: string, before?: string) => (await get<{ deliveries: Delivery[] }>(`${hooks}/${id}/deliveries`, { state, before, limit: 50 })).deliveries;
export const replay = (id: number, what: { delivery?: string; from?: string; to?: string; all?: boolean; missing?: boolean }) => put<{ count: number }>('POST', `${hooks}/${id}/replay`, what);

/** What a webhook is, as a form sends it back. */
export function draftOf(w: Webhook): Draft {
  return { name: w.name, org: w.org, url: w.url, events: w.events ?? [], classes: w.classes ?? [], area_code: w.area_code ?? '', source: w.source ?? '', state: w.state ?? 'active' };
}

export const bridges = async () => (await get<{ bridges: Bridge[] }>('/api/v1/bridges')).bridges;
export const putBridge = (name: string, b: { title_zh: string; title_en: string; source: Bridge['source']; org?: string }) => put<undefined>('PUT', `/api/v1/bridges/${encodeURIComponent(name)}`, b);
export const mappings = async (name: string) => (await get<{ classes: Mapping[] }>(`/api/v1/bridges/${encodeURIComponent(name)}/classes`)).classes;
export const putMappings = (name: string, classes: readonly Mapping[]) => put<undefined>('PUT', `/api/v1/bridges/${encodeURIComponent(name)}/classes`, { classes });
