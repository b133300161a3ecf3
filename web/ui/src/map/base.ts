import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl';
import type { Palette } from './palette';

/** The fonts of the reader's machine: there are no glyph files to load. */
export const font = ['Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif'];

/** Width by zoom; in pixels at zooms 10, 14 and 18. */
const width = (a: number, b: number, c: number): ExpressionSpecification => ['interpolate', ['exponential', 1.6], ['zoom'], 10, a, 14, b, 18, c];
const within = (key: string, values: string[]): FilterSpecification => ['in', ['get', key], ['literal', values]];

const major = ['motorway', 'trunk', 'primary', 'motorway_link', 'trunk_link', 'primary_link'];
const middle = ['secondary', 'tertiary', 'secondary_link', 'tertiary_link'];
const paths = ['footway', 'path', 'steps', 'cycleway', 'pedestrian', 'bridleway', 'track', 'corridor'];
const rails = ['rail', 'light_rail', 'subway', 'tram', 'narrow_gauge'];

/**
 * The base library as a quiet ground: nothing on it is saturated, so that what
 * is laid over it can be. `name` is the expression of a label in the page's language.
 */
export function baseLayers(p: Palette, name: ExpressionSpecification): LayerSpecification[] {
  const source = 'base';
  const line = { 'line-cap': 'round', 'line-join': 'round' } as const;
  return [
    {
      id: 'landuse',
      type: 'fill',
      source,
      'source-layer': 'base_landuse',
      paint: {
        'fill-color': [
          'match',
          ['get', 'class'],
          ['forest', 'wood', 'park', 'grass', 'meadow', 'garden', 'recreation_ground', 'cemetery', 'nature_reserve', 'scrub', 'village_green', 'pitch', 'golf_course', 'green', 'heath', 'allotments'],
          p.green,
          ['farmland', 'farmyard', 'orchard', 'vineyard', 'farm'],
          p.farm,
          ['industrial', 'commercial', 'retail', 'railway', 'quarry', 'construction', 'market'],
          p.industry,
          p.built,
        ],
      },
    },
    { id: 'water', type: 'fill', source, 'source-layer': 'base_water', paint: { 'fill-color': p.water, 'fill-outline-color': p.waterEdge } },
    { id: 'waterway', type: 'line', source, 'source-layer': 'base_waterway', layout: line, paint: { 'line-color': p.water, 'line-width': width(0.8, 2.2, 9) } },
    {
      id: 'building',
      type: 'fill',
      source,
      'source-layer': 'base_building',
      minzoom: 13.5,
      paint: {
        'fill-color': p.building,
        'fill-outline-color': p.buildingEdge,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13.5, 0, 15, 1],
      },
    },
    {
      id: 'road-path',
      type: 'line',
      source,
      'source-layer': 'base_road',
      minzoom: 15,
      filter: within('class', paths),
      layout: line,
      paint: { 'line-color': p.road, 'line-width': width(0.4, 0.8, 2.4), 'line-dasharray': [2, 2] },
    },
    {
      id: 'road-minor-case',
      type: 'line',
      source,
      'source-layer': 'base_road',
      minzoom: 13,
      filter: ['!', within('class', [...major, ...middle, ...paths, ...rails])] as FilterSpecification,
      layout: line,
      paint: { 'line-color': p.roadCase, 'line-width': width(0.6, 3, 14) },
    },
    { id: 'road-middle-case', type: 'line', source, 'source-layer': 'base_road', filter: within('class', middle), layout: line, paint: { 'line-color': p.roadCase, 'line-width': width(1, 5, 22) } },
    { id: 'road-major-case', type: 'line', source, 'source-layer': 'base_road', filter: within('class', major), layout: line, paint: { 'line-color': p.roadCase, 'line-width': width(1.8, 7, 28) } },
    {
      id: 'road-minor',
      type: 'line',
      source,
      'source-layer': 'base_road',
      minzoom: 11.5,
      filter: ['!', within('class', [...major, ...middle, ...paths, ...rails])] as FilterSpecification,
      layout: line,
      paint: { 'line-color': p.roadMinor, 'line-width': width(0.3, 1.8, 11) },
    },
    { id: 'road-middle', type: 'line', source, 'source-layer': 'base_road', filter: within('class', middle), layout: line, paint: { 'line-color': p.road, 'line-width': width(0.5, 3.4, 18) } },
    { id: 'road-major', type: 'line', source, 'source-layer': 'base_road', filter: within('class', major), layout: line, paint: { 'line-color': p.roadMajor, 'line-width': width(1, 5, 24) } },
    { id: 'rail', type: 'line', source, 'source-layer': 'base_road', filter: within('class', rails), paint: { 'line-color': p.rail, 'line-width': width(0.8, 1.6, 3), 'line-dasharray': [5, 2] } },
    {
      id: 'border',
      type: 'line',
      source,
      'source-layer': 'base_boundary',
      layout: line,
      paint: { 'line-color': p.border, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.8, 14, 1.6], 'line-dasharray': [4, 2, 1, 2], 'line-opacity': 0.75 },
    },
    {
      id: 'label-road',
      type: 'symbol',
      source,
      'source-layer': 'base_road',
      minzoom: 13.2,
      filter: ['!=', ['get', 'name'], ''],
      layout: { 'symbol-placement': 'line', 'text-field': name, 'text-font': font, 'text-size': 11, 'symbol-spacing': 420, 'text-letter-spacing': 0.06, 'text-padding': 12 },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1.4 },
    },
    {
      id: 'label-water',
      type: 'symbol',
      source,
      'source-layer': 'base_water',
      minzoom: 12,
      filter: ['!=', ['get', 'name'], ''],
      layout: { 'text-field': name, 'text-font': font, 'text-size': 12, 'text-max-width': 8 },
      paint: { 'text-color': p.labelWater, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'label-poi',
      type: 'symbol',
      source,
      'source-layer': 'base_poi',
      minzoom: 15.5,
      filter: ['!=', ['get', 'name'], ''],
      layout: { 'text-field': name, 'text-font': font, 'text-size': 11, 'text-max-width': 7, 'text-padding': 6 },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'label-address',
      type: 'symbol',
      source,
      'source-layer': 'base_address',
      minzoom: 17.2,
      layout: { 'text-field': ['get', 'number'], 'text-font': font, 'text-size': 10 },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1 },
    },
    {
      id: 'label-area',
      type: 'symbol',
      source,
      'source-layer': 'base_boundary',
      maxzoom: 14.5,
      layout: { 'text-field': name, 'text-font': font, 'text-size': ['interpolate', ['linear'], ['zoom'], 9, 12, 13, 15], 'text-letter-spacing': 0.1, 'text-max-width': 7, 'text-padding': 90 },
      paint: { 'text-color': p.labelStrong, 'text-halo-color': p.halo, 'text-halo-width': 1.6 },
    },
  ];
}
