import type { FeatureCollection, LineString, Point } from 'geojson';
import type { ExpressionSpecification, FilterSpecification, GeoJSONSource, Map as GLMap, Marker } from 'maplibre-gl';
import { maplibre } from '../../map/maplibre';
import type { Theme } from '../../map/palette';
import { deskMap, groundOf, tilesOf } from '../deskmap';

/** Which of the fire layers is drawn beneath. */
export type Beneath = 'fire_risk' | 'water_gap' | 'response_gap' | 'none';

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Few to many, readable on both themes (viridis). */
export const ramp = ['#fde725', '#5ec962', '#21918c', '#3b528b', '#440154'] as const;

/** Four steps from a little to much beyond a limit: the last stands out on the theme's ground. */
export const worse = (theme: Theme) => (theme === 'dark' ? ([ramp[3], ramp[2], ramp[1], ramp[0]] as const) : ([ramp[1], ramp[2], ramp[3], ramp[4]] as const));

/** From which value on a cell has each of the four colours: metres, seconds. */
export const steps = { water_gap: [150, 200, 300, 500], response_gap: [240, 300, 420, 600] } as const;

/** What is drawn beside which gap: its layer, and the source it is of. */
const beside = [
  ['stations', 'place', 'response_gap'],
  ['hydrants_place', 'place', 'water_gap'],
  ['hydrants_asset', 'asset', 'water_gap'],
] as const;

/** What was clicked: a line of a list, a scored place, or a cell of a layer of gaps with its values. */
export interface Clicked {
  line?: number;
  place?: number;
  cell?: Record<string, unknown>;
}

/** Of a line: what the map shows. */
export interface Stop {
  n: number;
  stop: number;
  lon: number;
  lat: number;
  decision: string;
  reason: string;
}

/** A map with scored places or gaps, the lines of a list and their tours. */
export class FireMap {
  private readonly map: GLMap;
  private ready = false;
  private later: (() => void)[] = [];
  private readonly numbers: Marker[] = [];

