import { address, get, put, upload } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Class = S['Class'];
export type Detail = S['ClassDetail'];
export type Filing = S['Filing'];
export type Limit = S['Filing']['limit'];
export type Rule = S['Rule'];
export type Edition = S['Edition'];
export type Change = S['Revision'];
export type Kind = Class['kind'];

/** What a form says of a class. */
export interface Edit {
  name_zh: string;
  name_en: string;
  severity: number;
  dept: string;
  active: boolean;
  ended_on?: string | undefined;
  aliases: string[];
}

/** Which class: a code alone is in many lists. */
export interface Key {
  standard: string;
  kind: Kind;
  code: string;
}

export const units = ['urgent_hour', 'working_hour', 'working_day', 'natural_day'] as const;

const v1 = '/api/v1';
/** A standard has a slash in it. */
const at = (k: Key) => `${v1}/classes/${encodeURIComponent(k.standard)}/${k.kind}/${k.code}`;

export const editions = async () => (await get<{ editions: Edition[] }>(`${v1}/class-editions`)).editions;
export const setEdition = (standard: string, active: boolean, reason: string) => put<undefined>('PUT', `${v1}/class-editions/${encodeURIComponent(standard)}`, { active, reason });
export const list = async (q: { edition: string; kind: string; q: string; all: boolean }, signal?: AbortSignal) => (await get<{ classes: Class[] }>(`${v1}/classes`, { ...q, limit: 1000 }, signal)).classes;
export const one = (k: Key, signal?: AbortSignal) => get<Detail>(at(k), {}, signal);
export const change = (k: Key, e: Edit, version: number, reason: string) => put<Detail>('PUT', at(k), { ...e, version, reason });
export const extend = (x: Edit & { standard: string; kind: Kind; major: string }, reason: string) => put<Detail>('POST', `${v1}/classes`, { ...x, reason });
export const file = (k: Key, f: Filing, reason: string) => {
  const { code, default: _, ...body } = f;
  return put<Detail>('PUT', `${at(k)}/conditions/${encodeURIComponent(code)}`, { ...body, reason });
};

export const addRule = (r: { standard: string; code: string; grid_code?: string; area_code?: string; dept: string; reason?: string }) => put<{ id: number }>('POST', `${v1}/class-rules`, r);
export const endRule = (id: number, reason: string) => put<undefined>('DELETE', address(`${v1}/class-rules/${id}`, { reason }));

export const history = (q: { standard?: string; kind?: string; code?: string; what?: string }, before?: number) => get<{ changes: Change[]; next?: number }>(`${v1}/class-history`, { ...q, before, limit: 20 });
export const restore = (id: number) => put<undefined>('POST', `${v1}/class-history/${id}/restore`);

export interface Taken {
  rows: number;
  changed: number;
  unchanged: number;
  rejects: { line: number; field: string; value: string; reason: string }[];
  tried?: boolean;
}
export const sheet = (edition: string) => address(`${v1}/class-conditions`, { edition });
export const take = (csv: Blob, dry: boolean, reason: string) => upload<Taken>(address(`${v1}/class-conditions`, { try: dry, reason }), new Blob([csv], { type: 'text/csv' }));

/** The code that a new condition of a class gets: the first number that is free. */
export function nextCondition(there: readonly { code: string }[]): string {
  for (let n = 1; ; n++) if (!there.some((c) => c.code === String(n) || Number(c.code) === n)) return String(n);
}

/** A field of a record that a change made another. */
export interface Difference {
  field: string;
  was: unknown;
  is: unknown;
}

/** What differs between two records; all fields of the one that is there, where the other is not. */
export function differences(was: unknown, is: unknown): Difference[] {
  const a = (was ?? {}) as Record<string, unknown>;
  const b = (is ?? {}) as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((k) => JSON.stringify(a[k] ?? null) !== JSON.stringify(b[k] ?? null))
    .map((field) => ({ field, was: a[field], is: b[field] }));
}
