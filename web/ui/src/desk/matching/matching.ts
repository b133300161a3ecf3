import { get, put } from '../../api/http';
import type { components } from '../../api/types';
import type { Layer } from '../../api/model';

type S = components['schemas'];
export type Plan = S['MatchPlanInfo'] & S['MatchPlanFields'];
export type Draft = S['MatchPlanFields'];
export type Pair = S['MatchPairInfo'];
export type Conflict = S['MatchConflictInfo'];
export type State = 'review' | 'linked' | 'changed' | 'different';
export type Verdict = 'same' | 'different' | 'open';

const path = '/api/v1/matching';
const of = (plan: string) => `${path}/${encodeURIComponent(plan)}`;

export const plans = async (signal?: AbortSignal) => (await get<{ plans: Plan[] }>(path, {}, signal)).plans;
export const one = (plan: string, signal?: AbortSignal) => get<Plan>(of(plan), {}, signal);
export const save = (plan: string, d: Draft) => put<Plan>('PUT', of(plan), d);
export const run = (plan: string) => put<{ run: number }>('POST', `${of(plan)}/runs`);
export const pairs = async (plan: string, state: State, offset: number, limit: number, signal?: AbortSignal) =>
  (await get<{ pairs: Pair[] }>(`${of(plan)}/pairs`, { state, offset, limit }, signal)).pairs;
export const decide = (plan: string, p: Pair, verdict: Verdict, note: string) =>
  put<undefined>('POST', `${of(plan)}/decisions`, { left_key: p.left.key, right_key: p.right.key, verdict, ...(note ? { note } : {}) });
export const conflicts = async (plan: string, offset: number, limit: number, signal?: AbortSignal) =>
  (await get<{ conflicts: Conflict[] }>(`${of(plan)}/conflicts`, { offset, limit }, signal)).conflicts;

/** One key for a pair in a list. */
export const keyOf = (p: Pair): string => `${p.left.key}\u0000${p.right.key}`;

/** Whether a run was asked for and is not done. */
export const running = (p: Plan): boolean => p.last !== undefined && !p.last.finished_at;

type Role = 'name' | 'address' | 'code' | 'number';
const hints: Record<Role, RegExp> = {
  name: /^(name|title|enterprise_name|dba_name)$|名称|单位名/i,
  address: /^(address|addr|location)$|地址|住所|场所/i,
  code: /^(uscc|tyshxydm|credit_code)$|信用代码/i,
  number: /^(licence|license|permit)(_no)?$|许可证|证号/i,
};

/** The field of a layer that is most likely to be the name, the address, the code: by its name or its title. "" if none is. */
export function guess(layer: Pick<Layer, 'fields'> | undefined, role: Role): string {
  const fields = layer?.fields ?? [];
  return fields.find((f) => hints[role].test(f.name) || hints[role].test(f.title_zh))?.name ?? '';
}

/**
 * Marks what two texts do not share: the parts of `a`, in order, each with whether `b` has it at that place.
 * By the longest common subsequence of characters; texts over 200 characters are not marked.
 */
export function apart(a: string, b: string): { text: string; shared: boolean }[] {
  const x = [...a];
  const y = [...b];
  if (x.length > 200 || y.length > 200 || !b) return a ? [{ text: a, shared: true }] : [];
  const n: number[][] = Array.from({ length: x.length + 1 }, () => new Array<number>(y.length + 1).fill(0));
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--) n[i]![j] = x[i]!.toUpperCase() === y[j]!.toUpperCase() ? n[i + 1]![j + 1]! + 1 : Math.max(n[i + 1]![j]!, n[i]![j + 1]!);
  const out: { text: string; shared: boolean }[] = [];
  const put = (text: string, shared: boolean) => {
    const last = out.at(-1);
    if (last?.shared === shared) last.text += text;
    else out.push({ text, shared });
  };
  for (let i = 0, j = 0; i < x.length; ) {
    if (j < y.length && x[i]!.toUpperCase() === y[j]!.toUpperCase()) {
      put(x[i]!, true);
      i++;
      j++;
    } else if (j < y.length && n[i]![j + 1]! > n[i + 1]![j]!) j++;
    else {
      put(x[i]!, false);
      i++;
    }
  }
  return out;
}
