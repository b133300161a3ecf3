import type { MultiPolygon, Polygon } from 'geojson';
import { get, put } from '../../api/http';
import * as api from '../../api/api';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Fence = Omit<S['FenceBody'], 'geometry'> & { geometry: MultiPolygon };
export type Draft = Omit<S['FenceDraftBody'], 'geometry'> & { geometry: Polygon | MultiPolygon };

/** Who entered or left a fence; who it was is told to the owner of the layer alone. */
export interface Crossing {
  id: number;
  what: 'enter' | 'leave';
  why: 'moved' | 'off_duty' | 'silent' | 'fence';
  org: string;
  name?: string;
  at: string;
}

const path = '/api/v1/fences';

export const list = async (ended: boolean) => (await get<{ fences: Fence[] }>(path, { ended })).fences;
export const create = (d: Draft) => put<Fence>('POST', path, d);
export const update = (f: Fence, d: Draft) => put<Fence>('PUT', `${path}/${f.id}`, { ...d, version: f.version });
export const end = (id: number) => put<undefined>('DELETE', `${path}/${id}`);

/** The last crossings of a fence, the latest first; the numbers of events rise with their time. */
export async function crossings(f: Fence): Promise<Crossing[]> {
  const all = await api.features('fence_event', { filter: `fence = '${f.key}'`, limit: 1000 });
  return all.features
    .map((c) => ({ ...(c.properties as Omit<Crossing, 'id'>), id: Number(c.id) }))
    .sort((a, b) => b.id - a.id)
    .slice(0, 50);
}

export type Stage = 'coming' | 'now' | 'ended';

/** Whether a fence is in force at a moment, in milliseconds since 1970. */
export function stageOf(f: Pick<Fence, 'valid_from' | 'valid_to'>, at: number): Stage {
  if (f.valid_to && Date.parse(f.valid_to) <= at) return 'ended';
  return f.valid_from && Date.parse(f.valid_from) > at ? 'coming' : 'now';
}
