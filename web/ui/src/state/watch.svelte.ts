import { get, put } from '../api/http';
import type { components } from '../api/types';
import type { LiveClient } from '../live/client';

type S = components['schemas'];
export type Deviation = S['Deviation'];
export type Repeat = S['Repeat'];
export type Look = S['DeviationLook'];

const path = '/api/v1/deviations';
const layers = ['deviation', 'repeat_place'] as const;

/**
 * Counts that are not as was to be expected, and places where cases come again.
 *
 * Calm: what changes on /live is gathered for a second and asked for once; nothing flashes.
 */
export class Watch {
  deviations = $state.raw<Deviation[]>([]);
  repeats = $state.raw<Repeat[]>([]);
  look = $state.raw<Look | undefined>();
  /** The organisation sees neither layer. */
  hidden = $state(true);

  /** How many are told that nobody has answered. */
  news = $derived(this.deviations.filter((d) => !d.answer).length);

  private soon: ReturnType<typeof setTimeout> | undefined;

  follow(client: LiveClient, names: ReadonlySet<string>): void {
    this.hidden = !names.has('deviation');
    for (const layer of layers) {
      client.unsubscribe(layer);
      if (!names.has(layer)) continue;
      client.subscribe({
        id: layer,
        layer,
        load: (_why, signal) => this.load(signal),
        apply: () => this.loadSoon(),
        ended: () => this.clear(),
      });
    }
    if (this.hidden) this.clear();
  }

  private clear(): void {
    this.deviations = [];
    this.repeats = [];
    this.look = undefined;
  }

  private loadSoon(): void {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => void this.load().catch(() => undefined), 1000);
  }

  async load(signal?: AbortSignal): Promise<void> {
    const [d, r] = await Promise.all([get<{ deviations: Deviation[]; look?: Look }>(path, {}, signal), get<{ places: Repeat[] }>(`${path}/repeats`, {}, signal)]);
    this.deviations = d.deviations;
    this.look = d.look;
    this.repeats = r.places;
  }

  async answer(id: number, answer: 'known' | 'acting' | '', note: string): Promise<void> {
    const after = await put<Deviation>('POST', `${path}/${id}/answer`, { answer, note });
    this.deviations = this.deviations.map((d) => (d.id === id ? after : d));
  }
}
