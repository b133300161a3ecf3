import type { Feature, FeatureCollection, Point } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as GLMap, MapGeoJSONFeature, MapSourceDataEvent, PaddingOptions, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import { baseLayers } from './base';
import type { TileWatch } from '../live/client';
import type { Stale } from '../live/protocol';
import { meets, windowOf, type Tile } from './cover';
import { StaleTiles, tileOf } from './stale';
import { drawIcon, ratio } from './icons';
import { drawnOf, liveLayers } from './overlays';
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
  /** It stands for several: open incidents drawn together by the map ('near'), or a counted cell of a tile ('cell'). */
  several?: 'near' | 'cell';
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
  const drawn = drawnOf(s.on, p).map((l) => {
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

/** Where the map hears which of its tiles are stale: the page's connection to /live. */
export interface TileLine {
  watch(w: TileWatch, from: string): void;
  unsubscribe(id: string): void;
  cursor(id: string): string;
}

/** How long the map must rest before it says which tiles it has open, in milliseconds. */
const REST_MS = 200;
/** How often one looks whether the tiles that are awaited have come, in milliseconds. */
const LOOK_MS = 60;
/** Features of a layer that the tiles in view leave out at this zoom. */
export type Omitted = Record<string, number>;

/** The map of a page. It owns MapLibre; nobody else touches it. */
export class MapView {
  private map: GLMap;
  private shown: Shown;
  private data: Record<LiveSource, FeatureCollection> = { open: nothing, worker: nothing, pulse: nothing, chosen: nothing };
  private stale = new StaleTiles();
  private flushing: ReturnType<typeof setTimeout> | undefined;
  private resting: ReturnType<typeof setTimeout> | undefined;
  /** Sources with tiles on their way that something waits for. */
  private awaited = new Set<string>();
  /** What each source's open tiles are said to be, and the cursor of before the map began to move. */
  private said = new Map<string, string>();
  private before = new Map<string, string>();
  private pulsing = 0;
  private ready = false;
  private styled = false;
  private readonly line: TileLine | undefined;

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
      /** What the tiles in view leave out. */
      omitted?: (o: Omitted) => void;
      /** A layer that is shown may be seen no longer. */
      ended?: () => void;
    },
    options: { keyboard?: boolean; attribution?: boolean; line?: TileLine } = {},
  ) {
    this.line = options.line;
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
      transformRequest: (url, type) => (type === 'Tile' ? { url: this.request(url) } : undefined),
      keyboard: options.keyboard ?? true,
      fadeDuration: 120,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new gl.ScaleControl({ maxWidth: 110 }), 'bottom-left');
    this.map.setMissingStyleImageResolver(async (id: string) => this.image(id));
    this.map.on('movestart', () => this.leave());
    this.map.on('moveend', () => {
      this.on.move?.(this.look);
      this.rest();
    });
    const came = (e: MapSourceDataEvent) => {
      const t = (e.coord as { canonical?: Tile } | undefined)?.canonical;
      if (t && e.tile) this.stale.came(e.sourceId, t);
    };
    this.map.on('sourcedata', came);
    this.map.on('sourcedataabort', came);
    this.map.on('move', () => this.on.moving?.(this.look));
    this.map.on('idle', () => {
      this.on.idle?.();
      this.tellOmitted();
    });
    const first = shown;
    this.map.once('style.load', () => {
      this.styled = true;
      if (this.shown !== first) this.show({});
      for (const id of liveSources) this.push(id);
      this.leave();
      this.rest();
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
    this.leave();
    this.map.setStyle(this.style(), { diff: true });
    this.rest();
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

  /** A layer is not what the map shows of it, nobody knows where: its open tiles are loaded anew, as new as a cursor. */
  refresh(layer: string, since = ''): void {
    for (const source of this.tiled()) if (source.layers.includes(layer)) this.outdated(source.id, this.open(source), since);
  }

  resize(): void {
    this.map.resize();
  }

  remove(): void {
    clearTimeout(this.flushing);
    clearTimeout(this.resting);
    for (const id of this.said.keys()) this.line?.unsubscribe(`tiles:${id}`);
    this.pulsing = -1;
    this.map.remove();
  }

  /** The address of each source's tile at the middle of the map. */
  middle(): { source: string; url: string }[] {
    const at = this.look.at;
    return this.tiled().flatMap((s) => {
      const t = this.open(s).find((tile) => meets(tile, [at[0], at[1], at[0], at[1]]));
      const spec = this.map.getStyle().sources[s.id];
      const template = t && spec?.type === 'vector' ? spec.tiles?.[0] : undefined;
      return t && template ? [{ source: s.id, url: template.replace('{z}', String(t.z)).replace('{x}', String(t.x)).replace('{y}', String(t.y)) }] : [];
    });
  }

  /** The sources of tiles, with the layers of each. */
  private tiled(): { id: string; layers: string[]; min: number; max: number }[] {
    if (!this.styled) return [];
    return Object.entries(this.map.getStyle().sources).flatMap(([id, s]) =>
      s.type === 'vector' ? [{ id, layers: id === 'base' ? this.shown.base : [id], min: s.minzoom ?? 0, max: s.maxzoom ?? 22 }] : [],
    );
  }

  /** The tiles that the map has open of a source. */
  private open(source: { min: number; max: number }): Tile[] {
    const seen = new Map<string, Tile>();
    for (const { canonical: c } of this.map.coveringTiles({ tileSize: 512, minzoom: source.min, maxzoom: source.max })) seen.set(`${c.z}/${c.x}/${c.y}`, { z: c.z, x: c.x, y: c.y });
    return [...seen.values()];
  }

  /** The map begins to ask for other tiles: what changes from here on must be told of them too. */
  private leave(): void {
    if (!this.line) return;
    clearTimeout(this.resting); // what is open is said when it has come to rest
    const sources = [...this.said.keys(), ...this.shown.on, 'base'];
    for (const id of sources) if (!this.before.has(id)) this.before.set(id, this.line.cursor(`tiles:${id}`));
  }

  private rest(): void {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.say(), REST_MS);
  }

  /** Says which tiles of each source are open, where that changed. */
  private say(): void {
    const { line } = this;
    if (!line) return;
    const now = new Map<string, string>();
    for (const source of this.tiled()) {
      const open = this.open(source);
      const of = windowOf(open);
      if (!of) continue;
      const layer = source.layers.join(',');
      const said = JSON.stringify([layer, of]);
      now.set(source.id, said);
      this.stale.keep(source.id, (t) => open.some((o) => o.z === t.z && o.x === t.x && o.y === t.y));
      if (this.said.get(source.id) === said) continue;
      line.watch(
        {
          id: `tiles:${source.id}`,
          layer,
          open: of,
          stale: (s, cursor) => this.hear(source.id, s, cursor),
          reload: () => this.outdated(source.id, this.open(source), ''),
          ended: () => this.on.ended?.(),
        },
        this.before.get(source.id) ?? '',
      );
    }
    for (const id of this.said.keys())
      if (!now.has(id)) {
        line.unsubscribe(`tiles:${id}`);
        this.stale.keep(id, () => false);
      }
    this.said = now;
    this.before.clear();
  }

  /** Some of a source's open tiles are stale. */
  private hear(id: string, s: Stale, cursor: string): void {
    const source = this.tiled().find((t) => t.id === id);
    if (!source) return;
    const named = new Set(Object.values(s.layers).flat());
    const boxes = Object.values(s.areas ?? {});
    const open = this.open(source).filter((t) => named.has(`${t.z}/${t.x}/${t.y}`) || boxes.some((b) => b === null || meets(t, b)));
    this.outdated(id, open, cursor);
  }

  private outdated(source: string, tiles: Tile[], since: string): void {
    this.stale.mark(source, tiles, since);
    if (this.stale.awaits(source)) this.awaited.add(source);
    this.flush();
  }

  /** Loads what is due: exactly the stale tiles, and nothing else of their sources. */
  private flush(): void {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    for (const [source, tiles] of this.stale.due(performance.now()))
      if (this.map.getSource(source)) {
        this.map.refreshTiles(source, tiles);
        this.awaited.add(source);
      }
    // A tile that comes back as it was comes without an event and without a frame: one looks.
    let landed = false;
    for (const source of this.awaited)
      if (!this.map.getSource(source) || this.map.isSourceLoaded(source)) {
        this.awaited.delete(source);
        this.stale.allCame(source);
        landed = true;
      }
    if (landed) this.map.triggerRepaint();
    const ms = Math.min(this.stale.wait(performance.now()) ?? Infinity, this.awaited.size > 0 ? LOOK_MS : Infinity);
    if (ms !== Infinity) this.flushing = setTimeout(() => this.flush(), Math.max(ms, 10));
  }

  /** The address of a tile that the map asks for: one that is known to be stale must be as new as the message that said so. */
  private request(url: string): string {
    const m = /\/tiles\/([^/?]+)\/(\d+\/\d+\/\d+)\.mvt/.exec(url);
    const tile = m && tileOf(m[2]!);
    if (!m || !tile) return url;
    const since = this.stale.asked(m[1] === this.shown.base.join(',') ? 'base' : m[1]!, tile);
    return since ? `${url}${url.includes('?') ? '&' : '?'}since=${encodeURIComponent(since)}` : url;
  }

  private omittedBefore = '{}';
  /** Counts what the tiles in view say that they left out. */
  private tellOmitted(): void {
    if (!this.on.omitted || !this.ready) return;
    const sum: Omitted = {};
    for (const source of this.tiled()) {
      // A tile has one point for each layer that leaves something out.
      for (const f of this.map.querySourceFeatures(source.id, { sourceLayer: '_omitted' })) {
        const layer = String(f.properties.layer);
        sum[layer] = (sum[layer] ?? 0) + Number(f.properties.features);
      }
    }
    const text = JSON.stringify(sum);
    if (text === this.omittedBefore) return;
    this.omittedBefore = text;
    this.on.omitted(sum);
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
      return { layer: 'incident', several: 'near', id: Number(f.properties.cluster_id), properties: f.properties, at };
    }
    if (f.source === 'chosen' || f.source === 'pulse') return undefined;
    const layer = f.source === 'open' ? 'incident' : (f.sourceLayer ?? f.source);
    if (f.properties.count !== undefined) return { layer, several: 'cell', id: Math.round(at[0] * 1e6) * 1e9 + Math.round(at[1] * 1e6), properties: f.properties, at };
    return { layer, id: Number(f.properties.id ?? f.id ?? 0), properties: f.properties, at };
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
