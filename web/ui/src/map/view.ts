import type { Feature, FeatureCollection, Point } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as GLMap, MapGeoJSONFeature, PaddingOptions, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import { baseLayers } from './base';
import { tileAt, tilesIn } from './cover';
import { drawIcon, ratio } from './icons';
import { liveLayers, overlays } from './overlays';
import { palettes, type Theme } from './palette';

/** A place in degrees, EPSG:4326. */
export type LngLat = readonly [lng: number, lat: number];

export interface Look {
  zoom: number;
  /** The middle of the map. */
  at: LngLat;
}

/** What the map shows. Change it with MapView.show; what stays the same is not touched. */
export interface Shown {
  theme: Theme;
  lang: 'zh' | 'en';
  /** The base layers that this person may see. */
  base: string[];
  /** The overlays that are switched on, by name. */
  on: string[];
  /** What each overlay's tiles are asked for besides, as a query: 'datetime=…'. */
  query: Record<string, string>;
  /** Zooms between which a layer has tiles. */
  zooms: Record<string, { min: number; max: number }>;
}

/** Something drawn under the pointer. */
export interface Hit {
  layer: string;
  id: number;
  properties: Record<string, unknown>;
  at: LngLat;
}

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
const liveSources = ['open', 'worker', 'pulse', 'chosen'] as const;
type LiveSource = (typeof liveSources)[number];

