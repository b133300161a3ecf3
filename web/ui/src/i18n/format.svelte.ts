import { language, t } from './i18n.svelte';

const locale = () => (language.now === 'zh' ? 'zh-CN' : 'en-GB');

const formats = new Map<string, Intl.DateTimeFormat>();
function dated(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale() + JSON.stringify(options);
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat(locale(), { hourCycle: 'h23', ...options })));
  return f;
}

type Moment = string | number | Date;

/** 14:05:09 */
export const clock = (at: Moment) => dated({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));
/** 14:05 */
export const time = (at: Moment) => dated({ hour: '2-digit', minute: '2-digit' }).format(new Date(at));
/** 11月22日 周日, Sun 22 Nov */
export const day = (at: Moment) => dated({ month: 'short', day: 'numeric', weekday: 'short' }).format(new Date(at));
/** 11月22日 14:05 */
export const moment = (at: Moment) => dated({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(new Date(at));
/** With the year and the seconds: for records. */
export const exact = (at: Moment) => dated({ dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));

/** 2014年3月2日; of UTC, as days are counted. */
export const date = (at: Moment) => dated({ dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(at));
/** 2014年3月; of UTC */
export const month = (at: Moment) => dated({ year: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(at));
/** 11月22日 周日; of UTC, as days are counted */
export const utcDay = (at: Moment) => dated({ month: 'short', day: 'numeric', weekday: 'short', timeZone: 'UTC' }).format(new Date(at));

export const number = (n: number, digits = 0) => n.toLocaleString(locale(), { maximumFractionDigits: digits });

/** How long ago, in one unit: 刚刚, 5 分钟前, 3 hours ago; after two months the date. */
export function ago(at: Moment, now = Date.now()): string {
  const s = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (s < 45) return t('ago.now');
  if (s < 3600) return t('ago.minutes', { n: Math.max(1, Math.round(s / 60)) });
  if (s < 86_400) return t('ago.hours', { n: Math.round(s / 3600) });
  if (s < 60 * 86_400) return t('ago.days', { n: Math.round(s / 86_400) });
  return dated({ dateStyle: 'medium' }).format(new Date(at));
}

/** A length of time in the unit that fits: 42 s, 8 min, 3.5 h, 2.1 d. */
export function span(seconds: number): string {
  if (seconds < 60) return t('span.s', { n: number(seconds) });
  if (seconds < 3600) return t('span.min', { n: number(seconds / 60) });
  if (seconds < 86_400) return t('span.h', { n: number(seconds / 3600, 1) });
  return t('span.d', { n: number(seconds / 86_400, 1) });
}
