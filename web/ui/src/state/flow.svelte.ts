import { get } from '../api/http';
import type { paths } from '../api/types';
import { named } from '../i18n/i18n.svelte';

/** The flow of cases as the server goes by it: stages, states, and who may do what in each. */
export type Table = paths['/api/v1/flow']['get']['responses']['200']['content']['application/json'];
export type Line = Table['transitions'][number];

/** The table, once it is loaded; its names are those of the buttons and the records. */
class Flow {
  table = $state.raw<Table | undefined>();
  private words = $derived(new Map<string, { zh: string; en: string }>([...(this.table?.transitions ?? []).map((l) => [l.action, l] as const), ...(this.table?.noted ?? []).map((w) => [w.word, w] as const)]));
  private states = $derived(new Map((this.table?.stages ?? []).flatMap((s) => s.states.map((x) => [x.word, x] as const))));

  async load(): Promise<void> {
    this.table ??= await get<Table>('/api/v1/flow');
  }

  /** The six stages; how a case ends is no stage. */
  get stages() {
    return (this.table?.stages ?? []).filter((s) => s.stage !== '');
  }

  action(word: string): string {
    const w = this.words.get(word);
    return w ? named(w.zh, w.en) : word;
  }

  state(word: string): string {
    const w = this.states.get(word);
    return w ? named(w.zh, w.en) : word;
  }

  /** The line for an action on a case of that state: what it needs and takes. */
  line(action: string, state: string): Line | undefined {
    return this.table?.transitions.find((l) => l.action === action && l.from.includes(state));
  }
}

export const flow = new Flow();
