import { get, put } from '../../api/http';
import type { Upload } from './upload';

export interface Run {
  id: number;
  by?: string;
  begun: string;
  ended?: string;
  state: 'running' | 'changed' | 'unchanged' | 'waiting' | 'failed';
  rows: number;
  inserted: number;
  updated: number;
  deleted: number;
  rejected: number;
  kept_out: number;
  batch?: number;
  error?: string;
}

export interface Source {
  id: number;
  title: string;
  kind: Kind;
  place: Place;
  layer: string;
  plan?: unknown;
  minutes: number;
  active: boolean;
  keeper: string;
  secret: boolean;
  next_at: string;
  last?: Run;
  alarms: { kind: 'unreachable' | 'stale'; since: string }[];
}

export const kinds = ['postgres', 'ogc', 'arcgis', 'file'] as const;
export type Kind = (typeof kinds)[number];
export interface Place {
  url?: string;
  host?: string;
  port?: number;
  database?: string;
  tls?: boolean;
  table?: string;
  query?: string;
  /** How long a PostgreSQL statement may take. */
  seconds?: number;
  /** Of ArcGIS: which features, and in which system to ask for them: an EPSG code. */
  where?: string;
  crs?: string;
}

const parts: Record<Kind, readonly (keyof Place)[]> = {
  postgres: ['host', 'port', 'database', 'tls', 'table', 'query', 'seconds'],
  ogc: ['url'],
  arcgis: ['url', 'where', 'crs'],
  file: ['url'],
};

/** What is sent of a place: all that its kind knows, and nothing that was left empty or belongs to another kind. */
export function placeFor(kind: Kind, place: Place): Place {
  return Object.fromEntries(parts[kind].map((k) => [k, place[k]]).filter(([, v]) => v !== undefined && v !== null && v !== '' && v !== false));
}

/** What an officer says of a source. A login and a secret that are left out stay as they are. */
export interface Setting {
  title: string;
  kind: Kind;
  place: Place;
  layer?: string;
  plan?: unknown;
  minutes: number;
  active: boolean;
  login?: string;
  secret?: string;
}

const path = '/api/v1/pulls';
export const sources = () => get<{ sources: Source[] }>(path);
export const runs = (id: number) => get<{ runs: Run[] }>(`${path}/${id}/runs`, { limit: 30 });
export const make = (s: Setting) => put<Source>('POST', path, s);
export const change = (id: number, s: Setting) => put<Source>('PUT', `${path}/${id}`, s);
export const end = (id: number) => put<undefined>('DELETE', `${path}/${id}`);
export const run = (id: number) => put<undefined>('POST', `${path}/${id}/run`);
export const look = (id: number) => put<Upload>('POST', `${path}/${id}/look`);
