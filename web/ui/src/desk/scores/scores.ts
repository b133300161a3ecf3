import { get, put } from '../../api/http';

// What the server says of how departments share: GET /api/v1/scores and /api/v1/service-index.

export interface Num {
  indicator: string;
  a: number;
  b: number;
  percent?: number;
}
export interface Card {
  org: string;
  name_zh: string;
  name_en: string;
  numbers: Num[];
  score?: number;
  grade?: string;
}
export interface Indicator {
  key: string;
  name_zh: string;
  name_en: string;
  rule_zh: string;
  rule_en: string;
  kind: 'rate' | 'count';
}
export interface Rules {
  weights: Record<string, number>;
  grades: number[];
}
export interface Objection {
  id: number;
  index: number;
  period: string;
  org: string;
  indicator: string;
  object: string;
  reason: string;
  made_by: string;
  made_at: string;
  accepted?: boolean;
  opinion?: string;
}
export interface Item {
  org: string;
  object: string;
  title: string;
  a: number;
  b: number;
  at?: string;
  objection?: Objection;
}
export interface Index {
  id: number;
  period: string;
  revision: number;
  rules: Rules;
  note?: string;
  published_by: string;
  published_at: string;
  latest: boolean;
  objections: number;
  open: number;
}
export interface Sheet {
  cards: Card[];
  indicators: Indicator[];
  rules: Rules;
}
export type Kind = 'month' | 'quarter' | 'year';

const v1 = '/api/v1';

export const live = (period: Kind, at: string, signal?: AbortSignal) => get<Sheet & { period: { label: string; to: string } }>(`${v1}/scores`, { period, at }, signal);
export const behind = async (period: Kind, at: string, indicator: string, org: string) => (await get<{ items: Item[] }>(`${v1}/scores/items`, { period, at, indicator, org })).items;
export const indexes = async () => (await get<{ indexes: Index[] }>(`${v1}/service-index`)).indexes;
export const published = (id: number) => get<Index & Sheet>(`${v1}/service-index/${id}`);
export const publishedBehind = async (id: number, indicator: string, org: string) => (await get<{ items: Item[] }>(`${v1}/service-index/${id}/items`, { indicator, org })).items;
export const publish = (period: Kind, at: string, note: string) => put<Index>('POST', `${v1}/service-index`, note ? { period, at, note } : { period, at });
export const object = (id: number, body: { uuid: string; indicator: string; object: string; reason: string }) => put<Objection>('POST', `${v1}/service-index/${id}/objections`, body);
export const objections = async () => (await get<{ objections: Objection[] }>(`${v1}/objections`)).objections;
export const decide = (id: number, accepted: boolean, opinion: string) => put<Objection>('POST', `${v1}/objections/${id}/decision`, { accepted, opinion });

/** Where a thing behind a number is looked at; undefined where no page shows it. */
export function pageOf(object: string): string | undefined {
  const [kind, ...rest] = object.split('/');
  const key = rest.join('/');
  switch (kind) {
    case 'request':
      return `/desk?p=requests&tab=provided&r=${key}`;
    case 'resource':
      return `/desk?p=catalogue&r=${encodeURIComponent(key)}`;
    default:
      return undefined;
  }
}
