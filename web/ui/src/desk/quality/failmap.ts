import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as GLMap } from 'maplibre-gl';
import { deskMap, groundOf } from '../deskmap';


/** A map of the rows that fail; one of them may be looked at. */
export class FailMap {
  private readonly map: GLMap;
  private ready = false;
  private rows: FeatureCollection = { type: 'FeatureCollection', features: [] };

  /** `chosen` hears of the row that was clicked, by its number. */
  constructor(container: HTMLElement, bounds: readonly number[] | undefined, chosen: (id: number) => void) {
    this.map = deskMap(container, bounds, { rows: { type: 'geojson', data: this.rows } }, (p) => [
      ...groundOf(p),
      { id: 'row-area', type: 'fill', source: 'rows', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': p.severity[0], 'fill-opacity': 0.3 } },
      { id: 'row-line', type: 'line', source: 'rows', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': p.severity[0], 'line-width': 2 } },
      { id: 'row-point', type: 'circle', source: 'rows', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': p.severity[0], 'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 3, 16, 8], 'circle-stroke-color': p.ground, 'circle-stroke-width': 1 } },
    ]);
    this.map.on('load', () => {
      this.ready = true;
      this.show(this.rows);
      container.dataset.ready = 'true';
    });
    for (const layer of ['row-point', 'row-line', 'row-area']) {
      this.map.on('click', layer, (e) => {
        const id = e.features?.[0]?.id;
        if (id !== undefined) chosen(Number(id));
      });
    }
  }

  show(rows: FeatureCollection): void {
    this.rows = rows;
    if (this.ready) (this.map.getSource('rows') as GeoJSONSource | undefined)?.setData(rows);
  }

  look(at: readonly [number, number]): void {
    this.map.easeTo({ center: [at[0], at[1]], zoom: Math.max(this.map.getZoom(), 16), duration: 300 });
  }

  remove(): void {
    this.map.remove();
  }
}

/** A place on a geometry: of a point itself, else the middle of its box; undefined where it lies nowhere. */
export function middle(g: GeoJSON.Geometry | null): [number, number] | undefined {
  if (!g || g.type === 'GeometryCollection') return undefined;
  const all = (g.type === 'Point' ? [g.coordinates] : g.coordinates).flat(4) as number[];
  const [x, y] = [all.filter((_, i) => i % 2 === 0), all.filter((_, i) => i % 2 === 1)];
  return x.length === 0 ? undefined : [(Math.min(...x) + Math.max(...x)) / 2, (Math.min(...y) + Math.max(...y)) / 2];
}
