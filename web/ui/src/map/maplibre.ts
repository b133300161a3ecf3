// MapLibre and its worker, in one module so that /m loads neither before its
// map opens. Vite 8 does not emit MapLibre's worker by itself: without the two
// lines below the map stays blank.
import * as maplibre from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerURL from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

maplibre.setWorkerUrl(workerURL);

export { maplibre };
