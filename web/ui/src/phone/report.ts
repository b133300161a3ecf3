import type { ClassOf } from '../api/api';
import type { Fix } from './here.svelte';
import type { CRS } from './crs';
import type { LngLat } from './ground';
import type { Asset } from './model';
import type { NewPhoto } from './outbox';
import { noProposal, planOf, proposalOf, wrongIn, type Proposal } from './plan';

/** Where a report is said to be, and how that is known. */
export type Spot = { by: 'gps'; fix: Fix } | { by: 'map'; at: LngLat } | { by: 'asset'; asset: Asset };

/** A place on our map. */
export const spotAt = (s: Spot): LngLat => (s.by === 'gps' ? s.fix.at : s.by === 'map' ? s.at : s.asset.at);

/** A place as it is sent: what the phone was given stays in the system in which it was given. */
export function placeOf(s: Spot, text: string): { crs: CRS; coordinates: [number, number]; text?: string } {
  const words = text.trim() ? { text: text.trim() } : {};
  if (s.by === 'gps') return { crs: s.fix.crs, coordinates: [s.fix.given[0], s.fix.given[1]], ...words };
  const [x, y] = spotAt(s);
  return { crs: 'WGS84', coordinates: [round(x), round(y)], ...words };
}

const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7; // a centimetre

/** Where the phone was, for the results of tasks: with its accuracy. */
export const fixPlace = (f: Fix | undefined) => (f ? { crs: f.crs, coordinates: [f.given[0], f.given[1]], ...(f.accuracyM === undefined ? {} : { accuracy_m: f.accuracyM }) } : undefined);

/** A report in the making; kept on the phone until it is sent or thrown away. */
export interface Draft {
  self: boolean;
  /** It is a hazard that is reported, not a case. */
  hazard?: HazardDraft | undefined;
  cls: ClassOf | undefined;
  asset: Asset | undefined;
  /** Chosen by hand or by an asset; else the phone's position at the sending. */
  spot: Spot | undefined;
  words: string;
  place: string;
  severity: number;
  photos: (NewPhoto & { kind: string })[];
  /** The UUID of the refused report that this one mends. */
  mends?: string;
  /** When it happened, where that is not now: RFC 3339. */
  occurred?: string;
}

/** What a hazard has that a case has not. */
export interface HazardDraft extends Proposal {
  title: string;
  level: '' | 'general' | 'major';
}

export const emptyHazard = (): HazardDraft => ({ title: '', level: '', ...noProposal() });

export const emptyDraft = (self = false): Draft => ({ self, cls: undefined, asset: undefined, spot: undefined, words: '', place: '', severity: 0, photos: [] });

/** What is still missing before it may be sent. */
export function missing(d: Pick<Draft, 'self' | 'cls' | 'photos' | 'hazard'>, spot: Spot | undefined, nowMs = Date.now()): ('class' | 'place' | 'after' | 'title' | 'plan')[] {
  if (d.hazard) return [...(d.hazard.title.trim() ? [] : (['title'] as const)), ...(spot ? [] : (['place'] as const)), ...(wrongIn(d.hazard, nowMs).length > 0 ? (['plan'] as const) : [])];
  return [...(d.cls ? [] : (['class'] as const)), ...(spot ? [] : (['place'] as const)), ...(d.self && !d.photos.some((p) => p.kind === 'after') ? (['after'] as const) : [])];
}

/** A report as the server takes it; when it happened is put in at the sending. */
export function bodyOf(d: Draft, spot: Spot): Record<string, unknown> {
  return {
    ...(d.cls ? { class: { code: d.cls.code, standard: d.cls.standard } } : {}),
    ...(d.asset ? { asset: d.asset.id } : {}),
    ...(d.severity ? { severity: d.severity } : {}),
    ...(d.self ? { self_handled: true } : {}),
    ...(d.occurred ? { occurred_at: d.occurred } : {}),
    source: 'worker',
    place: placeOf(spot, d.place),
    description: d.words.trim(),
    photos: d.photos.map((p, n) => ({ id: `photo:${n}`, kind: p.kind })),
  };
}

/** A hazard as the server takes it; when it was found is put in at the sending. */
export function hazardOf(d: Draft, h: HazardDraft, spot: Spot): Record<string, unknown> {
  const plan = planOf(h);
  return {
    title: h.title.trim(),
    level: h.level || 'general',
    ...(d.occurred ? { found_at: d.occurred } : {}),
    ...(plan ? { plan } : {}),
    place: placeOf(spot, d.place),
    description: d.words.trim(),
    photos: d.photos.map((p, n) => ({ id: `photo:${n}`, kind: p.kind })),
  };
}

/** A queued report as a draft again, to be mended. */
export function draftOf(body: Record<string, unknown>, uuid: string, photos: NewPhoto[], classes: ClassOf[], assets: Asset[]): Draft {
  const b = body as { class?: { code: string; standard?: string }; asset?: number; severity?: number; self_handled?: boolean; place?: { crs: CRS; coordinates: [number, number]; text?: string }; description?: string; occurred_at?: string; found_at?: string; title?: string; level?: 'general' | 'major'; plan?: unknown; photos?: { kind: string }[] };
  const p = b.place;
  const asset = assets.find((a) => a.id === b.asset);
  return {
    self: b.self_handled ?? false,
    ...(b.title === undefined ? {} : { hazard: { title: b.title, level: b.level ?? '', ...proposalOf(b.plan) } }),
    cls: classes.find((c) => c.code === b.class?.code && (!b.class.standard || c.standard === b.class.standard)),
    asset,
    spot: asset ? { by: 'asset', asset } : p && p.crs === 'WGS84' ? { by: 'map', at: p.coordinates } : undefined,
    words: b.description ?? '',
    place: p?.text ?? '',
    severity: b.severity ?? 0,
    photos: photos.map((x, n) => ({ bytes: x.bytes, type: x.type, kind: b.photos?.[n]?.kind ?? 'near' })),
    mends: uuid,
    ...((b.occurred_at ?? b.found_at) ? { occurred: (b.occurred_at ?? b.found_at)! } : {}),
  };
}
