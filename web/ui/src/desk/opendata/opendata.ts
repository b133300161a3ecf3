import type { FeatureCollection, Geometry, Position } from 'geojson';
import { get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Layer = S['OpenableBody'];
export type Rule = S['OpenRuleState'];
export type Key = S['OpenKeyBody'];
export interface Portal {
  on: boolean;
  layers: { name: string }[];
  per_minute: number;
  per_minute_with_key: number;
}
/** What the public would see: rows = shown + late + shapeless + few. */
export interface Preview {
  rows: number;
  shown: number;
  late: number;
  shapeless: number;
  few: number;
  features: FeatureCollection['features'];
}

const open = '/api/v1/open';
export const portal = (signal?: AbortSignal) => get<Portal>(open, {}, signal);
export const turn = (on: boolean, reason: string) => put<Portal>('PUT', open, { on, reason });
export const rules = (signal?: AbortSignal) => get<{ rules: Rule[]; layers: Layer[] }>(`${open}/rules`, {}, signal);
export const mark = (layer: string, on: boolean, reason: string) => put<undefined>('PUT', `${open}/layers/${layer}`, { open: on, reason });
export const set = (layer: string, r: Setting) => put<Rule>('PUT', `${open}/rules/${layer}`, r);
export const drop = (layer: string) => put<undefined>('DELETE', `${open}/rules/${layer}`);
export const preview = (layer: string, r: Setting, signal?: AbortSignal) => put<Preview>('POST', `${open}/rules/${layer}/preview`, r, signal);
export const keys = async () => (await get<{ keys: Key[] }>(`${open}/keys`)).keys;
export const revoke = (prefix: string) => put<undefined>('DELETE', `${open}/keys/${prefix}`);

/** A rule as the server takes it; metres and hours. */
export interface Setting {
  as_is: boolean;
  fields?: string[];
  cell_m?: number;
  simplify_m?: number;
  delay_hours?: number;
  floor?: number;
  refresh_hours?: number;
  licence?: string;
}

export type Way = 'whole' | 'same' | 'cells' | 'simpler';

/** What the form holds: every number is there, whichever way is chosen. */
export interface Form {
  way: Way;
  fields: string[];
  metres: number;
  delay: number;
  floor: number;
  refresh: number;
  licence: string;
}

/** How a layer may be shown: counts as they were released only, points by cells, shapes simpler or by cells. */
export function ways(l: Layer): Way[] {
  if (l.k_floor > 0) return ['whole'];
  const copies: Way[] = l.geometry.endsWith('Point') ? ['cells', 'same'] : ['simpler', 'cells', 'same'];
  return l.ask_reason || l.owner === '' ? ['whole'] : [...copies, 'whole'];
}

/** The form of a rule; of none, or of one that makes no copy, a careful beginning: every public field, in cells of 500 m, at least 3 in each, a day late. */
export function formOf(l: Layer, r: Rule | undefined): Form {
  const all = l.fields.map((f) => f.name);
  if (!r || r.as_is) {
    const first = ways(l)[0]!;
    return { way: r ? 'whole' : first, fields: all, metres: first === 'simpler' ? 50 : 500, delay: 24, floor: 3, refresh: 24, licence: r?.licence ?? '' };
  }
  const way: Way = r.cell_m ? 'cells' : r.simplify_m ? 'simpler' : 'same';
  return { way, fields: r.fields ?? [], metres: r.cell_m || r.simplify_m || 500, delay: r.delay_hours ?? 0, floor: Math.max(1, r.floor ?? 1), refresh: r.refresh_hours || 24, licence: r.licence ?? '' };
}

/** What is sent of the form: only what its way has. */
export function settingOf(l: Layer, f: Form): Setting {
  const licence = f.licence.trim() ? { licence: f.licence.trim() } : {};
  if (f.way === 'whole') return { as_is: true, ...licence };
  return {
    as_is: false,
    fields: l.fields.map((x) => x.name).filter((n) => f.fields.includes(n)),
    ...(f.way === 'cells' ? { cell_m: f.metres, floor: f.floor } : {}),
    ...(f.way === 'simpler' ? { simplify_m: f.metres } : {}),
    delay_hours: f.delay,
    refresh_hours: f.refresh,
    ...licence,
  };
}

/** How a layer stands before the public; the first that holds. */
export type Standing = 'shown' | 'portal' | 'making' | 'failed' | 'closed' | 'norule' | 'notshared';
export function standing(l: Layer, r: Rule | undefined, on: boolean): Standing {
  if (l.share !== 'unconditional') return 'notshared';
  if (!l.open) return 'closed';
  if (!r) return 'norule';
  if (r.failed) return 'failed';
  if (!r.current) return 'making';
  return l.published ? 'shown' : on ? 'making' : 'portal';
}

/** The box around features, west, south, east, north; undefined where there are none. */
export function boxOf(features: FeatureCollection['features']): number[] | undefined {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (c: Position | Position[] | Position[][] | Position[][][]): void => {
    if (typeof c[0] === 'number') {
      const [x, y] = c as [number, number];
      [box[0], box[1], box[2], box[3]] = [Math.min(box[0]!, x), Math.min(box[1]!, y), Math.max(box[2]!, x), Math.max(box[3]!, y)];
    } else for (const x of c as Position[]) walk(x);
  };
  for (const f of features) {
    const g = f.geometry as Geometry | null;
    if (g && g.type !== 'GeometryCollection') walk(g.coordinates);
  }
  return Number.isFinite(box[0]) ? box : undefined;
}
