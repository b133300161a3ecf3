import { address, get, type Params } from '../../api/http';
import type { paths } from '../../api/types';

type Answer<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer T } } } } } ? T : never;

export type Report = Answer<'/api/v1/evaluation'>;
export type Row = Report['rows'][number];
export type Definition = Report['definitions'][number];
export type Cases = Answer<'/api/v1/evaluation/cases'>;

export type Subject = 'area' | 'department' | 'post';
export type Kind = 'day' | 'week' | 'month' | 'quarter' | 'year';

/** What a report is asked by; the server's own words. */
export interface Query extends Params {
  subject: Subject;
  level?: string | undefined;
  parent?: string | undefined;
  post?: string | undefined;
  by?: string | undefined;
  period: Kind;
  /** A day of the period, 2026-11-22, in the city's time zone. */
  at: string;
}

const path = '/api/v1/evaluation';

export const report = (q: Query, signal?: AbortSignal) => get<Report>(path, q, signal);
/** Without what it is compared with: for the line over time. */
export const alone = (q: Query, signal?: AbortSignal) => get<Report>(path, { ...q, compare: 'false' }, signal);
export const cases = (q: Query, count: string, key: string | undefined, until: string, page?: string, signal?: AbortSignal) => get<Cases>(`${path}/cases`, { ...q, count, until, page, limit: 50, ...(key === undefined ? {} : { key }) }, signal);
export const sheet = (q: Query, format: 'xlsx' | 'csv', lang: string) => address(path, { ...q, format, lang });
export const casesSheet = (q: Query, count: string, key: string | undefined, until: string, format: 'xlsx' | 'csv', lang: string) => address(`${path}/cases`, { ...q, count, until, format, lang, ...(key === undefined ? {} : { key }) });

/** What the columns of the table are, by subject or post: rates first, then counts. */
export const columns: Record<string, { rates: string[]; counts: string[] }> = {
  area: { rates: ['closed_on_time', 'handled_on_time', 'closed', 'filed_on_time', 'dispatched_accurate', 'rework'], counts: ['reported', 'filed', 'should_close', 'closed'] },
  department: { rates: ['handled_on_time', 'closed_on_time', 'returned', 'rework', 'mean_handling', 'mean_lost'], counts: ['received', 'should_handle', 'handled', 'returned', 'reworked'] },
  collector: { rates: ['valid_report', 'missed', 'verify_on_time', 'check_on_time'], counts: ['reported', 'valid', 'verify_due', 'check_due'] },
  acceptor: { rates: ['accepted_on_time', 'verify_sent_on_time', 'check_sent_on_time', 'mean_acceptance'], counts: ['accepted_timed', 'verify_sent', 'check_sent'] },
  shift_leader: { rates: ['filed_on_time', 'filed_accurate', 'closed_on_time'], counts: ['filed', 'filed_timed', 'close_timed'] },
  dispatcher: { rates: ['dispatched_on_time', 'dispatched_accurate', 'mean_lost'], counts: ['dispatched', 'wrong_dispatch'] },
};

/** The day by which the period `by` steps away is asked for. Days are counted in UTC, where none is missing or twice. */
export function step(at: string, kind: Kind, by: number): string {
  const d = new Date(`${at}T00:00:00Z`);
  const day = d.getUTCDate();
  if (kind === 'day') d.setUTCDate(day + by);
  else if (kind === 'week') d.setUTCDate(day + 7 * by);
  else {
    const months = kind === 'month' ? by : kind === 'quarter' ? 3 * by : 12 * by;
    d.setUTCDate(1); // the 31st of a month without one would slip into the next
    d.setUTCMonth(d.getUTCMonth() + months);
    d.setUTCDate(Math.min(day, new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate()));
  }
  return d.toISOString().slice(0, 10);
}
