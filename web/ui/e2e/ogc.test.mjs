// The styles that the server hands out to others' maps: MapLibre takes every
// one, and draws the base map from it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import { launch, patience } from './browser.mjs';
import { client, start } from './server.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('every style is one that MapLibre takes', async () => {
  const api = await client(server, 'urban');
  const { styles } = await api.json('/ogc/styles');
  assert.ok(styles.length > 12, `only ${styles.length} styles`);
  for (const { id } of styles) {
    for (const query of ['', '?base=true']) {
      const style = await api.json(`/ogc/styles/${id}${query}`);
      assert.deepEqual(validateStyleMin(style).map((e) => e.message), [], id + query);
      for (const s of Object.values(style.sources)) assert.match(s.tiles[0], /^http:\/\/127\.0\.0\.1:\d+\/tiles\//);
    }
  }
});

test("a page of one's own draws the base map from the server's style", async () => {
  const page = await (await browser.newContext({ viewport: { width: 800, height: 600 }, bypassCSP: true })).newPage();
  page.setDefaultTimeout(patience);
  const dist = (name) => readFileSync(fileURLToPath(new URL(`../node_modules/maplibre-gl/dist/${name}`, import.meta.url)));
  // A page that has MapLibre and asks this server for the rest. Chromium lets no
  // other site's page ask one at a loopback address, so it stands there too.
  const site = `${server.base}/own`;
  await page.route(`${site}/**`, (route) => {
    const name = new URL(route.request().url()).pathname.slice('/own/'.length);
    if (name === '') return route.fulfill({ contentType: 'text/html', body: '<div id="map" style="width:800px;height:600px"></div>' });
    return route.fulfill({ contentType: 'text/javascript', body: dist(name) });
  });
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('response', (r) => r.status() >= 400 && wrong.push(`${r.status()} ${r.url()}`));
  await page.goto(`${site}/`);
  const drawn = await page.evaluate(async ([site, style]) => {
    const { Map: MapLibre, setWorkerUrl } = await import(`${site}/maplibre-gl.mjs`);
    setWorkerUrl(`${site}/maplibre-gl-worker.mjs`);
    const map = new MapLibre({ container: 'map', style });
    const errors = [];
    map.on('error', (e) => errors.push(e.error.message));
    await Promise.race([new Promise((done) => map.once('idle', done)), new Promise((done) => setTimeout(done, 40_000))]);
    const layers = new Set(map.queryRenderedFeatures().map((f) => f.sourceLayer));
    return { errors, layers: [...layers].sort() };
  }, [site, `${server.base}/ogc/styles/base`]);
  assert.deepEqual(drawn.errors, []);
  assert.deepEqual(wrong, []);
  for (const layer of ['base_landuse', 'base_road', 'base_water']) assert.ok(drawn.layers.includes(layer), `${layer} is not drawn: ${drawn.layers}`);
});
