import { address, get, put } from '../../api/http';
import type { paths } from '../../api/types';

type Body<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Sent<T> = T extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;

export type Plan = Body<paths['/api/v1/stationing/plans/{id}']['get']['responses'][200]>;
export type Material = Body<paths['/api/v1/stationing/plans/{id}/material']['get']['responses'][200]>;
export type Comparison = Body<paths['/api/v1/stationing/plans/{id}/what-if']['post']['responses'][200]>;
export type Order = Sent<paths['/api/v1/stationing/plans']['post']>;
export type Question = Order['question'];
export type Measured = Plan['answer']['plan'];
export type Area = Measured['areas'][number];

/** A post on the map that a person may move. */
export interface Stand {
  /** Stable while it is dragged. */
  key: string;
  name: string;
  lon: number;
  lat: number;
  units: number;
  fixed: boolean;
}

const path = '/api/v1/stationing/plans';

export const list = async () => (await get<{ plans: Plan[] }>(path)).plans;
export const one = (id: number, signal?: AbortSignal) => get<Plan>(`${path}/${id}`, {}, signal);
export const material = (id: number, signal?: AbortSignal) => get<Material>(`${path}/${id}/material`, {}, signal);
export const make = (o: Order) => put<Plan>('POST', path, o);
const sent = (stands: readonly Stand[]) => ({ crs: 'WGS84', posts: stands.map((s) => ({ name: s.name, x: s.lon, y: s.lat, units: s.units })) });
export const whatIf = (id: number, stands: readonly Stand[], signal?: AbortSignal) => put<Comparison>('POST', `${path}/${id}/what-if`, sent(stands), signal);
export const keep = (id: number, uuid: string, title: string, stands: readonly Stand[]) => put<Plan>('POST', `${path}/${id}/edits`, { ...sent(stands), uuid, title });
export const decide = (id: number, decision: 'accepted' | 'refused' | 'ended', reason: string) => put<Plan>('POST', `${path}/${id}/decisions`, { decision, reason });
export const file = (id: number, format: 'geojson' | 'csv' | 'xlsx' | 'gpx' | 'pdf', lang: string) => address(`${path}/${id}/file`, { format, lang });

export const standsOf = (m: Measured): Stand[] => m.posts.map((p) => ({ key: `${p.lon},${p.lat}`, name: p.name, lon: p.lon, lat: p.lat, units: p.units, fixed: p.fixed }));

export const same = (a: readonly Stand[], b: readonly Stand[]) => a.length === b.length && a.every((s, i) => s.lon === b[i]!.lon && s.lat === b[i]!.lat && s.units === b[i]!.units);

export interface AreaRow {
  code: string;
  name_zh: string;
  name_en: string;
  demand: number;
  /** Shares within the standard; before is absent where there is nothing to compare with. */
  before: number | undefined;
  after: number;
  beforeS: number | undefined;
  afterS: number;
}

/** Areas beside what they had, those that lose most first, then those that gain, then by demand. */
export function areaRows(after: readonly Area[], before: readonly Area[] | undefined): AreaRow[] {
  const had = new Map((before ?? []).map((a) => [a.code, a]));
  const rows = after.map((a) => {
    const b = had.get(a.code);
    return { code: a.code, name_zh: a.name_zh, name_en: a.name_en, demand: a.demand, before: b?.covered, after: a.covered, beforeS: b?.mean_s, afterS: a.mean_s };
  });
  const change = (r: AreaRow) => (r.before === undefined ? 0 : (r.after - r.before) * r.demand);
  return rows.sort((a, b) => {
    const [x, y] = [change(a), change(b)];
    if (x < -1e-9 || y < -1e-9 || x > 1e-9 || y > 1e-9) return x - y;
    return b.demand - a.demand;
  });
}

export const minutes = (seconds: number) => seconds / 60;
