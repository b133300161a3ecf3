import type { Theme } from '../map/palette';

const read = (): Theme => (document.documentElement.dataset.theme === 'light' ? 'light' : 'dark');

let now = $state(read());
const hearers = new Set<(theme: Theme) => void>();
new MutationObserver(() => {
  if (now === read()) return;
  now = read();
  for (const hear of [...hearers]) hear(now);
}).observe(document.documentElement, { attributeFilter: ['data-theme'] });

/** The page's theme, for what reads no CSS variables: maps, plots, ramps. */
export const theme = {
  get now(): Theme {
    return now;
  },
  /** Hears of every change, until the function it returns is called. */
  on(hear: (theme: Theme) => void): () => void {
    hearers.add(hear);
    return () => hearers.delete(hear);
  },
};
