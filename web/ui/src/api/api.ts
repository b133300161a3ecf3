import type { FeatureCollection, Geometry } from 'geojson';
import { get, put, upload, type Params } from './http';
import type { Action, ClassOf, Department, Found, Here, Incident, Layer, Report, Session, Stats } from './model';

export type { Action, ClassOf, Department, Found, Here, Incident, Layer, Report, Session, Stats } from './model';

// Every call of the pages to the server, one function each.

const v1 = '/api/v1';

export const session = (signal?: AbortSignal) => get<Session>(`${v1}/session`, {}, signal);
export const signIn = (login: string, password: string) => alone(() => put<Session>('POST', `${v1}/session`, { login, password }), (s) => s.person?.id);
/** Who came in by another way than a password: the second factor, the identity provider. */
export const arrived = () => alone(() => get<Session>(`${v1}/session`), (s) => s.person?.id);
export const signOut = () => alone(() => put<undefined>('DELETE', `${v1}/session`), () => undefined);

/**
 * Signs in or out while no tab of this browser sends what waits on a phone (phone/outbox.ts),
 * and notes who is signed in: so nothing goes out as somebody else's.
 */
async function alone<T>(f: () => Promise<T>, person: (answer: T) => number | undefined): Promise<T> {
  const go = async () => {
    const answer = await f();
    notePerson(person(answer));
    return answer;
  };
  return typeof navigator === 'undefined' || !navigator.locks ? go() : navigator.locks.request('onemap.session', go);
}

const PERSON = 'onemap.person';

/** Notes who is signed in, for all tabs. */
export function notePerson(id: number | undefined): void {
  try {
    if (id === undefined) localStorage.removeItem(PERSON);
    else localStorage.setItem(PERSON, String(id));
  } catch {
    // A browser that keeps nothing has no queue either.
  }
}

/** Who is signed in, as far as this browser's tabs know. */
export const notedPerson = (): number | undefined => Number(localStorage.getItem(PERSON)) || undefined;

export const layers = async (signal?: AbortSignal) => (await get<{ layers: Layer[] }>(`${v1}/layers`, {}, signal)).layers;
export const classes = async (kind: string, signal?: AbortSignal) => (await get<{ classes: ClassOf[] }>(`${v1}/classes`, { kind, limit: 1000 }, signal)).classes;
export const organisations = async (signal?: AbortSignal) => (await get<{ organisations: Department[] }>(`${v1}/organisations`, {}, signal)).organisations;

export interface IncidentQuery extends Params {
  bbox?: string;
  grid?: string;
  area?: string;
  class?: string;
  datetime?: string;
  state?: string;
  severity?: string;
  mine?: boolean;
  q?: string;
  limit?: number;
  page?: string;
}

export const incidents = (q: IncidentQuery, signal?: AbortSignal) => get<{ incidents: Incident[]; next?: string }>(`${v1}/incidents`, q, signal);
export const incident = (id: number, signal?: AbortSignal) => get<Incident>(`${v1}/incidents/${id}`, {}, signal);
export const stats = (q: IncidentQuery, signal?: AbortSignal) => get<Stats>(`${v1}/stats`, q, signal);

export const act = (id: number, a: Action) => put<Incident>('POST', `${v1}/incidents/${id}/actions`, a);

/** A position with the system it is in, [lon, lat] in degrees; our map gives WGS 84. */
export interface Place {
  crs: string;
  coordinates: [number, number];
  text?: string;
}

export const report = (r: Report, signal?: AbortSignal) => put<Incident>('POST', `${v1}/incidents`, r, signal);
export const uploadPhoto = (photo: Blob, signal?: AbortSignal) => upload<{ id: string }>(`${v1}/photos`, photo, signal);
export const photoURL = (photo: string, size: 'thumb' | 'full') => `${v1}/photos/${photo}?size=${size}`;

export const sharePosition = (place: Place, accuracy_m: number) => put<unknown>('PUT', `${v1}/positions`, { crs: place.crs, coordinates: place.coordinates, accuracy_m });
export const offDuty = () => put<undefined>('DELETE', `${v1}/positions`);

export const search = async (q: string, signal?: AbortSignal) => (await get<{ hits: Found[] }>(`${v1}/search`, { q }, signal)).hits;

/** Where an address that is being typed may be: houses, crossings, places, divisions. A candidate that is no feature has no layer. */
export const addresses = async (q: string, signal?: AbortSignal): Promise<(Found & { kind: string; confidence: number })[]> =>
  (await get<{ candidates: (Found & { kind: string; confidence: number })[] }>(`${v1}/addresses`, { q, typing: true }, signal)).candidates.map((c) => (c.id === 0 ? { ...c, layer: '' } : c));

export const features = (layer: string, q: Params, signal?: AbortSignal) => get<FeatureCollection<Geometry>>(`${v1}/layers/${layer}/features`, q, signal);
export const feature = (layer: string, id: number, signal?: AbortSignal) =>
  get<{ id: number; geometry: Geometry; properties: Record<string, unknown> }>(`${v1}/layers/${layer}/features/${id}`, {}, signal);

export const at = (lon: number, lat: number, radius_m: number, signal?: AbortSignal) => get<Here>(`${v1}/at`, { lon, lat, radius_m, limit: 6 }, signal);

/** Where to look first: west, south, east, north in degrees; empty where there is no data. */
export const settings = (signal?: AbortSignal) => get<{ city: { zh: string; en: string }; bounds: number[] }>(`${v1}/settings`, {}, signal);

/** The hours with population counts, as times of RFC 3339, the first to the last. */
export const populationHours = async (signal?: AbortSignal) => (await get<{ hours: string[] }>(`${v1}/population/hours`, {}, signal)).hours;

/** Where a tile was made, up to which place in the log it is true, and how far the server's reader of the log is behind. */
export interface TileOrigin {
  from: string;
  cursor: string;
  lagS: number;
  /** How long it took, in milliseconds. */
  ms: number;
}

export async function tileOrigin(url: string, signal?: AbortSignal): Promise<TileOrigin> {
  const began = performance.now();
  const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', signal: signal ?? null });
  await response.arrayBuffer();
  const h = response.headers;
  return { from: h.get('Onemap-Source') ?? '', cursor: h.get('Onemap-Cursor') ?? '', lagS: Number(h.get('Onemap-Lag') ?? 0), ms: performance.now() - began };
}

/** Whether a layer has anything in it, as far as the caller may know. */
export async function hasData(layer: string, signal?: AbortSignal): Promise<boolean> {
  const { bounds } = await get<{ bounds: number[] }>(`/tiles/${layer}.json`, {}, signal);
  // The whole world is what a layer without a feature has.
  return !(bounds[0] === -180 && bounds[2] === 180);
}
