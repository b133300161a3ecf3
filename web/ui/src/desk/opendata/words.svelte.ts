import { number } from '../../i18n/format.svelte';
import { named, t } from '../../i18n/i18n.svelte';
import type { Layer, Rule } from './opendata';

/** A rule in a sentence, in the portal's own words. */
export function ruleWords(l: Layer, r: Rule): string {
  const all: string[] = [];
  if (r.as_is) all.push(t('open.asis'));
  if (r.cell_m) all.push(t('open.cell', { n: number(r.cell_m) }));
  if (r.simplify_m) all.push(t('open.simplify', { n: number(r.simplify_m) }));
  if (r.delay_hours) all.push(t('open.delay', { n: number(r.delay_hours) }));
  if ((r.floor ?? 1) > 1) all.push(t('open.floor', { n: r.floor! }));
  if (!r.as_is) {
    const names = (r.fields ?? []).map((n) => {
      const f = l.fields.find((x) => x.name === n);
      return f ? named(f.title_zh, f.title_en) : n;
    });
    all.push(`${t('open.fields')}: ${names.join(', ')}`);
  }
  if (r.licence) all.push(r.licence);
  return all.join(' · ');
}
