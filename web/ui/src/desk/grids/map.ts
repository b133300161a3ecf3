import type { Feature, FeatureCollection, Polygon } from 'geojson';
import type { GeoJSONSource, LayerSpecification, Map as GLMap } from 'maplibre-gl';
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode, TerraDrawSelectMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import { font } from '../../map/base';
import { palettes, type Theme } from '../../map/palette';
import { maplibre } from '../../map/maplibre';
import { deskMap, groundOf } from '../deskmap';
import { theme } from '../theme.svelte';
import type { Cell, Finding, Line } from './draft';
import { changeOf, snap, type Change, type Place } from './moves';

/** What a click or a drag on the map means. */
export type Tool = 'select' | 'line' | 'corners';

interface Handlers {
  /** A cell was clicked; `more` with Shift: it joins those that are chosen. */
  choose: (id: number | undefined, more: boolean) => void;
  /** A line was drawn. */
  drawn: (line: Place[]) => void;
  /** A corner of the chosen cell was moved, made or taken out. */
  changed: (c: Change) => void;
  /** The map came to rest. */
  rested: (box: [number, number, number, number], zoom: number) => void;
}

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };
/** terra-draw keeps so many digits: a tenth of a millimetre. */
const digits = 9;
const round = (p: Place): Place => [Number(p[0].toFixed(digits)), Number(p[1].toFixed(digits))];

/** The map of the grid editor: the cells of a draft over the base library, and terra-draw over both. */
export class DraftMap {
  private readonly map: GLMap;
  private readonly draw: TerraDraw;
  private cells = new Map<number, Cell>();
  private edges: Place[][] = [];
  private chosen: readonly number[] = [];
  private tool: Tool = 'select';
  /** The cell whose corners stand open, and its outline as the server has it. */
  private open: { id: string | number; ring: Place[] } | undefined;
  private ready = false;

  constructor(
    container: HTMLElement,
    bounds: readonly number[] | undefined,
    private readonly on: Handlers,
  ) {
    const source = { type: 'geojson', data: none } as const;
    this.map = deskMap(container, bounds, { cells: source, lines: source, found: source }, (p) => [...groundOf(p), ...cellLayers(p)], { boxZoom: false, maxZoom: 21 });
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), 'bottom-left');
    const look = (q: Place) => this.map.project(q);
    const near = (e: { lng: number; lat: number }) => {
      const q = snap([e.lng, e.lat], this.edges, look);
      return q && round(q);
    };
    this.draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map: this.map, coordinatePrecision: digits }),
      modes: [
        new TerraDrawLineStringMode({ snapping: { toCustom: near }, styles: lineStyles(theme.now) }),
        new TerraDrawPolygonMode(),
        new TerraDrawSelectMode({
          allowManualDeselection: false,
          flags: { polygon: { feature: { draggable: false, coordinates: { draggable: true, deletable: true, midpoints: { draggable: true }, snappable: { toCustom: near } } } } },
          styles: cornerStyles(theme.now),
        }),
      ],
    });
    this.map.once(
      'remove',
      theme.on((t) => {
        this.draw.updateModeOptions<typeof TerraDrawLineStringMode>('linestring', { styles: lineStyles(t) });
        this.draw.updateModeOptions<typeof TerraDrawSelectMode>('select', { styles: cornerStyles(t) });
      }),
    );
    this.map.on('load', () => {
      this.ready = true;
      this.draw.start();
      this.draw.setMode('static');
      this.paint();
      this.rest();
    });
    this.map.on('moveend', () => this.rest());
    this.map.on('click', (e) => {
      if (this.tool === 'line') return;
      const hit = this.map.queryRenderedFeatures(e.point, { layers: ['cell-fill'] })[0];
      if (this.tool === 'corners' && hit && this.chosen.includes(Number(hit.id))) return;
      this.on.choose(hit ? Number(hit.id) : undefined, e.originalEvent.shiftKey || e.originalEvent.ctrlKey);
    });
    this.draw.on('finish', (id, { mode, action }) => {
      const f = this.draw.getSnapshotFeature(id);
      if (!f) return;
      if (mode === 'linestring' && action === 'draw') {
        this.draw.removeFeatures([id]);
        this.on.drawn(f.geometry.coordinates as Place[]);
      } else if (this.open && f.geometry.type === 'Polygon') {
        const change = changeOf(this.open.ring, f.geometry.coordinates[0] as Place[]);
        if (change.moves.length + change.remove.length > 0) this.on.changed(change);
      }
    });
  }

  /** Puts cells on the map; those that stood there stay. */
  put(cells: readonly Cell[], gone: readonly number[] = []): void {
    for (const id of gone) this.cells.delete(id);
    for (const c of cells) this.cells.set(c.id, c);
    this.paint();
  }

  /** Shows nothing but these. */
  only(cells: readonly Cell[]): void {
    this.cells = new Map(cells.map((c) => [c.id, c]));
    this.paint();
  }

  cell(id: number): Cell | undefined {
    return this.cells.get(id);
  }

  /** The lines that drawing snaps to, besides the cells' own edges. */
  guide(lines: readonly Line[]): void {
    this.guides = lines.flatMap((l) => (l.geometry.type === 'LineString' ? [l.geometry.coordinates as Place[]] : (l.geometry.coordinates as Place[][])));
    this.source('lines')?.setData({ type: 'FeatureCollection', features: lines as Line[] });
    this.gather();
  }
  private guides: Place[][] = [];

  choose(ids: readonly number[]): void {
    this.chosen = ids;
    this.paint();
  }

  find(found: readonly Finding[]): void {
    this.source('found')?.setData({ type: 'FeatureCollection', features: found.map((f) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: f.at }, properties: { kind: f.kind } })) });
  }

  use(tool: Tool): void {
    this.tool = tool;
    if (!this.ready) return;
    this.reopen();
  }

  go(at: Place, zoom = 17): void {
    this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), zoom), duration: 300 });
  }

  fit(b: readonly number[]): void {
    this.map.fitBounds(b as [number, number, number, number], { padding: 40, duration: 300 });
  }

  zoom(by: number): void {
    this.map.zoomTo(this.map.getZoom() + by, { duration: 200 });
  }

  remove(): void {
    if (this.ready) this.draw.stop();
    this.map.remove();
  }

  private rest(): void {
    const b = this.map.getBounds();
    this.on.rested([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], this.map.getZoom());
  }

  private source(id: string): GeoJSONSource | undefined {
    return this.map.getSource(id);
  }

  private paint(): void {
    if (!this.ready) return;
    const features = [...this.cells.values()].map((c) => ({ ...c, properties: { ...c.properties, bad: c.properties.flags.length > 0, chosen: this.chosen.includes(c.id), short: c.properties.code.slice(-3) } }));
    this.source('cells')?.setData({ type: 'FeatureCollection', features });
    this.gather();
    this.reopen();
  }

  private gather(): void {
    const rings = [...this.cells.values()].flatMap((c) => (c.geometry.type === 'Polygon' ? c.geometry.coordinates : c.geometry.coordinates.flat())) as Place[][];
    this.edges = [...rings, ...this.guides];
  }

  /** Opens the corners of the one chosen cell, if that is the tool. A cell with a hole has none: terra-draw draws no holes. */
  private reopen(): void {
    this.draw.clear();
    this.open = undefined;
    if (this.tool === 'line') {
      this.draw.setMode('linestring');
      return;
    }
    const cell = this.tool === 'corners' && this.chosen.length === 1 ? this.cells.get(this.chosen[0]!) : undefined;
    const rings = cell?.geometry.type === 'Polygon' ? cell.geometry.coordinates : cell?.geometry.coordinates.length === 1 ? cell.geometry.coordinates[0] : undefined;
    if (!rings || rings.length !== 1) {
      this.draw.setMode('static');
      return;
    }
    const ring = (rings[0] as Place[]).map(round);
    const feature: Feature<Polygon, { mode: string }> = { type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring] }, properties: { mode: 'polygon' } };
    this.draw.setMode('select');
    const [added] = this.draw.addFeatures([feature as never]);
    if (!added?.valid || added.id === undefined) {
      this.draw.setMode('static');
      return;
    }
    this.open = { id: added.id, ring };
    this.draw.selectFeature(added.id);
  }
}

