import type { LineString } from 'geojson';
import { address, get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Run = S['FireriskRun'];
export type Trial = S['Trial'];
export type Place = S['FireriskPlace'];
export type List = S['List'];
export type Line = S['Line'];
export type Tour = Omit<S['Tour'], 'line'> & { line: LineString['coordinates'] };
export type Gaps = S['Gaps'];
export type Kind = 'enterprise' | 'building';

const path = '/api/v1/fire-risk';

export const runs = async () => (await get<{ runs: Run[] }>(`${path}/runs`)).runs;
export const run = (id: number) => get<Run>(`${path}/runs/${id}`);
export const ask = (kind: Kind, visits?: number) => put<Run>('POST', `${path}/runs`, visits ? { kind, visits } : { kind });
export const places = async (kind: Kind, q: string, after: number) => (await get<{ places: Place[] }>(`${path}/places`, { kind, q: q || undefined, after, limit: 100 })).places;
export const gaps = () => get<Gaps>(`${path}/gaps`);
export const makeGaps = () => put<Gaps>('POST', `${path}/gaps`, {});
export const lists = async () => (await get<{ lists: List[] }>(`${path}/lists`)).lists;
export const list = (id: number) => get<List>(`${path}/lists/${id}`);
/** Of a list: pdf, gpx, geojson, xlsx or csv. */
export const file = (id: number, format: string, lang: string) => address(`${path}/lists/${id}/file`, { format, lang });

export interface Draft {
  uuid: string;
  kind: Kind;
  title: string;
  lines: number;
  from_day?: string;
  per_day: number;
  random: number;
  overdue: number;
}
export const make = (d: Draft) => put<List>('POST', `${path}/lists`, d);

export interface Decision {
  lines: number[];
  decision: 'accepted' | 'refused';
  note?: string;
  person?: string;
}
export const decide = (id: number, d: Decision) => put<List>('POST', `${path}/lists/${id}/decisions`, d);

/** The lines of a list by day and unit, in the order of their tours. */
export function byDay(lines: readonly Line[]): { day: string; unit: string; lines: Line[] }[] {
  const out: { day: string; unit: string; lines: Line[] }[] = [];
  for (const x of lines.toSorted((a, b) => a.on_day.localeCompare(b.on_day) || a.unit_name.localeCompare(b.unit_name) || a.stop - b.stop)) {
    const last = out.at(-1);
    if (last?.day === x.on_day && last.unit === x.unit_name) last.lines.push(x);
    else out.push({ day: x.on_day, unit: x.unit_name, lines: [x] });
  }
  return out;
}

/** The latest run of a kind that is over, and one that is being made. */
export function latest(all: readonly Run[], kind: Kind): { over?: Run; making?: Run } {
  const of = all.filter((r) => r.kind === kind);
  const over = of.find((r) => r.state === 'done' || r.state === 'withheld' || r.state === 'failed');
  const making = of.find((r) => r.state === 'queued' || r.state === 'running');
  return { ...(over ? { over } : {}), ...(making ? { making } : {}) };
}

/** Of the trial's curve, x in per cent. */
export const shares = [0.5, 1, 2, 5, 10, 20, 30, 50, 100];
