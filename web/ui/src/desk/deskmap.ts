import type { LayerSpecification, Map as GLMap, MapOptions, SourceSpecification } from 'maplibre-gl';
import { baseLayers } from '../map/base';
import { maplibre } from '../map/maplibre';
import { palettes, type Palette, type Theme } from '../map/palette';
import { repaint } from './repaint';
import { theme } from './theme.svelte';

const baseNames = ['base_landuse', 'base_water', 'base_waterway', 'base_building', 'base_road', 'base_boundary'];

/** Vector tiles of layers, by their names with commas. */
export const tilesOf = (names: string, query = ''): SourceSpecification => ({ type: 'vector', tiles: [`${location.origin}/tiles/${names}/{z}/{x}/{y}.mvt${query}`], maxzoom: 16 });

/** The base library that a page of the desk lays its own over, with names or without. */
export const groundOf = (p: Palette, names = false): LayerSpecification[] => [
  { id: 'ground', type: 'background', paint: { 'background-color': p.ground } },
  ...baseLayers(p, ['coalesce', ['get', 'name'], '']).filter((l) => l.type !== 'symbol' || (names && baseNames.includes(l['source-layer'] ?? ''))),
];

/** What is drawn, in a theme's colours. It is the same list of layers in both. */
export type Drawn = (p: Palette, theme: Theme) => LayerSpecification[];

/**
 * A map of a page of the desk, over the base library (source `base`), which
 * follows the page's theme: colours are set anew, and what was shown stays.
 * `bounds` are west, south, east, north in degrees; without them, the demo city.
 */
export function deskMap(container: HTMLElement, bounds: readonly number[] | undefined, sources: Record<string, SourceSpecification>, drawn: Drawn, options: Partial<MapOptions> = {}): GLMap {
  const layersOf = (t: Theme) => drawn(palettes[t], t);
  let shown = layersOf(theme.now);
  const map = new maplibre.Map({
    container,
    style: { version: 8, sources: { base: tilesOf(baseNames.join(',')), ...sources }, layers: shown },
    ...(bounds?.length === 4 ? { bounds: bounds as [number, number, number, number], fitBoundsOptions: { padding: 30 } } : { center: [120.07, 29.31], zoom: 11 }),
    attributionControl: false,
    dragRotate: false,
    fadeDuration: 0,
    ...options,
  });
  map.touchZoomRotate.disableRotation();

  let ready = false;
  const dress = () => {
    if (!ready) return;
    const next = layersOf(theme.now);
    for (const c of repaint(shown, next)) map.setPaintProperty(c.layer, c.name as 'fill-color', c.value as string);
    shown = next;
  };
  map.once('style.load', () => {
    ready = true;
    dress();
  });
  map.once('remove', theme.on(dress));
  return map;
}
