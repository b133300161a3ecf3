import { table, type Key } from './table';

export type Lang = 'zh' | 'en';

const stored = (): Lang => {
  try {
    const kept = localStorage.getItem('onemap.lang');
    if (kept === 'zh' || kept === 'en') return kept;
  } catch {
    // Storage may be refused; the page works without.
  }
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh';
};

class Language {
  now = $state<Lang>(typeof localStorage === 'undefined' ? 'zh' : stored());

  set(lang: Lang): void {
    this.now = lang;
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    try {
      localStorage.setItem('onemap.lang', lang);
    } catch {
      // Kept for this page only.
    }
  }
}

export const language = new Language();

/** The text of that name in the page's language; {name} is filled from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = table[key][language.now === 'zh' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** t for a key made at run time, such as `state.${state}`; the value itself where the table has no such key. */
export function tt(prefix: string, value: string): string {
  const key = `${prefix}.${value}`;
  return key in table ? t(key as Key) : value;
}

/** The one of two names that the page's language wants. */
export function named(zh: string, en: string): string {
  return (language.now === 'zh' ? zh : en) || zh || en;
}
