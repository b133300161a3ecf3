import type { FeatureCollection } from 'geojson';
import { get, put, upload } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Upload = S['Upload'];
export type Sheet = S['Sheet'];
export type Column = S['Column'];
export type Plan = S['UploadPlan'];
export type Batch = S['Batch'];
export type Reject = S['UploadReject'];
export type Verdict = S['Verdict'];
export type Candidate = Verdict['candidates'][number];
export type FieldPlan = Plan['fields'][number];

const path = '/api/v1/uploads';
const batchPath = '/api/v1/batches';

/** Brings a file. Its name is only shown; what it is, the server finds out. */
export const bring = (file: File, signal?: AbortSignal) => upload<Upload>(`${path}?name=${encodeURIComponent(file.name)}`, new Blob([file], { type: 'application/octet-stream' }), signal);
export const sheet = (id: number, name: string, line: number, rows?: number) => get<Sheet>(`${path}/${id}/sheet`, { sheet: name, header_line: line, header_rows: rows });
export const planFor = (id: number, name: string, layer: string) => get<Plan>(`${path}/${id}/plan`, { sheet: name, layer });
export const judge = (id: number, plan: Plan, signal?: AbortSignal) => put<Verdict>('POST', `${path}/${id}/crs`, { plan }, signal);
export const preview = (id: number, plan: Plan, signal?: AbortSignal) => put<Batch>('POST', `${path}/${id}/preview`, { plan }, signal);
export const erase = (id: number) => put<undefined>('DELETE', `${path}/${id}`);

export const batches = (before?: number) => get<{ batches: Batch[] }>(batchPath, { before, limit: 30 });
export const batch = (id: number) => get<Batch>(`${batchPath}/${id}`);
export const rejects = (id: number) => get<{ rejects: Reject[] }>(`${batchPath}/${id}/rejects`, { limit: 200 });
export const features = (id: number) => get<FeatureCollection>(`${batchPath}/${id}/features`);
export const apply = (id: number) => put<Batch>('POST', `${batchPath}/${id}/apply`);
export const undo = (id: number, later?: 'keep' | 'overwrite') => put<Batch>('POST', `${batchPath}/${id}/undo`, later ? { later } : {});
export const drop = (id: number) => put<undefined>('DELETE', `${batchPath}/${id}`);

/** Systems that a person chooses from; others are typed. */
export const systems = ['WGS84', 'CGCS2000', 'GCJ02', 'BD09', 'EPSG:4549', 'EPSG:4528', 'EPSG:4548', 'EPSG:4550'] as const;
export const types = ['text', 'integer', 'number', 'boolean', 'date', 'time'] as const;
export const cycles = ['real_time', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'irregular'] as const;
export const geometries = ['Point', 'MultiLineString', 'MultiPolygon', 'LineString', 'Polygon', 'MultiPoint'] as const;

/** How a plan takes its places: the choice of a person. */
export type Where = 'file' | 'columns' | 'column' | 'address';

export function whereOf(p: Plan['place']): Where {
  if (p.x) return 'columns';
  if (p.column) return 'column';
  return p.address?.length ? 'address' : 'file';
}

/** A size in words: 12 kB, 3.4 MB. */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
