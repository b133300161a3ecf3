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

/** The layers of a subject; in the place of a grid layer without grids stands the next that has some, if there is one. */
export function defaultLayers(subject: Subject, empty: ReadonlySet<string> = new Set()): string[] {
  return shown[subject].flatMap((l) => {
    if (!empty.has(l)) return [l];
    const next = [...gridLayers.slice(gridLayers.indexOf(l)), 'grid_duty'].find((g) => !empty.has(g));
    return next && next !== 'grid_unit' ? [next] : [];
  });
}
