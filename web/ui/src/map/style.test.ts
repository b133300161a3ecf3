import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import type { FeatureCollection } from 'geojson';
import { expect, test } from 'vitest';
import { overlays } from './overlays';
import { styleOf, type Shown } from './view';

const none: FeatureCollection = { type: 'FeatureCollection', features: [] };
const data = { open: none, worker: none, pulse: none, chosen: none };
const all: Shown = {
  theme: 'dark',
  lang: 'zh',
  base: ['base_landuse', 'base_water', 'base_waterway', 'base_building', 'base_road', 'base_boundary', 'base_address', 'base_poi'],
  on: Object.keys(overlays),
  query: { population: 'datetime=2026-11-22T08:00:00Z' },
  zooms: { grid_unit: { min: 12, max: 22 } },
};

test.each(['dark', 'light'] as const)('the %s style with every layer is valid', (theme) => {
  for (const lang of ['zh', 'en'] as const) expect(validateStyleMin(styleOf({ ...all, theme, lang }, data, 'https://city'))).toEqual([]);
});

test('what may not be seen is not asked for', () => {
  const s = styleOf({ ...all, base: ['base_road'], on: [] }, data, 'https://city');
  expect(Object.keys(s.sources)).toEqual(['base', 'open', 'worker', 'pulse', 'chosen']);
  expect(JSON.stringify(s)).not.toContain('base_water');
});

test('tiles are asked for with the hour, and not below the first zoom', () => {
  const s = styleOf(all, data, 'https://city');
  expect(s.sources.population).toMatchObject({ tiles: ['https://city/tiles/population/{z}/{x}/{y}.mvt?datetime=2026-11-22T08:00:00Z'] });
  expect(s.sources.grid_unit).toMatchObject({ minzoom: 12 });
});
