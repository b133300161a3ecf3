import { get, put, upload } from '../../api/http';
import type { paths } from '../../api/types';
import type { Key } from '../../i18n/table';
import { named } from '../../i18n/i18n.svelte';

type Json<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
type Sent<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { requestBody: { content: { 'application/json': infer T } } } ? T : never;

export type Found = Json<'/api/v1/catalogue', 'get'>;
export type Hit = Found['resources'][number];
export type Facet = Found['facets'][number];
export type Resource = Json<'/api/v1/catalogue/{class}/{number}', 'get'>;
export type Item = Resource['items'][number];
export type Class = Json<'/api/v1/catalogue/classes', 'get'>['classes'][number];
export type Version = Json<'/api/v1/catalogue/{class}/{number}/versions', 'get'>['versions'][number];
export type Report = Json<'/api/v1/catalogue/import', 'post'>;
export type Draft = Omit<Sent<'/api/v1/catalogue', 'post'>, '$schema'>;

const path = '/api/v1/catalogue';

/** What is looked for: words, a choice of each facet, dates. */
export interface Query {
  q: string;
  /** Values chosen of each facet; of one facet any may hold. */
  chosen: Record<string, readonly string[]>;
  updated_from: string;
  period_from: string;
  period_to: string;
  sort: '' | 'relevance' | 'updated' | 'published' | 'name' | 'code';
  withdrawn: boolean;
  drafts: boolean;
}

export const nothing: Query = { q: '', chosen: {}, updated_from: '', period_from: '', period_to: '', sort: '', withdrawn: false, drafts: false };

/** The facets that the page shows, with what the server calls their parameter. */
export const facets: readonly { name: string; param: string; title: Key }[] = [
  { name: 'class', param: 'class', title: 'cat.class' },
  { name: 'provider', param: 'provider', title: 'cat.provider' },
  { name: 'share', param: 'share', title: 'cat.share' },
  { name: 'sight', param: 'sight', title: 'cat.sight' },
  { name: 'open', param: 'open', title: 'cat.open' },
  { name: 'mounted', param: 'mounted', title: 'cat.mounted' },
  { name: 'format', param: 'format_of', title: 'cat.format' },
  { name: 'update_cycle', param: 'update_cycle', title: 'cat.cycle' },
  { name: 'grading', param: 'grading', title: 'cat.grading' },
  { name: 'area', param: 'area', title: 'cat.area' },
];

/** The parameters of a query as the server and the page's address have them. */
export function params(q: Query): Record<string, string | readonly string[] | boolean | undefined> {
  const out: Record<string, string | readonly string[] | boolean | undefined> = {
    q: q.q.trim(),
    updated_from: q.updated_from && new Date(`${q.updated_from}T00:00:00`).toISOString(),
    period_from: q.period_from,
    period_to: q.period_to,
    sort: q.sort,
    withdrawn: q.withdrawn || undefined,
    drafts: q.drafts || undefined,
  };
  for (const f of facets) out[f.param] = q.chosen[f.name];
  return out;
}

/** A value of a facet chosen, or no longer. */
export function toggled(q: Query, facet: string, value: string): Query {
  const has = q.chosen[facet] ?? [];
  return { ...q, chosen: { ...q.chosen, [facet]: has.includes(value) ? has.filter((v) => v !== value) : [...has, value] } };
}

export const search = (q: Query, offset: number, signal?: AbortSignal) => get<Found>(path, { ...params(q), offset, limit: 30 }, signal);
export const one = (code: string, signal?: AbortSignal) => get<Resource>(`${path}/${code}`, {}, signal);
export const versions = async (code: string) => (await get<{ versions: Version[] }>(`${path}/${code}/versions`)).versions;
export const classes = async () => (await get<{ classes: Class[] }>(`${path}/classes`)).classes;
export const create = (d: Draft) => put<Resource>('POST', path, d);
export const change = (code: string, d: Draft & { version: number }) => put<Resource>('PUT', `${path}/${code}`, d);
export const bind = (code: string, layer: string, reason: string) => put<Resource>('PUT', `${path}/${code}/layer`, reason ? { layer, reason } : { layer });
export const withdraw = (code: string, withdrawn: boolean, reason: string) => put<Resource>('POST', `${path}/${code}/withdrawal`, { withdrawn, reason });
export const addFile = (code: string, file: File) => upload<Resource>(`${path}/${code}/files?name=${encodeURIComponent(file.name)}`, new Blob([file], { type: 'application/octet-stream' }));
export const removeFile = (code: string, id: number) => put<Resource>('DELETE', `${path}/${code}/files/${id}`);
export const fileAddress = (code: string, id: number) => `${path}/${code}/files/${id}`;

/** The address of what a query finds, as a file. */
export function exportAddress(q: Query, as: 'xlsx' | 'csv' | 'jsonld', lang: string): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(params(q))) {
    if (v === undefined || v === '' || (Array.isArray(v) && v.length === 0)) continue;
    p.set(k, String(v));
  }
  if (as !== 'jsonld') {
    p.set('format', as);
    p.set('lang', lang);
  }
  return `${path}${as === 'jsonld' ? '.jsonld' : '/export'}?${p}`;
}

/** What a file's name says it is; undefined for none that can be read. */
export function kindOf(name: string): 'xlsx' | 'csv' | 'jsonld' | undefined {
  const end = name.toLowerCase().split('.').pop();
  return end === 'xlsx' || end === 'csv' ? end : end === 'jsonld' || end === 'json' ? 'jsonld' : undefined;
}

export const bring = (file: File, apply: boolean, signal?: AbortSignal) =>
  upload<Report>(`${path}/import?format=${kindOf(file.name)}&apply=${apply}&name=${encodeURIComponent(file.name.slice(0, 200))}`, new Blob([file], { type: 'application/octet-stream' }), signal);

/** A resource as the form has it: what the server fills in is left out. */
export function draftOf(r: Resource): Draft {
  const own = !r.layer;
  return {
    name_zh: r.name_zh, name_en: r.name_en ?? '', abstract: r.abstract ?? '', format: r.format, format_type: r.format_type ?? '',
    ...(own ? { provider: r.provider, share: r.share, share_basis: r.share_basis ?? '', open: r.open, update_cycle: r.update_cycle, address: r.address ?? '', ...(r.updated_at ? { updated_at: r.updated_at } : {}) } : {}),
    share_how: r.share_how ?? '', open_basis: r.open_basis ?? '', known_to: r.known_to, grading: r.grading, area_code: r.area_code ?? '',
    ...(r.published_on ? { published_on: r.published_on } : {}), ...(r.period_from ? { period_from: r.period_from } : {}), ...(r.period_to ? { period_to: r.period_to } : {}),
    related: [...r.related],
    items: r.items.map((i) => ({ key: i.key, name_zh: i.name_zh, name_en: i.name_en ?? '', type: i.type, length: i.length ?? 0, sensitivity: i.sensitivity, description: i.description ?? '' })),
  };
}

/** What is empty, and of which an empty value would be refused, is left out. */
export function sent(d: Draft): Draft {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(d)) if (v !== '' && v !== undefined) out[k] = v;
  return out as Draft;
}

/** The name of a facet's value. */
export function valueName(f: string, v: Facet['values'][number], t: (key: Key) => string): string {
  if (v.name_zh) return named(v.name_zh, v.name_en ?? '') || v.value;
  if (v.value === '') return t('cat.unsaid');
  if (f === 'class' || f === 'provider' || f === 'area') return v.value;
  return t(`cat.${f === 'update_cycle' ? 'cycle' : f}.${v.value}` as Key);
}
