import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import type { GeoJSONSource, Map as GLMap } from 'maplibre-gl';
import { TerraDraw, TerraDrawPolygonMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import { palettes, type Theme } from '../map/palette';
import { deskMap, groundOf } from './deskmap';
import { theme } from './theme.svelte';

/** How the polygon that is drawn looks. */
const stylesOf = (t: Theme) => {
  const ink = palettes[t].ink as `#${string}`;
  return { fillColor: ink, fillOpacity: 0.15, outlineColor: ink, outlineWidth: 3, closingPointColor: ink } as const;
};

/** A map on which areas lie, and one polygon can be drawn. */
export class AreaMap {
  private readonly map: GLMap;
  private readonly draw: TerraDraw;
  private ready = false;
  private drawing = false;
  private areas: FeatureCollection = { type: 'FeatureCollection', features: [] };

  /** `drawn` hears of the polygon, in WGS 84. */
  constructor(container: HTMLElement, bounds: readonly number[] | undefined, drawn: (p: Polygon) => void) {
    this.map = deskMap(container, bounds, { areas: { type: 'geojson', data: this.areas } }, (p) => [
      ...groundOf(p),
      { id: 'area', type: 'fill', source: 'areas', paint: { 'fill-color': ['match', ['get', 'warning_level'], 1, p.severity[0], 2, p.severity[1], 3, p.severity[2], 4, p.severity[3], p.ink], 'fill-opacity': 0.22 } },
      { id: 'area-line', type: 'line', source: 'areas', paint: { 'line-color': ['match', ['get', 'warning_level'], 1, p.severity[0], 2, p.severity[1], 3, p.severity[2], 4, p.severity[3], p.ink], 'line-width': 2 } },
    ]);
    this.draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map: this.map, coordinatePrecision: 7 }),
      modes: [new TerraDrawPolygonMode({ styles: stylesOf(theme.now) })],
    });
    this.map.once('remove', theme.on((t) => this.draw.updateModeOptions<typeof TerraDrawPolygonMode>('polygon', { styles: stylesOf(t) })));
    this.map.on('load', () => {
      this.ready = true;
      this.draw.start();
      this.draw.setMode('static');
      this.show(this.areas);
      if (this.drawing) this.begin();
      container.dataset.ready = 'true';
    });
    this.draw.on('finish', (id, { action }) => {
      const f = this.draw.getSnapshotFeature(id);
      if (action !== 'draw' || f?.geometry.type !== 'Polygon') return;
      this.drawing = false;
      this.draw.setMode('static');
      drawn(f.geometry);
    });
  }

  /** Areas that are in force, coloured by warning_level. */
  show(areas: FeatureCollection): void {
    this.areas = areas;
    if (this.ready) (this.map.getSource('areas') as GeoJSONSource | undefined)?.setData(areas);
  }

  /** Brings an area into view. */
  look(g: Polygon | MultiPolygon): void {
    const all = (g.type === 'Polygon' ? [g.coordinates] : g.coordinates).flat(2) as [number, number][];
    const [x, y] = [all.map((c) => c[0]), all.map((c) => c[1])];
    this.map.fitBounds([Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)], { padding: 80, maxZoom: 16, duration: 300 });
  }

  /** Starts a polygon in place of the one that is there. */
  begin(): void {
    this.drawing = true;
    if (!this.ready) return;
    this.draw.clear();
    this.draw.setMode('polygon');
  }

  clear(): void {
    this.drawing = false;
    if (!this.ready) return;
    this.draw.setMode('static');
    this.draw.clear();
  }

  remove(): void {
    if (this.ready) this.draw.stop();
    this.map.remove();
  }
}
