import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as GLMap, Marker } from 'maplibre-gl';
import { maplibre } from '../../map/maplibre';
import { deskMap, groundOf, type Drawn } from '../deskmap';
import type { Comparison, Material, Stand } from './posts';

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Radii by share, smaller where the whole city is in sight, so that points do not run into one. */
const sized = (least: number, most: number): ExpressionSpecification => {
  const at = (k: number): ExpressionSpecification => ['interpolate', ['linear'], ['sqrt', ['get', 'share']], 0, least * k, 1, most * k];
  return ['interpolate', ['linear'], ['zoom'], 10, at(0.3), 13, at(1), 16, at(1.5)];
};

const drawn: Drawn = (p) => [
  ...groundOf(p),
  { id: 'demand', type: 'circle', source: 'demand', paint: { 'circle-radius': sized(1.5, 14), 'circle-color': p.ramp[2], 'circle-opacity': 0.45 } },
  { id: 'candidates', type: 'circle', source: 'candidates', paint: { 'circle-radius': 2, 'circle-color': p.ink, 'circle-opacity': 0.5 } },
  // Who gains is a filled disc, who loses a ring: colour is not the only sign.
  { id: 'gains', type: 'circle', source: 'changes', filter: ['<', ['get', 'by'], 0], paint: { 'circle-radius': sized(3, 14), 'circle-color': p.severity[3], 'circle-opacity': 0.8 } },
  { id: 'losses', type: 'circle', source: 'changes', filter: ['>', ['get', 'by'], 0], paint: { 'circle-radius': sized(4, 14), 'circle-color': p.ground, 'circle-opacity': 0.2, 'circle-stroke-color': p.severity[0], 'circle-stroke-width': 2.5 } },
];

/** A map of demand, candidates and posts; posts are dragged, or moved with the arrow keys. */
export class PostsMap {
  private readonly map: GLMap;
  private ready = false;
  private readonly data: Record<string, FeatureCollection> = { demand: none, candidates: none, changes: none };
  private markers = new Map<string, Marker>();

  constructor(
    container: HTMLElement,
    bounds: readonly number[] | undefined,
    private readonly on: { moved: (key: string, lon: number, lat: number) => void; chosen: (key: string) => void; clicked: (lon: number, lat: number) => void; called: (s: Stand, number: number) => string },
  ) {
    const source = { type: 'geojson', data: none } as const;
    this.map = deskMap(container, bounds, { demand: source, candidates: source, changes: source }, drawn);
    this.map.addControl(new maplibre.ScaleControl({}), 'bottom-left');
    // As soon as the style is there: a slow ground holds the plan back no longer.
    this.map.once('style.load', () => {
      this.ready = true;
      for (const name of Object.keys(this.data)) this.set(name, this.data[name]!);
    });
    this.map.on('load', () => (container.dataset.ready = 'true'));
    this.map.on('click', (e) => this.on.clicked(e.lngLat.lng, e.lngLat.lat));
  }

  private set(name: string, data: FeatureCollection): void {
    this.data[name] = data;
    if (this.ready) (this.map.getSource(name) as GeoJSONSource | undefined)?.setData(data);
  }

  /** Shows what a plan was made from. */
  material(m: Material | undefined): void {
    const most = Math.max(1e-9, ...(m?.points ?? []).map((p) => p.demand));
    this.set('demand', points(m?.points ?? [], (p) => ({ share: p.demand / most })));
    this.set('candidates', points(m?.candidates ?? [], () => ({})));
    const all = m?.points_withheld ? m.candidates : (m?.points ?? []);
    if (all.length === 0) return;
    const [x, y] = [all.map((p) => p.lon), all.map((p) => p.lat)];
    const least = (v: number[]) => v.reduce((a, b) => Math.min(a, b));
    const largest = (v: number[]) => v.reduce((a, b) => Math.max(a, b));
    this.map.fitBounds([least(x), least(y), largest(x), largest(y)], { padding: 40, duration: 0 });
  }

  /** Shows who gains and who loses. */
  changes(c: Comparison | undefined): void {
    const most = Math.max(1e-9, ...(c?.points ?? []).map((p) => p.demand));
    const at = (s: number | null | undefined) => s ?? Infinity;
    this.set('changes', points(c?.points ?? [], (p) => ({ share: p.demand / most, by: at(p.after_s) > at(p.before_s) ? 1 : -1 })));
  }

  /** Shows posts. Those that may be moved are buttons: drag them, or press the arrow keys. */
  stands(all: readonly Stand[], movable: boolean, chosen: string): void {
    for (const m of this.markers.values()) m.remove();
    this.markers = new Map();
    all.forEach((s, i) => {
      const el = document.createElement('button');
      el.className = 'post-mark';
      el.textContent = String(i + 1);
      el.dataset.post = String(i + 1);
      el.title = el.ariaLabel = this.on.called(s, i + 1);
      el.ariaPressed = String(s.key === chosen);
      if (s.fixed) el.classList.add('fixed');
      const marker = new maplibre.Marker({ element: el, draggable: movable }).setLngLat([s.lon, s.lat]).addTo(this.map);
      const moved = () => {
        const at = marker.getLngLat();
        this.on.moved(s.key, round(at.lng), round(at.lat));
      };
      marker.on('dragend', moved);
      el.addEventListener('click', (e) => {
        e.stopPropagation();
        this.on.chosen(s.key);
      });
      el.addEventListener('keydown', (e) => {
        const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
        if (!step || !movable) return;
        e.preventDefault();
        e.stopPropagation();
        const px = this.map.project(marker.getLngLat());
        marker.setLngLat(this.map.unproject([px.x + 12 * step[0]!, px.y + 12 * step[1]!]));
        moved();
      });
      this.markers.set(s.key, marker);
    });
  }

  focus(key: string): void {
    this.markers.get(key)?.getElement().focus();
  }

  look(lon: number, lat: number): void {
    this.map.easeTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), 13), duration: 300 });
  }

  remove(): void {
    this.map.remove();
  }
}

/** Seven digits are a centimetre. */
const round = (v: number) => Math.round(v * 1e7) / 1e7;

function points<T extends { lon: number; lat: number }>(all: readonly T[], properties: (p: T) => Record<string, unknown>): FeatureCollection {
  return { type: 'FeatureCollection', features: all.map((p) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: [p.lon, p.lat] }, properties: properties(p) })) };
}
