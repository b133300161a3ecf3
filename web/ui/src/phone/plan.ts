import { withOffset } from './clock';

/** How a hazard should be rectified, as the worker proposes it (五落实), in the words of the form. */
export interface Proposal {
  measure: string;
  responsible: string;
  money: string;
  /** A day: 2026-12-31. */
  term: string;
  contingency: string;
}

export const noProposal = (): Proposal => ({ measure: '', responsible: '', money: '', term: '', contingency: '' });

/** Yuan; undefined where nothing is said, NaN where it is no amount. 1,200 and full-width digits are amounts. */
export function yuan(money: string): number | undefined {
  const text = money.normalize('NFKC').replace(/[\s,]|元$/g, '');
  if (text === '') return undefined;
  return /^\d+(\.\d{1,2})?$/.test(text) && Number(text) <= 1e11 ? Number(text) : NaN;
}

/** What of a proposal the server would not take. */
export function wrongIn(p: Proposal, nowMs: number): ('money' | 'term')[] {
  const wrong: ('money' | 'term')[] = [];
  if (Number.isNaN(yuan(p.money))) wrong.push('money');
  if (p.term) {
    const end = endOf(p.term);
    if (!(end > nowMs && end - nowMs < 2 * 365 * 86_400_000)) wrong.push('term');
  }
  return wrong;
}

/** The last second of a day where the phone is, in milliseconds. */
const endOf = (day: string) => Date.parse(`${day}T23:59:59`);

/** A proposal as the server takes it; undefined where nothing is proposed. */
export function planOf(p: Proposal): Record<string, unknown> | undefined {
  const money = yuan(p.money);
  const body = {
    ...(p.measure.trim() ? { measure: p.measure.trim() } : {}),
    ...(p.responsible.trim() ? { responsible: p.responsible.trim() } : {}),
    ...(money === undefined ? {} : { money_yuan: money }),
    ...(p.term ? { term: withOffset(endOf(p.term)) } : {}),
    ...(p.contingency.trim() ? { contingency: p.contingency.trim() } : {}),
  };
  return Object.keys(body).length > 0 ? body : undefined;
}

/** A sent one in the form again. */
export function proposalOf(body: unknown): Proposal {
  const b = (body ?? {}) as { measure?: string; responsible?: string; money_yuan?: number; term?: string; contingency?: string };
  return { measure: b.measure ?? '', responsible: b.responsible ?? '', money: b.money_yuan === undefined ? '' : String(b.money_yuan), term: b.term?.slice(0, 10) ?? '', contingency: b.contingency ?? '' };
}
