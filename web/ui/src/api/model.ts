// What the pages know of the API. types.ts, generated from the server's
// description, checks these in api.ts.

export interface Incident {
  id: number;
  uuid: string;
  class_standard: string;
  class_code: string;
  class_zh: string;
  class_en: string;
  /** 1 red … 4 blue; 0 hidden. */
  severity: number;
  state: string;
  source: string;
  dept_code: string;
  dept_zh: string;
  dept_en: string;
  description: string;
  place: string;
  lon: number;
  lat: number;
  grid_code: string;
  area_code: string;
  occurred_at?: string;
  reported_at?: string;
  closed_at?: string;
  version: number;
  mine: boolean;
  hidden?: string[];
  allowed_actions: string[];
  contact?: string;
  photos?: { id: string; kind: string }[];
  flow?: Step[];
}

export interface Step {
  at: string;
  actor: string;
  org: string;
  action: string;
  from: string;
  to: string;
  opinion: string;
}

export interface Stats {
  total: number;
  open: number;
  state: Count[];
  severity: Count[];
  class: Count[];
  time: Count[];
  bar: 'hour' | 'day';
}

export interface Count {
  key: string;
  n: number;
}
