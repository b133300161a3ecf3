import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl';
import { font } from './base';
import type { Palette } from './palette';

/** Below a layer's detail zoom its tiles carry counts by cell, not features. */
const counted: FilterSpecification = ['has', 'count'];
const single: FilterSpecification = ['!', ['has', 'count']];

/** A count written short: 1234 as 1.2k. Digits only: the same in both languages. */
const short: ExpressionSpecification = [
  'case',
  ['<', ['get', 'count'], 1000],
  ['to-string', ['get', 'count']],
  ['<', ['get', 'count'], 10000],
  ['concat', ['to-string', ['/', ['round', ['/', ['get', 'count'], 100]], 10]], 'k'],
  ['<', ['get', 'count'], 1000000],
  ['concat', ['to-string', ['round', ['/', ['get', 'count'], 1000]]], 'k'],
  ['concat', ['to-string', ['/', ['round', ['/', ['get', 'count'], 100000]], 10]], 'M'],
];

const bySeverity = (field: string, p: Palette): ExpressionSpecification => [
  'match',
  ['get', field],
  1,
  p.severity[0],
  2,
  p.severity[1],
  3,
  p.severity[2],
  p.severity[3],
];

/** Circles with the right number in them; a sign inside tells the layer where several are counted. */
function counts(layer: string, p: Palette, ring: string): LayerSpecification[] {
  return [
    {
      id: `${layer}-count`,
      type: 'circle',
      source: layer,
      'source-layer': layer,
      filter: counted,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['log10', ['max', 1, ['get', 'count']]], 0, 10, 2, 16, 5, 26],
        'circle-color': p.paper,
        'circle-opacity': 0.86,
        'circle-stroke-color': ring,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: `${layer}-count-text`,
      type: 'symbol',
      source: layer,
      'source-layer': layer,
      filter: counted,
      layout: { 'text-field': short, 'text-font': font, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true },
      paint: { 'text-color': p.ink },
    },
  ];
}

/** How a layer is drawn of which only its geometry is known: one that a department brought in. */
function plain(layer: string, p: Palette): LayerSpecification[] {
  const of = { source: layer, 'source-layer': layer };
  return [
    { id: `${layer}-fill`, type: 'fill', ...of, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': p.calm, 'fill-opacity': 0.22 } },
    { id: `${layer}-line`, type: 'line', ...of, filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': p.calm, 'line-width': 1.6 } },
    ...counts(layer, p, p.calm),
    {
      id: `${layer}-point`,
      type: 'circle',
      ...of,
      filter: ['all', single, ['==', ['geometry-type'], 'Point']] as FilterSpecification,
      paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 12, 3.5, 17, 6], 'circle-color': p.calm, 'circle-stroke-color': p.paper, 'circle-stroke-width': 1.2 },
    },
  ];
}

/** How layers are drawn, from the bottom up: those that have a look of their own above the others. */
export function drawnOf(on: readonly string[], p: Palette): LayerSpecification[] {
  const own = Object.keys(overlays);
  return [...on.filter((l) => !own.includes(l)).flatMap((l) => plain(l, p)), ...own.filter((l) => on.includes(l)).flatMap((l) => overlays[l]!(p))];
}