const hex = (colour: string) => colour as `#${string}`;
const lineStyles = (t: Theme) => ({ lineStringColor: hex(palettes[t].ink), lineStringWidth: 3, closingPointColor: hex(palettes[t].ink), snappingPointColor: '#d81b9a', snappingPointWidth: 6 }) as const;
const cornerStyles = (t: Theme) =>
  ({ selectedPolygonColor: '#d81b9a', selectedPolygonFillOpacity: 0.12, selectedPolygonOutlineColor: '#d81b9a', selectionPointColor: hex(palettes[t].paper), selectionPointOutlineColor: '#d81b9a', selectionPointWidth: 6, midPointColor: '#d81b9a', midPointWidth: 3 }) as const;

/** Grid lines are magenta (品红), as the field draws them. */
function cellLayers(p: (typeof palettes)['light']): LayerSpecification[] {
  return [
    { id: 'guide', type: 'line', source: 'lines', minzoom: 15.5, paint: { 'line-color': ['match', ['get', 'kind'], 'water', '#2a72d8', 'border', p.ink, '#7a8797'], 'line-width': 1, 'line-dasharray': [2, 2], 'line-opacity': 0.6 } },
    { id: 'cell-fill', type: 'fill', source: 'cells', paint: { 'fill-color': ['case', ['get', 'chosen'], '#d81b9a', ['get', 'bad'], p.severity[1], '#d81b9a'], 'fill-opacity': ['case', ['get', 'chosen'], 0.22, ['get', 'bad'], 0.28, 0.02] } },
    { id: 'cell-line', type: 'line', source: 'cells', layout: { 'line-join': 'round' }, paint: { 'line-color': '#d81b9a', 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 0.4, 15, 1.4, 18, ['case', ['get', 'chosen'], 3, 2]] } },
    { id: 'cell-code', type: 'symbol', source: 'cells', minzoom: 15, layout: { 'text-field': ['get', 'short'], 'text-font': font, 'text-size': 12 }, paint: { 'text-color': p.labelStrong, 'text-halo-color': p.halo, 'text-halo-width': 1.6 } },
    { id: 'found', type: 'circle', source: 'found', paint: { 'circle-radius': 7, 'circle-color': p.severity[0], 'circle-opacity': 0.35, 'circle-stroke-color': p.severity[0], 'circle-stroke-width': 2 } },
  ];
}
