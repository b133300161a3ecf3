import type { FeatureCollection, Geometry } from 'geojson';
import { get, put, upload, type Params } from './http';
import type { Incident, Stats } from './model';

// Every call of the pages to the server, one function each.

export interface Session {
  signed_in: boolean;
  person?: { id: number; login: string; name: string; roles: string[]; grids: string[] };
  organisation?: { code: string; name_zh: string; name_en: string; level: string; kind: string; area_code: string };
  city: { zh: string; en: string };
  may_report: boolean;
  may_dispatch: boolean;
  may_share_position: boolean;
  version: string;
}

export interface Layer {
  name: string;
  title_zh: string;
  title_en: string;
  subject: string;
  geometry: string;
  owner: string;
  share: 'unconditional' | 'conditional' | 'none';
  share_basis: string;
  open: boolean;
  minzoom: number;
  maxzoom: number;
  detail_zoom: number;
  time_field: string;
  k_floor: number;
  fields: { name: string; title_zh: string; title_en: string; type: string; in_tile: boolean }[];
  masked: string[];
  partly: boolean;
}

export interface ClassOf {
  standard: string;
  kind: 'component' | 'matter';
  code: string;
  major: string;
  major_zh: string;
  major_en: string;
  name_zh: string;
  name_en: string;
  /** Pinyin initials, where the server says them. */
  initials?: string;
  severity: number;
}

export interface Department {
  code: string;
  name_zh: string;
  name_en: string;
  kind: string;
  level: string;
}

export interface Found {
  layer: string;
  id: number;
  title: string;
  more: string;
  lon: number;
  lat: number;
  /** west, south, east, north */
  bbox: number[];
}

const v1 = '/api/v1';

export const session = (signal?: AbortSignal) => get<Session>(`${v1}/session`, {}, signal);
export const signIn = (login: string, password: string) => put<Session>('POST', `${v1}/session`, { login, password });
export const signOut = () => put<undefined>('DELETE', `${v1}/session`);

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

export interface Action {
  action: string;
  version: number;
  opinion?: string;
  dept?: string;
}

export const act = (id: number, a: Action) => put<Incident>('POST', `${v1}/incidents/${id}/actions`, a);

/** A position with the system it is in; the browser's GPS and our map both give WGS 84, [lon, lat] in degrees. */
export interface Place {
  crs: 'WGS84';
  coordinates: [number, number];
  text?: string;
}

export interface Report {
  uuid: string;
  class: { code: string; standard?: string };
  severity?: number;
  source: 'worker';
  place: Place;
  description: string;
  occurred_at: string;
  photos: { id: string; kind: string }[];
}

export const report = (r: Report, signal?: AbortSignal) => put<Incident>('POST', `${v1}/incidents`, r, signal);
export const uploadPhoto = (photo: Blob, signal?: AbortSignal) => upload<{ id: string }>(`${v1}/photos`, photo, signal);
export const photoURL = (photo: string, size: 'thumb' | 'full') => `${v1}/photos/${photo}?size=${size}`;

export const sharePosition = (place: Place, accuracy_m: number) => put<unknown>('PUT', `${v1}/positions`, { crs: place.crs, coordinates: place.coordinates, accuracy_m });
export const offDuty = () => put<undefined>('DELETE', `${v1}/positions`);

export const search = async (q: string, signal?: AbortSignal) => (await get<{ hits: Found[] }>(`${v1}/search`, { q }, signal)).hits;

export const features = (layer: string, q: Params, signal?: AbortSignal) => get<FeatureCollection<Geometry>>(`${v1}/layers/${layer}/features`, q, signal);
export const feature = (layer: string, id: number, signal?: AbortSignal) =>
  get<{ id: number; geometry: Geometry; properties: Record<string, unknown> }>(`${v1}/layers/${layer}/features/${id}`, {}, signal);

/** What is at a place; degrees and metres. */
export interface Here {
  grid_code: string;
  area_code: string;
  area_zh: string;
  area_en: string;
  layers: { name: string; features: { id: number; distance_m: number; lon: number; lat: number; properties: Record<string, unknown> }[] }[];
}

export const at = (lon: number, lat: number, radius_m: number, signal?: AbortSignal) => get<Here>(`${v1}/at`, { lon, lat, radius_m, limit: 6 }, signal);

/** Where to look first: west, south, east, north in degrees; empty where there is no data. */
export const settings = (signal?: AbortSignal) => get<{ city: { zh: string; en: string }; bounds: number[] }>(`${v1}/settings`, {}, signal);

/** The hours with population counts, as times of RFC 3339, the first to the last. */
export const populationHours = async (signal?: AbortSignal) => (await get<{ hours: string[] }>(`${v1}/population/hours`, {}, signal)).hours;

export const searchClasses = async (q: string, signal?: AbortSignal) => (await get<{ classes: ClassOf[] }>(`${v1}/classes`, { kind: 'matter', q, limit: 60 }, signal)).classes;
