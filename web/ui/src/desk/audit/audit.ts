import type { AuditQuery, Entry } from '../../api/identity';

/** What one may look for by kind: an action, or with a dot at its end all that begin so. */
export const kinds = ['sign-in', 'session.', 'second_factor.', 'person.', 'organisation.', 'key.', 'grant.', 'share.', 'resource.', 'batch.', 'layer.', 'reason.', 'position.', 'incident.', 'setting.', 'audit.'] as const;

/** The fields of the form; from and to as the browser's clock has them: 2026-11-23T08:00. */
export type Filter = Record<'q' | 'login' | 'org' | 'action' | 'object' | 'result' | 'address' | 'from' | 'to', string>;

/** The question that a form asks: empty fields are left out, times are of UTC. */
export function queryOf(f: Filter): AuditQuery {
  const q: AuditQuery = {};
  for (const [name, value] of Object.entries(f) as [keyof Filter, string][]) {
    const text = value.trim();
    if (!text) continue;
    q[name] = name === 'from' || name === 'to' ? new Date(text).toISOString() : text;
  }
  return q;
}

/** The entries by day, as this browser's clock counts days, in the order they came. */
export function byDay(entries: readonly Entry[]): [at: string, entries: Entry[]][] {
  const days: [string, Entry[]][] = [];
  let last = '';
  for (const e of entries) {
    const at = new Date(e.at).toDateString();
    if (at !== last) days.push([e.at, []]);
    last = at;
    days[days.length - 1]![1].push(e);
  }
  return days;
}
