import { get, put } from '../../api/http';
import type { components } from '../../api/types';

export type Year = components['schemas']['Year'];
export type Day = components['schemas']['Day'];

const path = '/api/v1/calendar';

export const year = (n?: number, signal?: AbortSignal) => get<Year>(path, { year: n }, signal);
export const save = (n: number, days: readonly Day[], office: string[][] | undefined, reason: string) => put<Year>('PUT', path, { year: n, days, ...(office ? { office_hours: office } : {}), reason });

/** The days of a month as weeks from Monday to Sunday, 2026-01-31; '' where the week is of another month. Months count from 1. */
export function weeks(y: number, month: number): string[][] {
  const first = new Date(Date.UTC(y, month - 1, 1));
  const before = (first.getUTCDay() + 6) % 7;
  const length = new Date(Date.UTC(y, month, 0)).getUTCDate();
  const cells = [...Array<string>(before).fill(''), ...Array.from({ length }, (_, n) => `${y}-${two(month)}-${two(n + 1)}`)];
  while (cells.length % 7 > 0) cells.push('');
  return Array.from({ length: cells.length / 7 }, (_, n) => cells.slice(n * 7, n * 7 + 7));
}

const two = (n: number) => String(n).padStart(2, '0');

export const isWeekend = (day: string) => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());

/** What a click makes of a day: a weekday a holiday, a weekend day a working day, and back to what its weekday says. */
export function flip(days: readonly Day[], day: string, name: string, source: string): Day[] {
  if (days.some((d) => d.day === day)) return days.filter((d) => d.day !== day);
  const made: Day = { day, working: isWeekend(day), ...(name ? { name } : {}), ...(source ? { source } : {}) };
  return [...days, made].sort((a, b) => a.day.localeCompare(b.day));
}
