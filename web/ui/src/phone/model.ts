import type { Geometry } from 'geojson';
import type { LngLat } from './ground';

// What the phone keeps for working without signal, as the server gives it.

export interface PackGrid {
  code: string;
  kind: 'unit' | 'duty' | 'community';
  name: string;
  own: boolean;
  outline: Geometry;
}

export interface ChecklistItem {
  code: string;
  text_zh: string;
  text_en?: string;
  kind: 'yes_no' | 'number' | 'text' | 'photo';
  required?: boolean;
  at_least?: number;
  at_most?: number;
  law?: string;
  fail_opens?: '' | 'general' | 'major';
}

export interface Checklist {
  code: string;
  version: number;
  name_zh: string;
  name_en: string;
  items: ChecklistItem[];
}

export interface Pack {
  server_time: string;
  bounds: number[];
  grids: PackGrid[];
  tiles: { layers: string[]; minzoom: number; maxzoom: number; addresses: string[] };
  assets: number;
  classes: { version: string; count: number };
  checklists: Checklist[];
  settings: { position_days: number; photo_edge: number; photos_per_report: number; patrol_near_m: number };
}

export interface ShownPhoto {
  id: string;
  kind: string;
}

export interface PatrolPoint {
  n: number;
  title: string;
  lon: number;
  lat: number;
  near_m: number;
  visited_at?: string;
  far?: boolean;
  skipped?: string;
  note?: string;
}

export type TaskKind = 'verify' | 'check' | 'patrol' | 'visit' | 'recheck';

export interface Task {
  id: number;
  kind: TaskKind;
  state: string;
  title: string;
  grid_code: string;
  lon?: number;
  lat?: number;
  made_at: string;
  warn_at?: string;
  due_at?: string;
  results: string[];
  allowed_actions: string[];
  incident?: { id: number; number?: string; class_zh: string; class_en: string; severity: number; state: string; description: string; place: string; occurred_at: string; photos: ShownPhoto[] };
  enterprise?: { id: number; name: string; address: string; industry: string; risk: number; last_inspected_on?: string; open_hazards: number };
  hazard?: { id: number; level: 'general' | 'major'; state: string; title: string; description: string; place: string; measure: string; photos: ShownPhoto[] };
  points?: PatrolPoint[];
  checklist?: string;
  checklist_version?: number;
}

/** A component (部件) of the worker's grids. */
export interface Asset {
  id: number;
  code: string;
  name: string;
  class_standard: string;
  class_code: string;
  dept_code: string;
  state: string;
  at: LngLat;
}
