import type { FeatureCollection, LineString, Point } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as GLMap, MapGeoJSONFeature } from 'maplibre-gl';
import type { Theme } from '../../map/palette';
import { deskMap, groundOf, tilesOf } from '../deskmap';

/** Which of the fire layers is drawn beneath. */
export type Beneath = 'fire_risk' | 'water_gap' | 'response_gap' | 'none';

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Few to many, readable on both themes (viridis). */
export const ramp = ['#fde725', '#5ec962', '#21918c', '#3b528b', '#440154'] as const;

/** Four steps from a little to much beyond a limit: the last stands out on the theme's ground. */
export const worse = (theme: Theme) => (theme === 'dark' ? ([ramp[3], ramp[2], ramp[1], ramp[0]] as const) : ([ramp[1], ramp[2], ramp[3], ramp[4]] as const));

/** A map with scored places or gaps, the lines of a list and their tours. */
export class FireMap {
  private readonly map: GLMap;
  private ready = false;
  private later: (() => void)[] = [];

  /** `clicked` hears of a line's number, or of a scored place. */
  constructor(container: HTMLElement, bounds: readonly number[] | undefined, clicked: (what: { line?: number; place?: MapGeoJSONFeature }) => void) {
    const data = { type: 'geojson', data: none } as const;
    const sources = { fire_risk: tilesOf('fire_risk'), water_gap: tilesOf('water_gap'), response_gap: tilesOf('response_gap'), tours: data, lines: data, mark: data };
    this.map = deskMap(container, bounds, sources, (p, theme) => {
      const w = worse(theme);
      const few: ExpressionSpecification = ['match', ['get', 'level'], 1, w[3], 2, w[2], 3, w[1], w[0]];
      return [
        ...groundOf(p),
        {
          id: 'water_gap',
          type: 'fill',
          source: 'water_gap',
          'source-layer': 'water_gap',
          layout: { visibility: 'none' },
          paint: { 'fill-color': ['step', ['get', 'distance_m'], 'transparent', 150, w[0], 200, w[1], 300, w[2], 500, w[3]], 'fill-opacity': 0.55 },
        },
        {
          id: 'response_gap',
          type: 'fill',
          source: 'response_gap',
          'source-layer': 'response_gap',
          layout: { visibility: 'none' },
          paint: { 'fill-color': ['step', ['coalesce', ['get', 'seconds'], 9999], 'transparent', 240, w[0], 300, w[1], 420, w[2], 600, w[3]], 'fill-opacity': 0.55 },
        },
        {
          id: 'fire_risk',
          type: 'circle',
          source: 'fire_risk',
          'source-layer': 'fire_risk',
          paint: {
            'circle-color': few,
            'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, ['match', ['get', 'level'], 1, 3, 2, 2, 1], 16, ['match', ['get', 'level'], 1, 9, 2, 7, 5]],
            'circle-opacity': ['match', ['get', 'level'], 1, 0.95, 2, 0.8, 3, 0.6, 0.25],
          },
          layout: { 'circle-sort-key': ['-', ['get', 'rank']] },
        },
        { id: 'tours', type: 'line', source: 'tours', paint: { 'line-color': p.ink, 'line-width': 2.5, 'line-opacity': 0.7, 'line-dasharray': [2, 1] } },
        {
          id: 'lines',
          type: 'circle',
          source: 'lines',
          paint: {
            'circle-radius': 8,
            'circle-color': ['match', ['get', 'decision'], 'accepted', p.ink, 'refused', p.ground, p.paper],
            'circle-stroke-color': ['match', ['get', 'reason'], 'overdue', p.severity[1], 'random', p.severity[3], p.ink],
            'circle-stroke-width': 2.5,
            'circle-opacity': ['match', ['get', 'decision'], 'refused', 0.3, 1],
          },
        },
        { id: 'mark', type: 'circle', source: 'mark', paint: { 'circle-radius': 14, 'circle-color': 'transparent', 'circle-stroke-color': p.severity[0], 'circle-stroke-width': 3 } },
      ];
    });
    this.map.on('load', () => {
      this.ready = true;
      for (const f of this.later) f();
      container.dataset.ready = 'true';
    });
    this.map.on('click', (e) => {
      const [x, y] = [e.point.x, e.point.y];
      const near: [[number, number], [number, number]] = [[x - 6, y - 6], [x + 6, y + 6]];
      const hit = this.map.queryRenderedFeatures(near, { layers: ['lines', 'fire_risk'] })[0];
      if (hit?.layer.id === 'lines') clicked({ line: Number(hit.properties.n) });
      else if (hit) clicked({ place: hit });
    });
  }

  private then(f: () => void): void {
    if (this.ready) f();
    else this.later.push(f);
  }
  private set(source: string, data: FeatureCollection): void {
    this.then(() => (this.map.getSource(source) as GeoJSONSource | undefined)?.setData(data));
  }

  /** Which layer lies beneath, and of scored places which kind. */
  beneath(what: Beneath, kind: string): void {
    this.then(() => {
      for (const l of ['fire_risk', 'water_gap', 'response_gap']) this.map.setLayoutProperty(l, 'visibility', l === what ? 'visible' : 'none');
      this.map.setFilter('fire_risk', ['==', ['get', 'kind'], kind]);
    });
  }

  /** Tiles are asked for anew: something was computed. */
  again(): void {
    this.then(() => {
      for (const l of ['fire_risk', 'water_gap', 'response_gap']) this.map.refreshTiles(l);
    });
  }

  lines(all: readonly { n: number; lon: number; lat: number; decision: string; reason: string }[], tours: readonly LineString['coordinates'][]): void {
    this.set('lines', { type: 'FeatureCollection', features: all.map(({ n, lon, lat, decision, reason }) => ({ type: 'Feature', properties: { n, decision, reason }, geometry: { type: 'Point', coordinates: [lon, lat] } as Point })) });
    this.set('tours', { type: 'FeatureCollection', features: tours.filter((t) => t.length > 1).map((coordinates) => ({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } as LineString })) });
  }

  /** Brings points into view. */
  fit(all: readonly { lon: number; lat: number }[]): void {
    if (all.length === 0) return;
    const [x, y] = [all.map((a) => a.lon), all.map((a) => a.lat)];
    this.then(() => this.map.fitBounds([Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)], { padding: 60, maxZoom: 16, duration: 300 }));
  }

  mark(at: { lon: number; lat: number } | undefined, go = true): void {
    this.set('mark', at ? { type: 'FeatureCollection', features: [{ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [at.lon, at.lat] } }] } : none);
    if (at && go) this.then(() => this.map.easeTo({ center: [at.lon, at.lat], zoom: Math.max(this.map.getZoom(), 15), duration: 300 }));
  }

  remove(): void {
    this.map.remove();
  }
}
