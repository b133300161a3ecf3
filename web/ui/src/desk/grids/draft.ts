import type { Feature, FeatureCollection, LineString, MultiLineString, MultiPolygon, Polygon } from 'geojson';
import { get, put, type Params } from '../../api/http';
import type { paths } from '../../api/types';
import type { Place } from './moves';

export type Draft = paths['/api/v1/grid-drafts/{id}']['get']['responses']['200']['content']['application/json'];

/** What a cell is; its id is its number in the draft. */
export interface CellOf {
  code: string;
  new: boolean;
  community: string;
  name: string;
  area_class: string;
  kind: string;
  area_m2: number;
  flags: string[];
  was: string;
}
export type Cell = Feature<Polygon | MultiPolygon, CellOf> & { id: number };
export type Line = Feature<LineString | MultiLineString, { kind: string; class?: string }>;

/** Something that a person should look at. */
export interface Finding {
  kind: string;
  cell?: string;
  other?: string;
  m2?: number;
  at: Place;
}

interface Areas {
  n: number;
  p5: number;
  p50: number;
  p95: number;
  sum: number;
}

/** What drawing found. */
export interface Report {
  communities: number;
  cells: number;
  all: Areas;
  built_up: Areas;
  violations: Finding[] | null;
  outliers: Finding[] | null;
  notes: Finding[] | null;
  mesh?: Finding[] | null;
}

/** What an operation did. */
export interface Done {
  version: number;
  cells: number[] | null;
  gone: number[] | null;
  warnings?: { kind: string; at?: Place }[] | null;
}

export interface Operation {
  id: number;
  op: string;
  reason?: string;
  by: string;
  at: string;
  undone_by?: string;
}

const base = '/api/v1/grid-drafts';

export const drafts = async (signal?: AbortSignal) => (await get<{ drafts: Draft[] }>(base, {}, signal)).drafts;
export const draft = (id: number, signal?: AbortSignal) => get<Draft>(`${base}/${id}`, {}, signal);
export const make = (body: Params | Record<string, unknown>) => put<Draft>('POST', base, body);
export const remove = (d: Draft) => put<undefined>('DELETE', `${base}/${d.id}?version=${d.version}`);
export const cells = (id: number, bbox: readonly number[], signal?: AbortSignal) => get<FeatureCollection<Polygon | MultiPolygon, CellOf>>(`${base}/${id}/cells`, { bbox }, signal);
export const lines = (id: number, bbox: readonly number[], signal?: AbortSignal) => get<FeatureCollection<LineString | MultiLineString>>(`${base}/${id}/lines`, { bbox }, signal);
export const operations = async (id: number, signal?: AbortSignal) => (await get<{ operations: Operation[] }>(`${base}/${id}/operations`, {}, signal)).operations;
export const operate = (id: number, body: Record<string, unknown>) => put<Done>('POST', `${base}/${id}/operations`, body);
export const undo = (id: number, version: number) => put<Done>('POST', `${base}/${id}/undo`, { version });
export const redo = (id: number, version: number) => put<Done>('POST', `${base}/${id}/redo`, { version });
export const check = (id: number) => put<{ findings: Finding[] | null; counts: Record<string, number>; ok: boolean }>('POST', `${base}/${id}/check`);
export const publish = (id: number, body: Record<string, unknown>) => put<Draft>('POST', `${base}/${id}/publish`, body);
