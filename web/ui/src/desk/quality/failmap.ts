import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as GLMap } from 'maplibre-gl';
import { baseLayers } from '../../map/base';
import { maplibre } from '../../map/maplibre';
import { palettes, type Theme } from '../../map/palette';

const baseNames = ['base_landuse', 'base_water', 'base_waterway', 'base_building', 'base_road', 'base_boundary'];

/** A map of the rows that fail; one of them may be looked at. */
export class FailMap {
  private readonly map: GLMap;
  private ready = false;
  private rows: FeatureCollection = { type: 'FeatureCollection', features: [] };

  /** `chosen` hears of the row that was clicked, by its number. */
  constructor(container: HTMLElement, theme: Theme, bounds: readonly number[] | undefined, chosen: (id: number) => void) {
    const p = palettes[theme];
    const bad = p.severity[0];
    this.map = new maplibre.Map({
      container,
      style: {
        version: 8,
        sources: {
          base: { type: 'vector', tiles: [`${location.origin}/tiles/${baseNames.join(',')}/{z}/{x}/{y}.mvt`], maxzoom: 16 },
          rows: { type: 'geojson', data: this.rows },
        },
        layers: [
          { id: 'ground', type: 'background', paint: { 'background-color': p.ground } },
          ...baseLayers(p, ['coalesce', ['get', 'name'], '']).filter((l) => l.type !== 'symbol'),
          { id: 'row-area', type: 'fill', source: 'rows', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': bad, 'fill-opacity': 0.3 } },
          { id: 'row-line', type: 'line', source: 'rows', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': bad, 'line-width': 2 } },
          { id: 'row-point', type: 'circle', source: 'rows', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': bad, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 3, 16, 8], 'circle-stroke-color': p.ground, 'circle-stroke-width': 1 } },
        ],
      },
      ...(bounds?.length === 4 ? { bounds: bounds as [number, number, number, number], fitBoundsOptions: { padding: 30 } } : { center: [120.07, 29.31], zoom: 11 }),
      attributionControl: false,
      dragRotate: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
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
