import type { Geometry } from 'geojson';
import type { components } from '../api/types';
import type { LngLat } from './ground';

// What the phone keeps for working without signal, as the server describes it.
type S = components['schemas'];

export type PackGrid = Omit<S['PackGrid'], 'outline'> & { outline: Geometry };
export type Pack = Omit<S['Pack'], 'grids'> & { grids: PackGrid[] };
export type Task = S['Task'];
export type TaskKind = Task['kind'];
export type PatrolPoint = S['PatrolPoint'];
export type ChecklistItem = S['ChecklistItem'];
export type Hazard = S['Hazard'];
export type HazardFlow = S['HazardFlowOutputBody'];
export type AssetRows = S['PackAssets'];

/** A component (部件) of the worker's grids. */
export interface Asset {
  id: number;
  code: string;
  name: string;
  class_standard: string;
  class_code: string;
  dept_code: string;
  state: string;
  at: LngLat;
}
