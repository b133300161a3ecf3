import type { Feature, FeatureCollection, Geometry, Point } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as GLMap, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import { baseLayers, font } from '../map/base';
import { drawIcon, ratio } from '../map/icons';
import { maplibre } from '../map/maplibre';
import { palettes } from '../map/palette';
import { boxOf, circle, type Box, type LngLat } from './ground';

// The phone's map: the base from kept tiles, the worker's grids, and what the
// page puts on it. Loaded when a map opens, not before.

/** A point on the map. */
export interface Mark {
  id: string;
  at: LngLat;
  /** A sign of the map (map/icons.ts), or a number in a circle. */
  sign?: string;
  text?: string;
  /** Done, or not to be looked at now. */
  faint?: boolean;
}


type TileOf = (address: string, signal: AbortSignal) => Promise<ArrayBuffer>;
let tileOf: TileOf | undefined;
let added = false;

/** Tiles come by way of the phone's store, so that the map is there without a network. */
function addKept(f: TileOf): void {
  tileOf = f;
  if (added) return;
  added = true;
  maplibre.addProtocol('kept', async (request, abort) => ({ data: await tileOf!(request.url.replace('kept:/', ''), abort.signal) }));
}

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
const feature = (geometry: Geometry, properties: Record<string, unknown> = {}): Feature => ({ type: 'Feature', properties, geometry });

