import bus from '@mapbox/maki/icons/warehouse.svg?raw';
import hospital from '@mapbox/maki/icons/hospital.svg?raw';
import fire from '@mapbox/maki/icons/fire-station.svg?raw';
import police from '@mapbox/maki/icons/police.svg?raw';
import shelter from '@mapbox/maki/icons/shelter.svg?raw';
import marker from '@mapbox/maki/icons/marker.svg?raw';
import hydrant from '@rapideditor/temaki/icons/fire_hydrant.svg?raw';
import camera from '@rapideditor/temaki/icons/security_camera.svg?raw';

/**
 * The signs of the map and of its legends: the same paths are drawn on the
 * map, in the legend and in the lists, so they cannot come apart.
 *
 * Each stands in a box of 24 by 24.
 */
export const severityPaths = {
  1: 'M12 1.5 22.5 12 12 22.5 1.5 12Z', // diamond
  2: 'M12 2.5 22.5 21 1.5 21Z', // triangle
  3: 'M3.5 3.5H20.5V20.5H3.5Z', // square
  4: 'M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 0 1 0-19Z', // circle
} as const;

export type Severity = keyof typeof severityPaths;

export const assetPaths = {
  intact: 'M12 7.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9Z',
  damaged: 'M12 3 21 19.5 3 19.5Z',
  lost: 'M5 3 12 10 19 3 21 5 14 12 21 19 19 21 12 14 5 21 3 19 10 12 3 5Z',
  abandoned: 'M4 10H20V14H4Z',
} as const;

export type AssetState = keyof typeof assetPaths;

/** A person, for staff on duty. */
export const workerPath = 'M12 4.2a3.6 3.6 0 1 1 0 7.2a3.6 3.6 0 0 1 0-7.2ZM5 20c0-4.4 3-7 7-7s7 2.6 7 7Z';

/** Maki and Temaki (both CC0) draw in a box of 15. */
function pathOf(svg: string): string {
  return [...svg.matchAll(/ d="([^"]+)"/g)].map((m) => m[1]!.replace(/&#x[9AD];/g, ' ')).join('');
}

export const placePaths = {
  hydrant: pathOf(hydrant),
  fire_station: pathOf(fire),
  police_station: pathOf(police),
  shelter: pathOf(shelter),
  hospital: pathOf(hospital),
  camera: pathOf(camera),
  depot: pathOf(bus),
  other: pathOf(marker),
} as const;

export type PlaceKind = keyof typeof placePaths;
