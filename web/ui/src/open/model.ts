/** What GET /api/v1/open tells, as far as the page uses it. */
export interface OpenLayer {
  name: string;
  title_zh: string;
  title_en: string;
  subject: string;
  geometry: string;
  minzoom: number;
  maxzoom: number;
  fields: { name: string; title_zh: string; title_en: string }[];
  bbox: number[];
  cell_m: number;
  simplify_m: number;
  delay_hours: number;
  floor: number;
  licence: string;
  built_at?: string;
}

export interface OpenData {
  on: boolean;
  city: { zh: string; en: string };
  layers: OpenLayer[];
  per_minute: number;
  per_minute_with_key: number;
}
