import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as GLMap } from 'maplibre-gl';
import { deskMap, groundOf } from '../deskmap';

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** A map that shows where the rows of a file would be. */
export class PreviewMap {
  private readonly map: GLMap;
  private ready = false;
  private rows = none;
  private box: readonly number[] | undefined;

  constructor(
    private readonly container: HTMLElement,
    bounds: readonly number[] | undefined,
    told: (properties: Record<string, unknown> | undefined) => void,
  ) {
    this.map = deskMap(container, bounds, { rows: { type: 'geojson', data: none } }, (p) => [
      ...groundOf(p),
      { id: 'rows-fill', type: 'fill', source: 'rows', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': p.severity[3], 'fill-opacity': 0.25 } },
      { id: 'rows-line', type: 'line', source: 'rows', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': p.severity[3], 'line-width': 2 } },
      {
        id: 'rows-point',
        type: 'circle',
        source: 'rows',
        filter: ['==', ['geometry-type'], 'Point'],
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 2.5, 16, 6],
          'circle-color': ['match', ['get', 'state'], 'known', p.ink, p.severity[3]],
          'circle-stroke-color': p.ground,
          'circle-stroke-width': 1,
        },
      },
    ]);
    this.map.on('load', () => {
      this.ready = true;
      this.show(this.rows, this.box);
      container.dataset.ready = 'true';
    });
    for (const layer of ['rows-point', 'rows-line', 'rows-fill']) {
      this.map.on('click', layer, (e) => told(e.features?.[0]?.properties));
      this.map.on('mouseenter', layer, () => (this.map.getCanvas().style.cursor = 'pointer'));
      this.map.on('mouseleave', layer, () => (this.map.getCanvas().style.cursor = ''));
    }
  }

  /** Shows rows, and brings the box into view: west, south, east, north. */
  show(rows: FeatureCollection, box?: readonly number[]): void {
    this.rows = rows;
    this.box = box;
    this.container.dataset.shown = String(rows.features.length);
    if (!this.ready) return;
    (this.map.getSource('rows') as GeoJSONSource | undefined)?.setData(rows);
    if (box?.length === 4) this.map.fitBounds(box as [number, number, number, number], { padding: 60, maxZoom: 17, duration: 0 });
  }

  /** Shows places of a way to read the coordinates. */
  points(all: readonly (readonly number[])[]): void {
    const on = all.filter((c) => Number.isFinite(c[0]) && Number.isFinite(c[1]) && Math.abs(c[0]!) <= 180 && Math.abs(c[1]!) <= 85);
    const [x, y] = [on.map((c) => c[0]!), on.map((c) => c[1]!)];
    this.show(
      { type: 'FeatureCollection', features: on.map((c) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [...c] } })) },
      on.length > 0 ? [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)] : undefined,
    );
  }

  remove(): void {
    this.map.remove();
  }
}
