import type { FeatureCollection, Geometry, Position } from 'geojson';
import type { DataDrivenPropertyValueSpecification, ExpressionSpecification, GeoJSONSource, Map as GLMap, SourceSpecification, VectorTileSource } from 'maplibre-gl';
import { font } from '../../map/base';
import { maplibre } from '../../map/maplibre';
import type { Theme } from '../../map/palette';
import { deskMap, groundOf } from '../deskmap';
import { theme } from '../theme.svelte';
import { steps } from './forecast';

/** Viridis in eight steps (van der Walt and Smith 2015), the few first. On a light ground it runs the other way, so that many is always what stands out. */
const viridis = ['#440154', '#46327e', '#365c8d', '#277f8e', '#1fa187', '#4ac16d', '#a0da39', '#fde725'] as const;
export const rampOf = (theme: Theme): readonly string[] => (theme === 'dark' ? viridis : [...viridis].reverse());

/** Fewer, the same, more: purple to green (ColorBrewer PRGn), told apart without red and green cones too. */
const diverging: Record<Theme, readonly [string, string, string, string, string]> = {
  dark: ['#9970ab', '#5e4a6b', '#2a333d', '#3f6b4b', '#5aae61'],
  light: ['#762a83', '#c2a5cf', '#e6e6e6', '#a6dba0', '#1b7837'],
};
export const changeRampOf = (theme: Theme): readonly string[] => diverging[theme];

/** What is drawn of a run. */
export type Paint =
  | { of: 'density' }
  /** Differences in expected counts; the outer steps begin at ± this. */
  | { of: 'change'; outer: number }
  /** Density in an hour of the week: by zone, its share of the week times 168. */
  | { of: 'hour'; times: readonly number[] };

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };

function stepped(value: ExpressionSpecification, ramp: readonly string[]): DataDrivenPropertyValueSpecification<string> {
  return ['step', value, ramp[0]!, ...steps.slice(1).flatMap((s, i) => [s, ramp[i + 1]!])] as unknown as ExpressionSpecification;
}

/** The map of a forecast's cells: filled by what is asked, the hot ones outlined, the chosen one twice. */
export class ForecastMap {
  private readonly map: GLMap;
  private ready = false;
  private run = 0;
  private beside = 0;
  private readonly aimed = { cells: 0, beside: 0 };
  private paint: Paint = { of: 'density' };
  private cell: number | undefined;
  private chosen: FeatureCollection = nothing;
  private marks: FeatureCollection = nothing;
  private readonly container: HTMLElement;
  /** Somebody has chosen where to look; until then the whole city fills the map, whatever its size becomes. */
  private kept = false;

  /** `picked` hears which cell of the run was clicked; undefined: none is there. */
  constructor(container: HTMLElement, private readonly bounds: readonly number[] | undefined, picked: (cell: number | undefined) => void) {
    this.container = container;
    const cells: SourceSpecification = { type: 'vector', tiles: [this.tiles(0)], maxzoom: 15 };
    const shown = { type: 'geojson', data: nothing } as const;
    this.map = deskMap(
      container,
      bounds,
      { cells, beside: cells, chosen: shown, marks: shown },
      (p) => {
        const base = groundOf(p, true);
        return [
          ...base.filter((l) => l.type !== 'symbol' && l.type !== 'line'),
          { id: 'cell', type: 'fill', source: 'cells', 'source-layer': 'forecast', paint: { 'fill-color': '#000', 'fill-opacity': 0.75, 'fill-antialias': false }, layout: { visibility: 'none' } },
          ...base.filter((l) => l.type === 'line').map((l) => ({ ...l, paint: { ...l.paint, 'line-opacity': 0.55 } }) as typeof l),
          { id: 'hot-case', type: 'line', source: 'cells', 'source-layer': 'forecast', filter: ['==', ['get', 'hot'], true], paint: { 'line-color': p.paper, 'line-width': 4, 'line-opacity': 0.7 }, layout: { visibility: 'none' } },
          { id: 'hot', type: 'line', source: 'cells', 'source-layer': 'forecast', filter: ['==', ['get', 'hot'], true], paint: { 'line-color': p.ink, 'line-width': 2 }, layout: { visibility: 'none' } },
          { id: 'hot-beside', type: 'line', source: 'beside', 'source-layer': 'forecast', filter: ['==', ['get', 'hot'], true], paint: { 'line-color': p.severity[1], 'line-width': 2.5, 'line-dasharray': [1.5, 1.2], 'line-offset': 3 }, layout: { visibility: 'none' } },
          { id: 'mark', type: 'circle', source: 'marks', paint: { 'circle-radius': ['interpolate', ['linear'], ['get', 'size'], 0, 4, 1, 16], 'circle-color': 'transparent', 'circle-stroke-color': p.ink, 'circle-stroke-width': 2 } },
          { id: 'chosen-case', type: 'line', source: 'chosen', paint: { 'line-color': p.paper, 'line-width': 7 } },
          { id: 'chosen', type: 'line', source: 'chosen', paint: { 'line-color': p.ink, 'line-width': 4 } },
          ...base.filter((l) => l.type === 'symbol'),
        ];
      },
      { localIdeographFontFamily: font.join(',') },
    );
    // What the cells mean decides their colours, in this theme or that.
    this.map.once('remove', theme.on(() => this.redraw()));
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-right');
    this.map.on('dragstart', () => (this.kept = true));
    this.map.on('zoomstart', (e) => (this.kept ||= !!e.originalEvent));
    this.map.on('resize', () => !this.kept && this.whole());
    this.map.on('load', () => {
      this.ready = true;
      this.redraw();
      (this.map.getSource('marks') as GeoJSONSource | undefined)?.setData(this.marks);
      (this.map.getSource('chosen') as GeoJSONSource | undefined)?.setData(this.chosen);
      container.dataset.ready = 'true';
    });
    this.map.on('click', (e) => {
      if (!this.ready || !this.run) return;
      const hit = this.map.queryRenderedFeatures(e.point, { layers: ['cell'] })[0];
      const cell: unknown = hit?.properties['cell'];
      picked(typeof cell === 'number' ? cell : undefined);
    });
    this.map.on('mousemove', 'cell', () => (this.map.getCanvas().style.cursor = 'pointer'));
    this.map.on('mouseleave', 'cell', () => (this.map.getCanvas().style.cursor = ''));
    this.map.on('idle', () => (container.dataset.drawn = String(this.ready && this.run ? this.map.queryRenderedFeatures({ layers: ['cell'] }).length : 0)));
  }

