import { get, put } from '../../api/http';
import type { components } from '../../api/types';

export type Speed = components['schemas']['Speed'];
export type RoadClass = components['schemas']['RoadsClass'];

export interface Speeds {
  speeds: Speed[];
  may_set: boolean;
  classes: RoadClass[];
}

const path = '/api/v1/stationing/speeds';

export const speeds = () => get<Speeds>(path);
export const save = (lines: readonly Speed[]) => put<Speeds>('PUT', path, { speeds: lines });

/** How fast the class of a line is then, in km/h; undefined where the city has no such road, or the line is of all classes. */
export function becomes(line: Speed, classes: readonly RoadClass[]): number | undefined {
  const c = classes.find((k) => k.class === line.class);
  return c && c.kmh > 0 && line.factor > 0 ? c.kmh * line.factor : undefined;
}

/** What may be chosen: the classes of the city, and those that lines are of already. */
export const choices = (s: Pick<Speeds, 'speeds' | 'classes'>): string[] => [...new Set([...s.classes.map((c) => c.class), ...s.speeds.map((l) => l.class)])].filter((c) => c !== '');
