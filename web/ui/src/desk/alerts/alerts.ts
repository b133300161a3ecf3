import type { Polygon } from 'geojson';
import { get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Body = Omit<S['AlertBody'], 'areas' | 'categories'> & { areas: Area[]; categories: Category[] };
export type Category = NonNullable<S['AlertBody']['categories']>[number];
export type Area = { code: string } | { crs: 'WGS84'; geometry: Polygon };

/** What a CAP message says in one language, as far as the page shows it. */
export interface Info {
  language: string;
  category: Category[];
  event: string;
  urgency: Body['urgency'];
  severity: string;
  certainty: Body['certainty'];
  effective?: string;
  onset?: string;
  expires?: string;
  sender_name?: string;
  headline?: string;
  description?: string;
  instruction?: string;
  area?: { desc: string }[];
}
export type Alert = Omit<S['AlertInfo'], 'message'> & { message: { identifier: string; sent: string; status: string; scope: string; msg_type: string; note?: string; info?: Info[] } };

const path = '/api/v1/alerts';

export const list = (state: string, before?: number) => get<{ alerts: Alert[]; next?: number }>(path, { state, before, limit: 50 });
export const issue = (b: Body) => put<Alert>('POST', path, b);
export const update = (id: number, b: Body) => put<Alert>('POST', `${path}/${id}/update`, b);
export const cancel = (id: number, note: string) => put<Alert>('POST', `${path}/${id}/cancel`, { note });

export const categories: readonly Category[] = ['Met', 'Geo', 'Fire', 'Safety', 'Security', 'Rescue', 'Health', 'Env', 'Transport', 'Infra', 'CBRNE', 'Other'];

/** What the message says in a language; in the other where it has none. */
export function infoOf(a: Alert, lang: 'zh' | 'en'): Info | undefined {
  return a.message.info?.find((i) => i.language.toLowerCase().startsWith(lang)) ?? a.message.info?.[0];
}

/** A time as an input of type datetime-local has it, by this machine's clock. */
export function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