  private tiles(run: number): string {
    return `${location.origin}/tiles/forecast/{z}/{x}/{y}.mvt?filter=${encodeURIComponent(`run=${run}`)}`;
  }

  /** Shows a run's cells; 0: none. With `beside`, the hot cells of another run are outlined too. */
  show(run: number, beside: number): void {
    this.run = run;
    this.beside = beside;
    this.redraw();
  }

  /** Has a source show a run's tiles, if it does not yet. */
  private aim(source: 'cells' | 'beside', run: number): void {
    if (!run || this.aimed[source] === run) return;
    this.aimed[source] = run;
    (this.map.getSource(source) as VectorTileSource | undefined)?.setTiles([this.tiles(run)]);
  }

  /** What the colours are of. */
  colour(paint: Paint): void {
    this.paint = paint;
    this.redraw();
  }

  private redraw(): void {
    if (!this.ready) return;
    this.aim('cells', this.run);
    this.aim('beside', this.beside);
    for (const id of ['cell', 'hot', 'hot-case']) this.map.setLayoutProperty(id, 'visibility', this.run ? 'visible' : 'none');
    this.map.setLayoutProperty('hot-beside', 'visibility', this.run && this.beside ? 'visible' : 'none');
    const ramp = rampOf(theme.now);
    const density: ExpressionSpecification = ['to-number', ['get', 'density'], 0];
    if (this.paint.of === 'density') {
      this.map.setPaintProperty('cell', 'fill-color', stepped(density, ramp));
      this.map.setPaintProperty('cell', 'fill-opacity', ['step', density, 0.2, 0.25, 0.4, 0.5, 0.55, 1, 0.75]);
    } else if (this.paint.of === 'hour') {
      const at: ExpressionSpecification = ['*', density, ['at', ['min', ['to-number', ['get', 'zone'], 0], this.paint.times.length - 1], ['literal', [...this.paint.times]]]];
      this.map.setPaintProperty('cell', 'fill-color', stepped(at, ramp));
      this.map.setPaintProperty('cell', 'fill-opacity', ['step', at, 0.2, 0.25, 0.4, 0.5, 0.55, 1, 0.75]);
    } else {
      const outer = this.paint.outer;
      const c = diverging[theme.now];
      this.map.setPaintProperty('cell', 'fill-color', ['step', ['to-number', ['get', 'change'], 0], c[0], -outer, c[1], -outer / 5, c[2], outer / 5, c[3], outer, c[4]]);
      this.map.setPaintProperty('cell', 'fill-opacity', 0.75);
    }
  }

  /** The cell that is chosen, by its outline or, while that is not known, by its number in the tiles in view. */
  choose(cell: number | undefined, outline?: Geometry): void {
    this.cell = cell;
    let g: Geometry | undefined = outline;
    if (cell !== undefined && !g && this.ready && this.run) {
      g = this.map.querySourceFeatures('cells', { sourceLayer: 'forecast', filter: ['==', ['get', 'cell'], cell] })[0]?.geometry;
    }
    this.chosen = g ? { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: g, properties: {} }] } : nothing;
    this.container.dataset.cell = this.cell === undefined ? '' : String(this.cell);
    if (this.ready) (this.map.getSource('chosen') as GeoJSONSource | undefined)?.setData(this.chosen);
  }

  /** Rings about places, each of a size from 0 to 1. */
  ring(places: readonly { at: Position; size: number }[]): void {
    this.marks = { type: 'FeatureCollection', features: places.map((p) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: p.at }, properties: { size: p.size } })) };
    if (this.ready) (this.map.getSource('marks') as GeoJSONSource | undefined)?.setData(this.marks);
  }

  /** Goes to a place, near enough to see a cell. */
  look(at: Position): void {
    this.kept = true;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.map.easeTo({ center: [at[0]!, at[1]!], zoom: Math.max(this.map.getZoom(), 14), duration: still ? 0 : 300 });
  }

  /** Shows the whole city again. */
  whole(): void {
    this.kept = false;
    if (this.bounds?.length === 4) this.map.fitBounds(this.bounds as [number, number, number, number], { padding: 24, duration: 0 });
  }

  remove(): void {
    this.map.remove();
  }
}
