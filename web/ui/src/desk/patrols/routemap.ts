import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as GLMap, MapLayerMouseEvent } from 'maplibre-gl';
import { maplibre } from '../../map/maplibre';
import { deskMap, groundOf } from '../deskmap';
import type { Draft, Plan } from './patrols';

/** Colours of units, told apart by numbers too; white is read on each. */
export const inks = ['#2563eb', '#a85b00', '#0b7a55', '#c2257a', '#7c3aed', '#0f766e', '#c2410c', '#4d7c0f', '#0e7490', '#9333ea'];
export const inkOf = (unit: number): string => inks[(unit - 1) % inks.length] ?? '#2563eb';

/** A map of a plan's ways and stops. Random stops are rings, others discs, posts squares; the number is the order. */
export class RouteMap {
  private readonly map: GLMap;
  private readonly marks: import('maplibre-gl').Marker[] = [];
  private ready = false;
  private data: FeatureCollection = { type: 'FeatureCollection', features: [] };

  /** `clicked` hears where the ground was clicked. */
  constructor(container: HTMLElement, bounds: readonly number[] | undefined, clicked: (lng: number, lat: number) => void) {
    this.map = deskMap(container, bounds, { plan: { type: 'geojson', data: this.data } }, (p) => [
      ...groundOf(p),
      { id: 'way', type: 'line', source: 'plan', filter: ['==', ['get', 'kind'], 'way'], paint: { 'line-color': ['get', 'ink'], 'line-width': ['get', 'width'], 'line-opacity': ['get', 'light'] } },
      {
        id: 'place',
        type: 'circle',
        source: 'plan',
        filter: ['==', ['get', 'kind'], 'place'],
        paint: { 'circle-radius': 4, 'circle-color': p.ground, 'circle-stroke-width': 1.5, 'circle-stroke-color': p.ink, 'circle-opacity': 0.8, 'circle-stroke-opacity': 0.6 },
      },
    ]);
    // As soon as the style is there: a slow ground holds the plan back no longer.
    this.map.once('style.load', () => {
      this.ready = true;
      this.push();
    });
    this.map.on('load', () => (container.dataset.ready = 'true'));
    this.map.on('click', (e: MapLayerMouseEvent) => clicked(e.lngLat.lng, e.lngLat.lat));
  }

  private push(): void {
    if (this.ready) (this.map.getSource('plan') as GeoJSONSource | undefined)?.setData(this.data);
  }

  /** Shows a plan; `unit` stands out, 0: all. `edited`, if given, are that unit's stops in their new order, whose way is not known yet. */
  show(plan: Plan | undefined, unit: number, edited?: readonly Draft[]): void {
    for (const m of this.marks.splice(0)) m.remove();
    const features: FeatureCollection['features'] = [];
    for (const one of plan?.places ?? []) {
      if (one.stops === 0) features.push({ type: 'Feature', geometry: { type: 'Point', coordinates: [one.lon, one.lat] }, properties: { kind: 'place' } });
    }
    const units = plan?.units?.length ?? 0;
    for (const u of plan?.units ?? []) {
      const dim = unit !== 0 && unit !== u.n;
      const stops = u.n === unit && edited ? edited.map((s) => ({ at: s.at, explore: s.explore })) : u.stops.map((s) => ({ at: [s.lon, s.lat] as const, explore: s.explore ?? false }));
      if (u.line && !(u.n === unit && edited)) {
        features.push({ type: 'Feature', geometry: { type: 'LineString', coordinates: u.line as [number, number][] }, properties: { kind: 'way', ink: inkOf(u.n), width: dim ? 1.5 : 3.5, light: dim ? 0.35 : 0.9 } });
      }
      if (dim) continue;
      const numbers = new Map<string, { at: readonly [number, number]; n: number[]; explore: boolean }>();
      stops.forEach((s, i) => {
        const key = s.at.join();
        const have = numbers.get(key);
        if (have) have.n.push(i + 1);
        else numbers.set(key, { at: s.at, n: [i + 1], explore: s.explore });
      });
      // All the numbers of a stop that comes again only where its unit stands out: else they hide each other.
      for (const s of numbers.values()) this.mark(s.at, unit === 0 && units > 1 ? String(s.n[0]) : s.n.join('·'), inkOf(u.n), s.explore ? 'chance' : '');
      if (u.start) this.mark([u.start.lon, u.start.lat], '⌂', 'var(--ink, #000)', 'home');
    }
    this.data = { type: 'FeatureCollection', features };
    this.push();
  }

  private mark(at: readonly [number, number], text: string, ink: string, kind: '' | 'chance' | 'home'): void {
    const el = document.createElement('span');
    el.className = `pt-mark ${kind}`;
    el.style.setProperty('--ink-of', ink);
    el.textContent = text;
    el.setAttribute('aria-hidden', 'true'); // the list says the same
    this.marks.push(new maplibre.Marker({ element: el }).setLngLat([at[0], at[1]]).addTo(this.map));
  }

  /** Brings points into view. */
  look(points: readonly (readonly [number, number])[]): void {
    if (points.length === 0) return;
    const [x, y] = [points.map((c) => c[0]), points.map((c) => c[1])];
    this.map.fitBounds([Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)], { padding: 60, maxZoom: 16, duration: 300 });
  }

  cross(on: boolean): void {
    this.map.getCanvas().style.cursor = on ? 'crosshair' : '';
  }

  remove(): void {
    for (const m of this.marks.splice(0)) m.remove();
    this.map.remove();
  }
}