/** The layers that have a look of their own, from the bottom up. */
export const overlays: Record<string, (p: Palette) => LayerSpecification[]> = {
  grid_unit: (p) => [
    { id: 'grid_unit-fill', type: 'fill', source: 'grid_unit', 'source-layer': 'grid_unit', paint: { 'fill-color': p.grid, 'fill-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 0.16, 0.001] } },
    { id: 'grid_unit-line', type: 'line', source: 'grid_unit', 'source-layer': 'grid_unit', paint: { 'line-color': p.grid, 'line-opacity': ['interpolate', ['linear'], ['zoom'], 12, 0.25, 15, 0.6], 'line-width': ['interpolate', ['linear'], ['zoom'], 12, 0.5, 16, 1.4] } },
    {
      id: 'grid_unit-label',
      type: 'symbol',
      source: 'grid_unit',
      'source-layer': 'grid_unit',
      minzoom: 15,
      layout: { 'text-field': ['get', 'grid_code'], 'text-font': font, 'text-size': 10, 'text-padding': 4 },
      paint: { 'text-color': p.grid, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
  ],
  grid_duty: (p) => [
    { id: 'grid_duty-fill', type: 'fill', source: 'grid_duty', 'source-layer': 'grid_duty', paint: { 'fill-color': p.grid, 'fill-opacity': 0.001 } },
    { id: 'grid_duty-line', type: 'line', source: 'grid_duty', 'source-layer': 'grid_duty', paint: { 'line-color': p.grid, 'line-opacity': 0.8, 'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.8, 16, 2.2], 'line-dasharray': [6, 2] } },
  ],
  grid_community: (p) => [
    { id: 'grid_community-fill', type: 'fill', source: 'grid_community', 'source-layer': 'grid_community', paint: { 'fill-color': p.grid, 'fill-opacity': 0.001 } },
    { id: 'grid_community-line', type: 'line', source: 'grid_community', 'source-layer': 'grid_community', paint: { 'line-color': p.grid, 'line-opacity': ['interpolate', ['linear'], ['zoom'], 10, 0.3, 15, 0.5], 'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.8, 16, 2.2] } },
    {
      id: 'grid_community-label',
      type: 'symbol',
      source: 'grid_community',
      'source-layer': 'grid_community',
      minzoom: 12.5,
      maxzoom: 15.5,
      filter: ['!=', ['get', 'name'], ''],
      layout: { 'text-field': ['get', 'name'], 'text-font': font, 'text-size': 11, 'text-padding': 6 },
      paint: { 'text-color': p.grid, 'text-halo-color': p.halo, 'text-halo-width': 1.4 },
    },
  ],
  population: (p) => [
    {
      id: 'population-point',
      type: 'circle',
      source: 'population',
      'source-layer': 'population',
      layout: { 'circle-sort-key': ['get', 'n'] },
      paint: {
        'circle-radius': ['interpolate', ['exponential', 2], ['zoom'], 9, ['*', 0.16, ['sqrt', ['get', 'n']]], 14, ['*', 0.62, ['sqrt', ['get', 'n']]], 18, ['*', 2.6, ['sqrt', ['get', 'n']]]],
        'circle-color': ['interpolate', ['linear'], ['get', 'density_km2'], 0, p.ramp[0], 4000, p.ramp[1], 14000, p.ramp[2], 35000, p.ramp[3], 80000, p.ramp[4]],
        'circle-opacity': 0.72,
        'circle-stroke-color': p.paper,
        'circle-stroke-width': 0.6,
      },
    },
    {
      id: 'population-text',
      type: 'symbol',
      source: 'population',
      'source-layer': 'population',
      minzoom: 15,
      layout: { 'text-field': ['to-string', ['get', 'n']], 'text-font': font, 'text-size': 11 },
      paint: { 'text-color': p.ink, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
  ],
  population_od: (p) => [
    {
      id: 'population_od-line',
      type: 'line',
      source: 'population_od',
      'source-layer': 'population_od',
      layout: { 'line-cap': 'round', 'line-sort-key': ['get', 'n'] },
      paint: {
        'line-color': ['interpolate', ['linear'], ['get', 'n'], 10, p.ramp[1], 60, p.ramp[2], 200, p.ramp[3], 600, p.ramp[4]],
        'line-width': ['interpolate', ['linear'], ['get', 'n'], 10, 0.8, 100, 2.4, 600, 6],
        'line-opacity': 0.5,
      },
    },
  ],
  asset: (p) => [
    ...counts('asset', p, p.calm),
    {
      id: 'asset-point',
      type: 'symbol',
      source: 'asset',
      'source-layer': 'asset',
      filter: ['all', single, ['!=', ['get', 'state'], 'removed']] as FilterSpecification,
      layout: {
        'icon-image': ['concat', 'asset-', ['coalesce', ['get', 'state'], 'intact']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 14, 0.7, 18, 1.2],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['step', ['zoom'], '', 18, ['get', 'name']],
        'text-font': font,
        'text-size': 10,
        'text-offset': [0, 1],
        'text-anchor': 'top',
        'text-optional': true,
      },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1 },
    },
  ],
  enterprise: (p) => [
    ...counts('enterprise', p, p.severity[3]),
    {
      id: 'enterprise-point',
      type: 'symbol',
      source: 'enterprise',
      'source-layer': 'enterprise',
      filter: single,
      layout: {
        'symbol-sort-key': ['-', 5, ['coalesce', ['get', 'risk'], 4]],
        'icon-image': ['concat', 'enterprise-', ['to-string', ['coalesce', ['get', 'risk'], 4]]],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['step', ['zoom'], '', 15.5, ['get', 'name']],
        'text-font': font,
        'text-size': 11,
        'text-offset': [0, 1],
        'text-anchor': 'top',
        'text-max-width': 9,
        'text-optional': true,
      },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
  ],
  inspection: (p) => [
    ...counts('inspection', p, p.calm),
    {
      id: 'inspection-point',
      type: 'circle',
      source: 'inspection',
      'source-layer': 'inspection',
      filter: single,
      paint: {
        'circle-radius': 4.5,
        'circle-color': ['match', ['get', 'result'], 'fail', p.severity[0], 'conditional', p.severity[2], p.calm],
        'circle-stroke-color': p.paper,
        'circle-stroke-width': ['match', ['get', 'result'], 'fail', 0, 1],
      },
    },
  ],
  place: (p) => [
    ...counts('place', p, p.calm),
    {
      id: 'place-point',
      type: 'symbol',
      source: 'place',
      'source-layer': 'place',
      // Hydrants and cameras are many: they come when one looks closely.
      filter: ['all', single, ['step', ['zoom'], ['!', ['in', ['get', 'kind'], ['literal', ['hydrant', 'camera', 'other']]]], 16, true]] as FilterSpecification,
      layout: {
        'icon-image': ['concat', 'place-', ['coalesce', ['get', 'kind'], 'other']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.8, 16, 1],
        'icon-allow-overlap': true,
        'text-field': ['step', ['zoom'], '', 14.5, ['match', ['get', 'kind'], ['hydrant', 'camera'], '', ['get', 'name']], 17.5, ['get', 'name']],
        'text-font': font,
        'text-size': 11,
        'text-offset': [0, 1.1],
        'text-anchor': 'top',
        'text-optional': true,
      },
      paint: { 'text-color': p.label, 'text-halo-color': p.halo, 'text-halo-width': 1.2, 'icon-opacity': ['match', ['get', 'state'], 'out_of_service', 0.45, 1] },
    },
  ],
  incident: (p) => [
    ...counts('incident', p, p.border),
    {
      id: 'incident-point',
      type: 'circle',
      source: 'incident',
      'source-layer': 'incident',
      filter: single,
      paint: { 'circle-radius': 3.5, 'circle-color': bySeverity('severity', p), 'circle-opacity': 0.55, 'circle-stroke-color': p.paper, 'circle-stroke-width': 0.8 },
    },
  ],
};

/** What moves: open incidents and staff on duty come over /live into sources of the page's own. */
export function liveLayers(p: Palette): LayerSpecification[] {
  const worst = bySeverity('worst', p);
  return [
    {
      id: 'open-cluster',
      type: 'circle',
      source: 'open',
      filter: ['has', 'point_count'],
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['get', 'point_count'], 2, 13, 50, 20, 400, 28],
        'circle-color': p.paper,
        'circle-opacity': 0.92,
        'circle-stroke-color': worst,
        'circle-stroke-width': 3,
      },
    },
    {
      id: 'open-cluster-text',
      type: 'symbol',
      source: 'open',
      filter: ['has', 'point_count'],
      layout: { 'text-field': ['to-string', ['get', 'point_count']], 'text-font': font, 'text-size': 13, 'text-allow-overlap': true, 'text-ignore-placement': true },
      paint: { 'text-color': p.ink },
    },
    {
      // The worst severity inside, by shape too: colour is never the only sign.
      id: 'open-cluster-worst',
      type: 'symbol',
      source: 'open',
      filter: ['has', 'point_count'],
      layout: { 'icon-image': ['concat', 'incident-', ['to-string', ['get', 'worst']]], 'icon-size': 0.5, 'icon-offset': [-26, -26], 'icon-allow-overlap': true, 'icon-ignore-placement': true },
    },
    {
      id: 'worker-point',
      type: 'symbol',
      source: 'worker',
      layout: {
        'icon-image': 'worker',
        'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.5, 15, 0.9],
        'icon-allow-overlap': true,
        'text-field': ['step', ['zoom'], '', 14.5, ['get', 'name']],
        'text-font': font,
        'text-size': 11,
        'text-offset': [0, 1.2],
        'text-anchor': 'top',
        'text-optional': true,
      },
      paint: { 'text-color': p.labelStrong, 'text-halo-color': p.halo, 'text-halo-width': 1.2 },
    },
    { id: 'pulse', type: 'circle', source: 'pulse', paint: { 'circle-radius': 0, 'circle-color': 'transparent', 'circle-stroke-color': p.ink, 'circle-stroke-width': 2, 'circle-stroke-opacity': 0 } },
    {
      id: 'open-point',
      type: 'symbol',
      source: 'open',
      filter: ['!', ['has', 'point_count']],
      layout: {
        'symbol-sort-key': ['-', 5, ['get', 'severity']],
        'icon-image': ['concat', 'incident-', ['to-string', ['get', 'severity']]],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 11, 0.62, 15, 0.95],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
    },
    { id: 'chosen', type: 'circle', source: 'chosen', paint: { 'circle-radius': 18, 'circle-color': 'transparent', 'circle-stroke-color': p.ink, 'circle-stroke-width': 2 } },
  ];
}
