import type { FeatureCollection, Geometry } from 'geojson';
import { get, put } from '../../api/http';
import type { components } from '../../api/types';

type S = components['schemas'];
export type Card = S['Card'];
export type LayerMark = S['LayerMark'];
export type OrgMark = S['OrgMark'];
export type Point = S['QualityHistoryOutputBody']['points'][number];
export type Rule = Card['results'][number]['rule'];
export type NewRule = S['QualityRuleBody'];
export type Kinds = S['QualityKindsOutputBody'];
export type Kind = Kinds['kinds'][number];
export type Held = S['Held'];
export type Correction = S['Correction'];
export type Corrections = S['CorrectionsOutputBody'];
export type NewCorrection = S['AskCorrectionInputBody'];
export type CorrectionAct = S['ActOnCorrectionInputBody'];

/** Rows that failed rules: each feature has the numbers of its rules beside its properties. */
export type Failures = Omit<FeatureCollection, 'features'> & {
  run: number;
  features: { type: 'Feature'; id: number; geometry: Geometry | null; properties: Record<string, unknown>; rules: number[] }[];
  links?: { href: string; rel: string }[];
};

const v1 = '/api/v1';

export const kinds = () => get<Kinds>(`${v1}/quality/kinds`);
export const marks = () => get<{ layers: LayerMark[]; organisations: OrgMark[] }>(`${v1}/quality/marks`);
export const card = (run: number) => get<Card>(`${v1}/quality/runs/${run}`);
export const history = async (of: { layer?: string; org?: string }) => (await get<{ points: Point[] }>(`${v1}/quality/history`, of)).points;
export const run = (layer: string) => put<Card>('POST', `${v1}/quality/runs`, { layer });
export const rules = async (layer: string) => (await get<{ rules: Rule[] }>(`${v1}/quality/rules`, { layer })).rules;
export const proposed = async (layer: string) => (await get<{ rules: Rule[] }>(`${v1}/quality/rules/proposed`, { layer })).rules;
export const addRule = (r: NewRule) => put<Rule>('POST', `${v1}/quality/rules`, r);
export const endRule = (id: number) => put<undefined>('DELETE', `${v1}/quality/rules/${id}`);
export const failures = (layer: string, rule: number, after = 0) => get<Failures>(`${v1}/quality/failures`, { layer, rule, after, limit: 1000 });
export const held = async (layer: string) => (await get<{ rows: Held[] }>(`${v1}/quality/quarantine`, { layer, limit: 200 })).rows;
export const decide = (id: number, d: { action: 'let_in' | 'mend' | 'drop'; reason?: string; values?: Record<string, string> }) => put<Held>('POST', `${v1}/quality/quarantine/${id}/decision`, d);
export const corrections = (q: { waiting?: boolean; mine?: boolean; open?: boolean; before?: number }) => get<Corrections>(`${v1}/corrections`, { ...q, limit: 100 });
export const correction = (id: number) => get<Correction>(`${v1}/corrections/${id}`);
export const ask = (c: NewCorrection) => put<Correction>('POST', `${v1}/corrections`, c);
export const act = (id: number, a: CorrectionAct) => put<Correction>('POST', `${v1}/corrections/${id}/actions`, a);

/** The dimensions of GB/T 36344, in its order. */
export const dimensions = ['normative', 'completeness', 'accuracy', 'consistency', 'timeliness', 'accessibility'] as const;

/** X as people read it: in percent, and never 100 where something fails. */
export function percent(a: number, b: number): string {
  if (b === 0) return '–';
  const x = (100 * a) / b;
  if (a < b && x > 99.99) return '>99.99%';
  if (a > 0 && x < 0.01) return '<0.01%';
  return `${Number(x.toFixed(x >= 99 && a < b ? 2 : 1))}%`;
}

/** The light of a correction's clock. */
export function light(c: Pick<Correction, 'due_at' | 'escalation'>, now: number): 'none' | 'green' | 'yellow' | 'red' {
  if (!c.due_at) return 'none';
  if (Date.parse(c.due_at) < now) return 'red';
  return c.escalation ? 'yellow' : 'green';
}
