// What a page loads when its map opens: one chunk, not before.
export { maplibre } from './maplibre';
export { MapView } from './view';