  /** `seen`: names of the layers that may be asked for. */
  constructor(
    container: HTMLElement,
    private readonly bounds: readonly number[] | undefined,
    kind: string,
    private readonly seen: ReadonlySet<string>,
    clicked: (what: Clicked) => void,
  ) {
    const data = { type: 'geojson', data: none } as const;
    const sources = { fire_risk: tilesOf('fire_risk'), water_gap: tilesOf('water_gap'), response_gap: tilesOf('response_gap'), place: tilesOf('place'), asset: tilesOf('asset'), tours: data, lines: data, mark: data };
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
          paint: { 'fill-color': ['step', ['get', 'distance_m'], 'transparent', ...steps.water_gap.flatMap((v, i) => [v, w[i]!])] as unknown as ExpressionSpecification, 'fill-opacity': 0.55 },
        },
        {
          id: 'response_gap',
          type: 'fill',
          source: 'response_gap',
          'source-layer': 'response_gap',
          layout: { visibility: 'none' },
          paint: { 'fill-color': ['step', ['coalesce', ['get', 'seconds'], 9999], 'transparent', ...steps.response_gap.flatMap((v, i) => [v, w[i]!])] as unknown as ExpressionSpecification, 'fill-opacity': 0.55 },
        },
        {
          id: 'fire_risk',
          type: 'circle',
          source: 'fire_risk',
          'source-layer': 'fire_risk',
          filter: ['==', ['get', 'kind'], kind],
          paint: {
            'circle-color': few,
            'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, ['match', ['get', 'level'], 1, 3, 2, 2, 1], 16, ['match', ['get', 'level'], 1, 9, 2, 7, 5]],
            'circle-opacity': ['match', ['get', 'level'], 1, 0.95, 2, 0.8, 3, 0.6, 0.25],
          },
          layout: { 'circle-sort-key': ['-', ['get', 'rank']] },
        },
        {
          id: 'stations',
          type: 'circle',
          source: 'place',
          'source-layer': 'place',
          filter: ['==', ['get', 'kind'], 'fire_station'],
          layout: { visibility: 'none' },
          paint: { 'circle-radius': 6, 'circle-color': p.severity[0], 'circle-stroke-color': p.paper, 'circle-stroke-width': 2 },
        },
        ...(['place', 'asset'] as const).map((source) => ({
          id: `hydrants_${source}`,
          type: 'circle' as const,
          source,
          'source-layer': source,
          minzoom: 13,
          filter: (source === 'place' ? ['==', ['get', 'kind'], 'hydrant'] : ['any', ['in', '消火栓', ['coalesce', ['get', 'name'], '']], ['in', 'hydrant', ['downcase', ['coalesce', ['get', 'name'], '']]]]) as FilterSpecification,
          layout: { visibility: 'none' as const },
          paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 13, 1.5, 17, 5] as ExpressionSpecification, 'circle-color': p.severity[3], 'circle-stroke-color': p.paper, 'circle-stroke-width': 1 },
        })),
        { id: 'tours', type: 'line', source: 'tours', paint: { 'line-color': p.ink, 'line-width': ['case', ['get', 'dim'], 1.5, 3], 'line-opacity': ['case', ['get', 'dim'], 0.25, 0.8], 'line-dasharray': [2, 1] } },
        {
          id: 'lines',
          type: 'circle',
          source: 'lines',
          paint: {
            'circle-radius': ['case', ['get', 'dim'], 6, 10],
            'circle-color': ['match', ['get', 'decision'], 'accepted', p.ink, 'refused', p.ground, p.paper],
            'circle-stroke-color': ['match', ['get', 'reason'], 'overdue', p.severity[1], 'random', p.severity[3], p.ink],
            'circle-stroke-width': 2.5,
            'circle-opacity': ['case', ['get', 'dim'], 0.35, ['==', ['get', 'decision'], 'refused'], 0.4, 1],
            'circle-stroke-opacity': ['case', ['get', 'dim'], 0.35, ['==', ['get', 'decision'], 'refused'], 0.4, 1],
          },
        },
        { id: 'mark', type: 'circle', source: 'mark', paint: { 'circle-radius': 14, 'circle-color': 'transparent', 'circle-stroke-color': p.severity[0], 'circle-stroke-width': 3 } },
      ];
    });
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-left');
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), 'top-left');
    // As soon as the style is there: a slow ground holds nothing back.
    this.map.once('style.load', () => {
      this.ready = true;
      for (const f of this.later) f();
    });
    this.map.on('load', () => (container.dataset.ready = 'true'));
    this.map.on('click', (e) => {
      const [x, y] = [e.point.x, e.point.y];
      const near: [[number, number], [number, number]] = [[x - 6, y - 6], [x + 6, y + 6]];
      const hit = this.map.queryRenderedFeatures(near, { layers: ['lines', 'fire_risk', 'water_gap', 'response_gap'] })[0];
      if (hit?.layer.id === 'lines') clicked({ line: Number(hit.properties.n) });
      else if (hit?.layer.id === 'fire_risk') clicked({ place: Number(hit.properties.place) });
      else clicked({ cell: hit?.properties ?? {} });
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
      for (const [layer, source, of] of beside) if (this.seen.has(source)) this.map.setLayoutProperty(layer, 'visibility', what === of ? 'visible' : 'none');
      this.map.setFilter('fire_risk', ['==', ['get', 'kind'], kind]);
    });
  }

  /** Tiles are asked for anew: something was computed. */
  again(): void {
    this.then(() => {
      for (const l of ['fire_risk', 'water_gap', 'response_gap']) this.map.refreshTiles(l);
    });
  }

  /** Shows the lines of a list and its tours; those of which `dim` is true stand back, those that are `counted` have the number of their stop. */
  lines(all: readonly (Stop & { dim: boolean; counted: boolean })[], tours: readonly { line: LineString['coordinates']; dim: boolean }[]): void {
    this.set('lines', {
      type: 'FeatureCollection',
      features: all.map((x) => ({ type: 'Feature', properties: { n: x.n, decision: x.decision, reason: x.reason, dim: x.dim }, geometry: { type: 'Point', coordinates: [x.lon, x.lat] } as Point })),
    });
    this.set('tours', {
      type: 'FeatureCollection',
      features: tours.filter((t) => t.line.length > 1).map((t) => ({ type: 'Feature', properties: { dim: t.dim }, geometry: { type: 'LineString', coordinates: t.line } as LineString })),
    });
    for (const m of this.numbers.splice(0)) m.remove();
    for (const x of all) {
      if (!x.counted) continue;
      const el = document.createElement('span');
      el.className = `fire-stop ${x.decision}`;
      el.textContent = String(x.stop);
      el.setAttribute('aria-hidden', 'true'); // the list says the same
      this.numbers.push(new maplibre.Marker({ element: el }).setLngLat([x.lon, x.lat]).addTo(this.map));
    }
  }

  /** Back to the whole city. */
  whole(): void {
    const b = this.bounds;
    if (b?.length === 4) this.then(() => this.map.fitBounds(b as [number, number, number, number], { padding: 30, duration: 300 }));
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
    for (const m of this.numbers.splice(0)) m.remove();
    this.map.remove();
  }
}
