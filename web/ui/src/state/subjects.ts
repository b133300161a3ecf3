import type { Subject } from './url';

/**
 * Which layers each of the four subjects shows: 'open' are the open incidents,
 * which come over /live and not by tile.
 */
const shown: Record<Subject, string[]> = {
  population: ['population', 'population_od', 'grid_community'],
  enterprise: ['enterprise', 'grid_community'],
  asset: ['asset', 'grid_unit'],
  emergency: ['open', 'worker', 'place', 'grid_community'],
};

/** Which layers a subject's section of the layer panel lists, with what may be switched on besides. */
export const listed: Record<Subject, string[]> = {
  population: ['population', 'population_od'],
  enterprise: ['enterprise', 'inspection'],
  asset: ['asset'],
  emergency: ['open', 'incident', 'worker', 'place'],
};

export const gridLayers = ['grid_community', 'grid_duty', 'grid_unit'];

export function defaultLayers(subject: Subject): string[] {
  return shown[subject];
}
