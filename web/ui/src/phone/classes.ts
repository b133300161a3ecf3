import type { ClassOf } from '../api/api';

/**
 * The classes that answer to what was typed: Chinese words, pinyin initials
 * ("wsjg"), English words or the first digits of a code; the best first.
 * Works without a network on the list that was loaded before.
 */
export function findClasses(all: ClassOf[], text: string, most = 60): ClassOf[] {
  const q = text.trim().toLowerCase();
  if (q === '') return [];
  const words = q.split(/\s+/);
  const rank = (c: ClassOf): number => {
    const initials = c.initials;
    const en = c.name_en.toLowerCase();
    if (c.code === q || c.name_zh === q || initials === q) return 0;
    if (c.name_zh.startsWith(q) || c.code.startsWith(q) || initials.startsWith(q) || en.startsWith(q)) return 1;
    if (c.name_zh.includes(q) || initials.includes(q)) return 2;
    if (words.every((w) => en.includes(w))) return 3;
    if (c.major_zh.includes(q) || c.major_en.toLowerCase().includes(q)) return 4;
    return -1;
  };
  return all
    .map((c) => ({ c, r: rank(c) }))
    .filter((x) => x.r >= 0)
    .sort((a, b) => a.r - b.r || a.c.code.localeCompare(b.c.code))
    .slice(0, most)
    .map((x) => x.c);
}

/** What is reported most in Chinese cities of this kind, until this phone knows better. */
const usual = ['01002', '06010', '06013', '01003', '01037', '06036', '06011', '09010', '07001', '06012'];

/** The classes that stand first: what this worker reported most, then the usual. */
export function frequentClasses(all: ClassOf[], used: Record<string, number>, most = 10): ClassOf[] {
  const by = new Map(all.map((c) => [c.code, c]));
  const own = Object.entries(used)
    .sort((a, b) => b[1] - a[1])
    .map(([code]) => code);
  return [...new Set([...own, ...usual])].map((code) => by.get(code)).filter((c) => c !== undefined).slice(0, most);
}

/** The major classes in their order: a first choice for those who find by looking. */
export function majorsOf(all: ClassOf[]): { key: string; major: string; zh: string; en: string }[] {
  const seen = new Map<string, { key: string; major: string; zh: string; en: string }>();
  for (const c of all) {
    const key = c.standard + c.major;
    if (!seen.has(key)) seen.set(key, { key, major: c.major, zh: c.major_zh, en: c.major_en });
  }
  return [...seen.values()].sort((a, b) => a.major.localeCompare(b.major));
}

/** The matter that is reported about a component: in the edition of 2026 it has the component's own code. */
export function matterOf(all: ClassOf[], standard: string, code: string): ClassOf | undefined {
  return all.find((c) => c.standard === standard && c.code === code);
}
