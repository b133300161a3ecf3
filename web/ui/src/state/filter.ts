import type { IncidentQuery } from '../api/api';
import type { Incident } from '../api/model';

/** The one filter of the page: the list, the map, the histogram and the figures share it. */
export interface Filter {
  /** Only those not yet closed, rejected, void or merged. */
  open: boolean;
  classes: string[];
  /** A prefix of grid codes; '' for all. */
  grid: string;
  severities: number[];
  states: string[];
  /** Occurred from … to …, milliseconds since 1970; undefined: no limit. */
  from?: number | undefined;
  to?: number | undefined;
}

export const everything: Filter = { open: true, classes: [], grid: '', severities: [], states: [] };

const endings = ['closed', 'rejected', 'void', 'merged'];
/** The states of what is open, in the order of its life; the server's, see GET /api/v1/flow. */
export const openStates = ['reported', 'verifying', 'self_handled', 'registered', 'filed', 'returned', 'disputed', 'dispatched', 'handling', 'suspended', 'feedback', 'checking', 'checked'];

export const isOpen = (state: string) => !endings.includes(state);

/** Whether the filter lets an incident through. What a person may not see of it does not shut it out. */
export function passes(f: Filter, i: Incident): boolean {
  if (f.open && i.state !== '' && !isOpen(i.state)) return false;
  if (f.classes.length > 0 && !f.classes.includes(i.class_code)) return false;
  if (f.grid !== '' && !i.grid_code.startsWith(f.grid)) return false;
  if (f.severities.length > 0 && !f.severities.includes(i.severity)) return false;
  if (f.states.length > 0 && !f.states.includes(i.state)) return false;
  const at = i.occurred_at ? Date.parse(i.occurred_at) : undefined;
  if (f.from !== undefined && (at === undefined || at < f.from)) return false;
  if (f.to !== undefined && (at === undefined || at >= f.to)) return false;
  return true;
}

/** The filter as the server takes it, for lists, counts and tiles; not whether it is open. */
export function asQuery(f: Filter): IncidentQuery {
  return {
    class: f.classes.join(','),
    severity: f.severities.join(','),
    state: f.states.join(','),
    ...(f.grid.length > 12 ? { grid: f.grid } : f.grid ? { area: f.grid } : {}),
    ...(f.from !== undefined || f.to !== undefined ? { datetime: interval(f.from, f.to) } : {}),
  };
}

/** An interval as the API takes it; open where a bound is missing. */
export function interval(from?: number, to?: number): string {
  const one = (t?: number) => (t === undefined ? '..' : new Date(t).toISOString().slice(0, 19) + 'Z');
  return `${one(from)}/${one(to)}`;
}

/** How many parts of the filter narrow it: the number on the filter button. */
export function narrowing(f: Filter): number {
  return [f.classes.length > 0, f.grid !== '', f.severities.length > 0, f.states.length > 0, f.from !== undefined || f.to !== undefined].filter(Boolean).length;
}
