import type { LayerSpecification } from 'maplibre-gl';
import { expect, test } from 'vitest';
import { baseLayers } from '../map/base';
import { palettes } from '../map/palette';
import { repaint } from './repaint';

const fill = (id: string, paint: Record<string, unknown>) => ({ id, type: 'fill', source: 's', paint }) as LayerSpecification;

test('only colours that differ are set, by layer', () => {
  const was = [fill('a', { 'fill-color': '#000', 'fill-opacity': 0.5 }), fill('b', { 'fill-color': ['get', 'ink'] })];
  const next = [fill('a', { 'fill-color': '#fff', 'fill-opacity': 0.5 }), fill('b', { 'fill-color': ['get', 'ink'] })];
  expect(repaint(was, next)).toEqual([{ layer: 'a', name: 'fill-color', value: '#fff' }]);
  expect(repaint(next, next)).toEqual([]);
});

test('the ground has another colour in every layer of the other theme', () => {
  const [dark, light] = (['dark', 'light'] as const).map((t) => baseLayers(palettes[t], ['get', 'name']));
  expect(new Set(repaint(dark!, light!).map((c) => c.layer))).toEqual(new Set(dark!.map((l) => l.id)));
});
