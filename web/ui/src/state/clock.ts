/** The colour of a running clock. */
export type Light = 'green' | 'yellow' | 'red';

/** What one needs to know of a case's clock. */
export interface Clocked {
  warn_at?: string | undefined;
  due_at?: string | undefined;
}

/** The light at a moment (milliseconds since 1970); undefined where no clock runs. */
export function lightOf(c: Clocked, now: number): Light | undefined {
  if (!c.due_at) return undefined;
  if (now > Date.parse(c.due_at)) return 'red';
  return c.warn_at && now >= Date.parse(c.warn_at) ? 'yellow' : 'green';
}

/** Seconds that are left; negative where the limit has passed; undefined where no clock runs. */
export function leftOf(c: Clocked, now: number): number | undefined {
  return c.due_at ? (Date.parse(c.due_at) - now) / 1000 : undefined;
}

/** The most urgent first: what is due first, then what has no clock, newest first. */
export function byDue(a: Clocked & { id: number }, b: Clocked & { id: number }): number {
  if (a.due_at && b.due_at) return a.due_at < b.due_at ? -1 : a.due_at > b.due_at ? 1 : b.id - a.id;
  if (a.due_at || b.due_at) return a.due_at ? -1 : 1;
  return b.id - a.id;
}