function styleOf(layers: string, maxzoom: number, lang: 'zh' | 'en'): StyleSpecification {
  const p = palettes.light;
  const name: ExpressionSpecification = lang === 'en' ? ['case', ['all', ['has', 'name_en'], ['!=', ['get', 'name_en'], '']], ['get', 'name_en'], ['coalesce', ['get', 'name'], '']] : ['coalesce', ['get', 'name'], ''];
  const sources: Record<string, SourceSpecification> = {};
  if (layers) sources.base = { type: 'vector', tiles: [`kept://tiles/${layers}/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom };
  for (const id of ['grids', 'around', 'marks']) sources[id] = { type: 'geojson', data: nothing };
  const base = layers ? baseLayers(p, name).filter((l) => 'source-layer' in l && layers.split(',').includes(l['source-layer']!)) : [];
  const mine: LayerSpecification[] = [
    { id: 'grid-unit', type: 'line', source: 'grids', filter: ['!', ['get', 'own']], minzoom: 14.5, paint: { 'line-color': p.grid, 'line-width': 1, 'line-opacity': 0.55 } },
    { id: 'grid-own', type: 'line', source: 'grids', filter: ['get', 'own'], paint: { 'line-color': p.grid, 'line-width': 3, 'line-dasharray': [5, 1.5] } },
    { id: 'around', type: 'fill', source: 'around', paint: { 'fill-color': p.severity[3], 'fill-opacity': 0.14 } },
    { id: 'around-edge', type: 'line', source: 'around', paint: { 'line-color': p.severity[3], 'line-width': 1.5, 'line-opacity': 0.7 } },
  ];
  const marks: LayerSpecification[] = [
    { id: 'mark-round', type: 'circle', source: 'marks', filter: ['has', 'text'], paint: { 'circle-radius': 15, 'circle-color': ['case', ['get', 'faint'], p.calm, p.ink], 'circle-stroke-color': p.paper, 'circle-stroke-width': 2.5 } },
    {
      id: 'mark-text',
      type: 'symbol',
      source: 'marks',
      filter: ['has', 'text'],
      layout: { 'text-field': ['get', 'text'], 'text-font': font, 'text-size': 15, 'text-allow-overlap': true },
      paint: { 'text-color': p.paper },
    },
    { id: 'mark-sign', type: 'symbol', source: 'marks', filter: ['has', 'sign'], layout: { 'icon-image': ['get', 'sign'], 'icon-allow-overlap': true, 'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.7, 17, 1.3] } },
    { id: 'mark-here', type: 'circle', source: 'around', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 7, 'circle-color': p.severity[3], 'circle-stroke-color': p.paper, 'circle-stroke-width': 3 } },
  ];
  return {
    version: 8,
    sources,
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': p.ground } }, ...base.filter((l) => l.type !== 'symbol'), ...mine, ...base.filter((l) => l.type === 'symbol'), ...marks],
  };
}

export interface MapOptions {
  lang: 'zh' | 'en';
  /** The layers of the base's tiles, as in their addresses; '' for none. */
  layers: string;
  /** The deepest zoom of the base that is there. */
  maxzoom: number;
  tile: TileOf;
  at: LngLat;
  zoom: number;
  /** A hand moved the map: its middle. */
  moved?: (at: LngLat) => void;
  tapped?: (at: LngLat, mark: string | undefined) => void;
}

/** The map of the phone's page. It owns MapLibre; nobody else touches it. */
export class PhoneMap {
  private readonly map: GLMap;
  private data: Record<'grids' | 'around' | 'marks', FeatureCollection> = { grids: nothing, around: nothing, marks: nothing };
  private styled = false;
  private readonly looks: ResizeObserver;

  constructor(container: HTMLElement, o: MapOptions) {
    addKept(o.tile);
    this.map = new maplibre.Map({
      container,
      style: styleOf(o.layers, o.maxzoom, o.lang),
      center: [o.at[0], o.at[1]],
      zoom: o.zoom,
      minZoom: 8,
      maxZoom: 20,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 90 }), 'bottom-left');
    this.map.setMissingStyleImageResolver(async (id: string) => {
      const image = drawIcon(id, palettes.light);
      if (image && !this.map.hasImage(id)) this.map.addImage(id, image, { pixelRatio: ratio });
    });
    this.map.once('style.load', () => {
      this.styled = true;
      for (const id of ['grids', 'around', 'marks'] as const) this.push(id);
    });
    this.map.on('error', () => undefined); // a tile that is not there is drawn from the one above it
    this.map.on('moveend', (e) => {
      if ((e as { originalEvent?: Event }).originalEvent) o.moved?.(this.middle);
    });
    this.map.on('click', (e) => {
      const r = 22; // a thumb
      const layers = ['mark-round', 'mark-sign'].filter((l) => this.map.getLayer(l));
      const found = this.styled ? this.map.queryRenderedFeatures([[e.point.x - r, e.point.y - r], [e.point.x + r, e.point.y + r]], { layers }) : [];
      const near = found.map((f) => ({ f, d: distance(this.map.project((f.geometry as Point).coordinates as [number, number]), e.point) })).sort((a, b) => a.d - b.d)[0];
      o.tapped?.([e.lngLat.lng, e.lngLat.lat], near ? String(near.f.properties.mark) : undefined);
    });
    this.looks = new ResizeObserver(() => this.map.resize());
    this.looks.observe(container);
  }

  get middle(): LngLat {
    const c = this.map.getCenter();
    return [c.lng, c.lat];
  }

  grids(grids: { code: string; own: boolean; outline: Geometry }[]): void {
    this.data.grids = { type: 'FeatureCollection', features: grids.map((g) => feature(g.outline, { own: g.own, code: g.code })) };
    this.push('grids');
  }

  /** Where the phone is, with a circle as wide as its accuracy. */
  here(at: LngLat | undefined, accuracyM: number | undefined): void {
    const features = at ? [...(accuracyM ? [feature(circle(at, accuracyM))] : []), feature({ type: 'Point', coordinates: [at[0], at[1]] })] : [];
    this.data.around = { type: 'FeatureCollection', features };
    this.push('around');
  }

  marks(marks: Mark[]): void {
    this.data.marks = {
      type: 'FeatureCollection',
      features: marks.map((m) => feature({ type: 'Point', coordinates: [m.at[0], m.at[1]] }, { mark: m.id, faint: m.faint ?? false, ...(m.text === undefined ? {} : { text: m.text }), ...(m.sign === undefined ? {} : { sign: m.sign }) })),
    };
    this.push('marks');
  }

  go(at: LngLat, zoom?: number): void {
    this.map.jumpTo({ center: [at[0], at[1]], zoom: zoom ?? Math.max(this.map.getZoom(), 16.5) });
  }

  fit(box: Box): void {
    this.map.fitBounds(box, { padding: 28, duration: 0, maxZoom: 17 });
  }

  fitAll(geometries: Geometry[]): void {
    const b = boxOf(geometries);
    if (b) this.fit(b);
  }

  remove(): void {
    this.looks.disconnect();
    this.map.remove();
  }

  private push(id: 'grids' | 'around' | 'marks'): void {
    if (this.styled) (this.map.getSource(id) as GeoJSONSource | undefined)?.setData(this.data[id]);
  }
}

const distance = (a: { x: number; y: number }, b: { x: number; y: number }) => Math.hypot(a.x - b.x, a.y - b.y);
