import { spans, type Span } from './bars';
import { everything, type Filter } from './filter';

export type Subject = 'population' | 'enterprise' | 'asset' | 'emergency';
export const subjects: readonly Subject[] = ['population', 'enterprise', 'asset', 'emergency'];

/** All that a link holds: a link is a view. */
export interface Place {
  subject: Subject;
  /** Layers switched on and off against the subject's own. */
  plus: string[];
  minus: string[];
  filter: Filter;
  /** What the histogram spans. */
  span: Span;
  /** The chosen incident. */
  incident?: number | undefined;
  /** Zoom and middle, degrees. */
  look?: { zoom: number; at: readonly [number, number] } | undefined;
  /** The hour of the population, milliseconds since 1970. */
  hour?: number | undefined;
}

export const start: Place = { subject: 'emergency', plus: [], minus: [], filter: everything, span: '7d' };

const list = (s: string | null) => (s ? s.split(',').filter(Boolean) : []);
const when = (s: string | null) => {
  const at = s ? Date.parse(s) : NaN;
  return Number.isNaN(at) ? undefined : at;
};
const iso = (at: number) => new Date(at).toISOString().replace(/:00\.000Z$/, 'Z').replace(/\.000Z$/, 'Z');

/** Reads a query string. What it does not understand it leaves at its default: old and mangled links still open. */
export function parse(query: string): Place {
  const q = new URLSearchParams(query);
  const subject = subjects.find((s) => s === q.get('s')) ?? start.subject;
  const v = /^(-?[\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/.exec(q.get('v') ?? '');
  const look = v ? { zoom: Number(v[1]), at: [Number(v[3]), Number(v[2])] as const } : undefined;
  const id = Number(q.get('i'));
  return {
    subject,
    plus: list(q.get('on')),
    minus: list(q.get('off')),
    filter: {
      open: q.get('all') === null,
      classes: list(q.get('class')),
      grid: /^[0-9A-Za-z._-]{0,40}$/.test(q.get('grid') ?? '') ? (q.get('grid') ?? '') : '',
      severities: list(q.get('sev')).map(Number).filter((n) => n >= 1 && n <= 4),
      states: list(q.get('state')).filter((s) => /^[a-z_]+$/.test(s)),
      from: when(q.get('from')),
      to: when(q.get('to')),
    },
    span: (Object.keys(spans) as Span[]).find((s) => s === q.get('t')) ?? start.span,
    incident: Number.isInteger(id) && id > 0 ? id : undefined,
    look: look && look.zoom >= 0 && look.zoom <= 22 && Math.abs(look.at[1]) <= 90 && Math.abs(look.at[0]) <= 180 ? look : undefined,
    hour: when(q.get('h')),
  };
}

/** Writes the query string; what is at its default is left out. */
export function format(p: Place): string {
  const q: string[] = [];
  const add = (key: string, value: string | number | undefined) => {
    if (value !== undefined && value !== '') q.push(`${key}=${encodeURIComponent(value).replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%3A/g, ':')}`);
  };
  if (p.subject !== start.subject) add('s', p.subject);
  add('on', p.plus.join(','));
  add('off', p.minus.join(','));
  const f = p.filter;
  if (!f.open) add('all', 1);
  add('class', f.classes.join(','));
  add('grid', f.grid);
  add('sev', f.severities.join(','));
  add('state', f.states.join(','));
  if (f.from !== undefined) add('from', iso(f.from));
  if (f.to !== undefined) add('to', iso(f.to));
  if (p.span !== start.span) add('t', p.span);
  add('i', p.incident);
  if (p.hour !== undefined) add('h', iso(p.hour));
  if (p.look) add('v', `${p.look.zoom.toFixed(2)}/${p.look.at[1].toFixed(5)}/${p.look.at[0].toFixed(5)}`);
  return q.length ? '?' + q.join('&') : '';
}
