import type { LayerSpecification } from 'maplibre-gl';
import { baseLayers } from '../map/base';
import { maplibre } from '../map/maplibre';
import { palettes } from '../map/palette';
import type { OpenLayer } from './model';

const inks = ['#1c5fc4', '#c05000', '#1d7044', '#8c4a80', '#8a6a00', '#b3261e'];

export const inkOf = (n: number): string => inks[n % inks.length]!;

/** A map of what is open; the base library lies under it as far as it is open itself. */
export class OpenMap {
  private readonly map;

  /** `off` are the layers that are not shown to begin with. */
  constructor(container: HTMLElement, layers: readonly OpenLayer[], off: ReadonlySet<string>) {
    const p = palettes.light;
    const base = layers.filter((l) => l.subject === 'base').map((l) => l.name);
    const tiles = (names: string) => [`${location.origin}/tiles/${names}/{z}/{x}/{y}.mvt`];
    const over = layers.filter((l) => l.subject !== 'base');
    const boxes = layers.map((l) => l.bbox).filter((b) => b.length === 4);
    const around = boxes.length > 0 ? [0, 1, 2, 3].map((i) => (i < 2 ? Math.min : Math.max)(...boxes.map((b) => b[i]!))) : undefined;
    const drawn: LayerSpecification[] = over.flatMap((l, i): LayerSpecification[] => {
      const at = { source: l.name, 'source-layer': l.name };
      const layout = { visibility: off.has(l.name) ? ('none' as const) : ('visible' as const) };
      if (l.geometry.endsWith('Point')) return [{ id: l.name, type: 'circle', ...at, layout, paint: { 'circle-color': inkOf(i), 'circle-radius': 5, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1 } }];
      if (l.geometry.endsWith('LineString')) return [{ id: l.name, type: 'line', ...at, layout, paint: { 'line-color': inkOf(i), 'line-width': 2 } }];
      return [
        { id: l.name, type: 'fill', ...at, layout, paint: { 'fill-color': inkOf(i), 'fill-opacity': l.subject === 'grid' ? 0.05 : 0.18 } },
        { id: `${l.name} edge`, type: 'line', ...at, layout, paint: { 'line-color': inkOf(i), 'line-width': 1 } },
      ];
    });
    this.map = new maplibre.Map({
      container,
      style: {
        version: 8,
        sources: {
          ...(base.length > 0 ? { base: { type: 'vector' as const, tiles: tiles(base.join(',')), maxzoom: 16 } } : {}),
          ...Object.fromEntries(over.map((l) => [l.name, { type: 'vector' as const, tiles: tiles(l.name), minzoom: l.minzoom, maxzoom: Math.max(l.minzoom, Math.min(l.maxzoom, 16)) }])),
        },
        layers: [
          { id: 'ground', type: 'background', paint: { 'background-color': p.ground } },
          ...baseLayers(p, ['coalesce', ['get', 'name'], '']).filter((l) => 'source-layer' in l && base.includes(l['source-layer'] ?? '')),
          ...drawn,
        ],
      },
      ...(around ? { bounds: around as [number, number, number, number], fitBoundsOptions: { padding: 24 } } : { center: [105, 35], zoom: 3 }),
      // The portal shows what the public sees, whoever is signed in.
      transformRequest: (url) => ({ url, credentials: 'omit' as unknown as 'same-origin' }),
      attributionControl: false,
      dragRotate: false,
      fadeDuration: 0,
    });
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }));
    this.map.on('load', () => (container.dataset.ready = 'true'));
  }

  show(layer: string, on: boolean): void {
    for (const id of [layer, `${layer} edge`]) if (this.map.getLayer(id)) this.map.setLayoutProperty(id, 'visibility', on ? 'visible' : 'none');
  }

  look(box: readonly number[]): void {
    if (box.length === 4) this.map.fitBounds(box as [number, number, number, number], { padding: 40, maxZoom: 15, duration: 300 });
  }

  remove(): void {
    this.map.remove();
  }
}