/** Builds the whole style: a plain object, so it can be compared and tested. */
export function styleOf(s: Shown, data: Record<LiveSource, FeatureCollection>, origin: string): StyleSpecification {
  const p = palettes[s.theme];
  const name: ExpressionSpecification =
    s.lang === 'en' ? ['case', ['all', ['has', 'name_en'], ['!=', ['get', 'name_en'], '']], ['get', 'name_en'], ['coalesce', ['get', 'name'], '']] : ['coalesce', ['get', 'name'], ''];
  const sources: Record<string, SourceSpecification> = {};
  if (s.base.length > 0)
    sources.base = { type: 'vector', tiles: [`${origin}/tiles/${s.base.join(',')}/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom: 16 };
  for (const layer of s.on) {
    const z = s.zooms[layer] ?? { min: 0, max: 22 };
    const query = s.query[layer] ? `?${s.query[layer]}` : '';
    sources[layer] = { type: 'vector', tiles: [`${origin}/tiles/${layer}/{z}/{x}/{y}.mvt${query}`], minzoom: z.min, maxzoom: Math.min(z.max, 17) };
  }
  for (const id of liveSources)
    sources[id] = {
      type: 'geojson',
      data: data[id],
      ...(id === 'open' ? { cluster: true, clusterMaxZoom: 13, clusterRadius: 46, clusterProperties: { worst: ['min', ['get', 'severity']] } } : {}),
    };
  const base = baseLayers(p, name).filter((l) => 'source-layer' in l && s.base.includes(l['source-layer']!));
  const labels = base.filter((l) => l.type === 'symbol');
  const drawn = Object.keys(overlays)
    .filter((layer) => s.on.includes(layer))
    .flatMap((layer) => overlays[layer]!(p))
    .map((l) => {
      const z = 'source-layer' in l ? s.zooms[l['source-layer']!] : undefined;
      return z ? { ...l, minzoom: Math.max(l.minzoom ?? 0, z.min) } : l;
    });
  return {
    version: 8,
    sources,
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': p.ground } }, ...base.filter((l) => l.type !== 'symbol'), ...drawn.filter((l) => l.type === 'fill' || l.type === 'line'), ...labels, ...drawn.filter((l) => l.type !== 'fill' && l.type !== 'line'), ...liveLayers(p)],
  };
}

type GL = typeof import('maplibre-gl');

/** The map of a page. It owns MapLibre; nobody else touches it. */
export class MapView {
  private map: GLMap;
  private shown: Shown;
  private data: Record<LiveSource, FeatureCollection> = { open: nothing, worker: nothing, pulse: nothing, chosen: nothing };
  private stale = new Map<string, Map<string, { z: number; x: number; y: number }> | 'all'>();
  private flushing: ReturnType<typeof setTimeout> | undefined;
  private pulsing = 0;
  private ready = false;
  private styled = false;

  constructor(
    gl: GL,
    container: HTMLElement,
    shown: Shown,
    look: Look,
    private readonly on: {
      move?: (l: Look) => void;
      moving?: (l: Look) => void;
      click?: (at: LngLat, hits: Hit[]) => void;
      failed?: (message: string) => void;
      idle?: () => void;
    },
    options: { keyboard?: boolean; attribution?: boolean } = {},
  ) {
    this.shown = shown;
    this.map = new gl.Map({
      container,
      style: this.style(),
      center: [look.at[0], look.at[1]],
      zoom: look.zoom,
      minZoom: 2,
      maxZoom: 20,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxTileCacheSize: 0, // tiles out of view would come back stale
      keyboard: options.keyboard ?? true,
      fadeDuration: 120,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new gl.ScaleControl({ maxWidth: 110 }), 'bottom-left');
    this.map.setMissingStyleImageResolver(async (id: string) => this.image(id));
    this.map.on('moveend', () => this.on.move?.(this.look));
    this.map.on('move', () => this.on.moving?.(this.look));
    this.map.on('idle', () => this.on.idle?.());
    const first = shown;
    this.map.once('style.load', () => {
      this.styled = true;
      if (this.shown !== first) this.show({});
      for (const id of liveSources) this.push(id);
    });
    this.map.on('load', () => (this.ready = true));
    this.map.on('error', (e) => this.on.failed?.(e.error.message));
    this.map.on('click', (e) => this.on.click?.([e.lngLat.lng, e.lngLat.lat], this.hits(e.point.x, e.point.y)));
    this.hover();
  }

  get look(): Look {
    const c = this.map.getCenter();
    return { zoom: this.map.getZoom(), at: [c.lng, c.lat] };
  }

  /** [west, south, east, north] in degrees. */
  get box(): [number, number, number, number] {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }

  show(next: Partial<Shown>): void {
    const themed = next.theme !== undefined && next.theme !== this.shown.theme;
    this.shown = { ...this.shown, ...next };
    if (!this.styled) return; // comes with style.load
    this.map.setStyle(this.style(), { diff: true });
    if (themed)
      for (const id of this.map.listImages()) {
        const image = drawIcon(id, palettes[this.shown.theme]);
        if (image) this.map.updateImage(id, image);
      }
  }

  /** Puts points on the map that come over /live. */
  set(source: 'open' | 'worker', features: Feature<Point>[]): void {
    this.data[source] = { type: 'FeatureCollection', features };
    this.push(source);
  }

  /** Rings the chosen place, or none. */
  choose(at: LngLat | undefined): void {
    this.data.chosen = at ? { type: 'FeatureCollection', features: [point(at)] } : nothing;
    this.push('chosen');
  }

  /** One calm ring around each place, once. */
  pulse(places: LngLat[]): void {
    this.data.pulse = { type: 'FeatureCollection', features: places.map(point) };
    this.push('pulse');
    const run = ++this.pulsing;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const start = performance.now();
    const frame = (now: number) => {
      if (run !== this.pulsing || !this.map.getLayer('pulse')) return;
      const t = Math.min(1, (now - start) / 1800);
      this.map.setPaintProperty('pulse', 'circle-radius', still ? 18 : 8 + 34 * (1 - (1 - t) ** 3));
      this.map.setPaintProperty('pulse', 'circle-stroke-opacity', t < 1 ? 0.9 * (1 - t) : 0);
      if (t < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  go(at: LngLat, zoom?: number): void {
    this.map.easeTo({ center: [at[0], at[1]], zoom: zoom ?? Math.max(this.map.getZoom(), 15.5), duration: 500 });
  }

  fit(box: readonly number[], durationMs = 500): void {
    this.map.fitBounds(box as [number, number, number, number], { padding: 24, duration: durationMs, maxZoom: 17 });
  }

  jump(look: Look): void {
    this.map.jumpTo({ center: [look.at[0], look.at[1]], zoom: look.zoom });
  }

  zoom(by: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + by, duration: 200 });
  }

  /** Tells the map what lies over it, so that what it centres on is not hidden. */
  pad(padding: PaddingOptions): void {
    this.map.easeTo({ padding, duration: 0 });
  }

  /** Something of the layer changed at a place: its tiles there are loaded anew. Without a place: all of them. */
  refresh(layer: string, at?: LngLat | readonly number[] | null): void {
    const source = this.shown.base.includes(layer) ? 'base' : layer;
    if (!this.map.getSource(source)) return;
    const z = Math.max(0, Math.min(Math.floor(this.map.getZoom()), 17));
    const tiles = !at ? undefined : at.length === 2 ? [tileAt(at as LngLat, z)] : tilesIn(at, z);
    const known = this.stale.get(source);
    if (!tiles || known === 'all') this.stale.set(source, 'all');
    else {
      const set = known ?? new Map<string, { z: number; x: number; y: number }>();
      for (const t of tiles) set.set(`${t.z}/${t.x}/${t.y}`, t);
      this.stale.set(source, set.size > 64 ? 'all' : set);
    }
    this.flushing ??= setTimeout(() => this.flush(), 400);
  }

  resize(): void {
    this.map.resize();
  }

  remove(): void {
    clearTimeout(this.flushing);
    this.pulsing = -1;
    this.map.remove();
  }

  private flush(): void {
    this.flushing = undefined;
    for (const [source, tiles] of this.stale)
      if (this.map.getSource(source)) this.map.refreshTiles(source, tiles === 'all' ? undefined : [...tiles.values()]);
    this.stale.clear();
  }

  private style(): StyleSpecification {
    return styleOf(this.shown, this.data, location.origin);
  }

  private push(source: LiveSource): void {
    if (!this.styled) return;
    (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(this.data[source]);
  }

  private image(id: string): void {
    const image = drawIcon(id, palettes[this.shown.theme]);
    if (image && !this.map.hasImage(id)) this.map.addImage(id, image, { pixelRatio: ratio });
  }

  private hits(x: number, y: number): Hit[] {
    if (!this.ready) return [];
    const r = 6;
    const found = this.map.queryRenderedFeatures([
      [x - r, y - r],
      [x + r, y + r],
    ]);
    const seen = new Set<string>();
    const hits: Hit[] = [];
    for (const f of found) {
      const hit = this.hit(f);
      if (!hit || seen.has(`${hit.layer}/${hit.id}`)) continue;
      seen.add(`${hit.layer}/${hit.id}`);
      hits.push(hit);
    }
    return hits;
  }

  private hit(f: MapGeoJSONFeature): Hit | undefined {
    const at = f.geometry.type === 'Point' ? (f.geometry.coordinates as [number, number]) : ([0, 0] as const);
    if (f.source === 'open' && f.properties.point_count) {
      return { layer: 'cluster', id: Number(f.properties.cluster_id), properties: f.properties, at };
    }
    if (f.source === 'chosen' || f.source === 'pulse') return undefined;
    const layer = f.source === 'open' ? 'incident' : (f.sourceLayer ?? f.source);
    return { layer: f.properties.count !== undefined ? 'cluster' : layer, id: Number(f.properties.id ?? f.id ?? 0), properties: f.properties, at };
  }

  private hover(): void {
    let over: { source: string; id: number } | undefined;
    const canvas = this.map.getCanvas();
    this.map.on('mousemove', (e) => {
      if (!this.ready || this.map.isMoving()) return;
      const found = this.map.queryRenderedFeatures(e.point);
      const top = found[0];
      canvas.style.cursor = top && top.geometry.type === 'Point' && top.source !== 'base' ? 'pointer' : '';
      const grid = found.find((f) => f.source === 'grid_unit');
      const next = grid?.id === undefined ? undefined : { source: 'grid_unit', id: Number(grid.id) };
      if (over?.id === next?.id) return;
      if (over && this.map.getSource(over.source)) this.map.setFeatureState({ source: over.source, sourceLayer: over.source, id: over.id }, { hover: false });
      if (next) this.map.setFeatureState({ source: next.source, sourceLayer: next.source, id: next.id }, { hover: true });
      over = next;
    });
  }
}

function point(at: LngLat): Feature<Point> {
  return { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [at[0], at[1]] } };
}
