// A data officer's morning: a department's workbook, with its title, merged
// header, shifted coordinates and dirty codes, becomes a layer; a town's officer
// finds it, asks, and sees exactly what was granted, until it is withdrawn.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { axe, launch, patience, until } from './browser.mjs';
import { client, start } from './server.mjs';
import { gcj02, workbook } from './workbook.mjs';

const layer = 'outdoor_ad';
const town = '330782002';
const all = ['code', 'name', 'kind', 'unit', 'state'];
const granted = ['code', 'state'];
let server;
let browser;
/** Real places of the demo city, in two towns: [longitude, latitude, town]. */
let places;
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
  const [admin, security] = [await client(server, 'admin'), await client(server, 'security')];
  server.users.town = 'Tuna-Kito-Rema-2740';
  const made = await admin.call('POST', '/api/v1/people', { login: 'town', name: '云栖街道专员', org: `town-${town}`, password: server.users.town });
  assert.equal(made.status, 201, await made.text());
  assert.equal((await security.call('PUT', '/api/v1/people/town/roles', { roles: ['department_officer'] })).status, 204);
  places = server
    .sql(`SELECT ST_X(geom), ST_Y(geom), left(area_code, 9) FROM map.enterprise WHERE left(area_code, 9) IN ('330782001', '${town}') ORDER BY md5(id::text) LIMIT 240`)
    .split('\n')
    .map((l) => l.split('|'))
    .map(([x, y, of]) => [Number(x), Number(y), of]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const wrong = [];
async function page(path, login, viewport = { width: 1920, height: 1080 }) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', viewport });
  context.setDefaultTimeout(patience);
  const [name, value] = (await client(server, login)).cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const p = await context.newPage();
  p.on('pageerror', (e) => wrong.push(`${path} ${login}: ${e.message}`));
  await p.goto(server.base + path);
  return p;
}
const pictureFolder = process.env.ONEMAP_E2E_PICTURES;
/** With ONEMAP_E2E_PICTURES, what the pages look like is kept in that folder: on a desk's screen and on a phone's. */
async function shoot(p, name) {
  if (!pictureFolder) return;
  const size = p.viewportSize();
  await p.screenshot({ path: `${pictureFolder}/${name}.png` });
  await p.setViewportSize({ width: 390, height: 844 });
  await p.screenshot({ path: `${pictureFolder}/${name}-phone.png` });
  await p.setViewportSize(size);
}

/** The file: 240 places, then a code that came before, and a place that nobody wrote down. */
function file() {
  const rows = [
    ['义乌市户外广告设施台账'],
    ['设施编号', '基本情况', '', '管理信息', '', '坐标', ''],
    ['', '设施名称', '设施类型', '设置单位', '安全状态', '经度', '纬度'],
  ];
  const round = (v) => Number(v.toFixed(6));
  places.forEach(([x, y], n) => {
    const [lon, lat] = gcj02(x, y);
    const state = n % 60 === 0 ? '锟斤拷锟斤拷' : ['良好', '一般', '较差'][n % 3];
    rows.push([`GG-${String(n + 1).padStart(4, '0')}`, `广告牌${n + 1}`, ['立柱', '墙面', '屋顶'][n % 3], `示例公司${n % 17}`, state, round(lon), round(lat)]);
  });
  rows.push(['GG-0001', '重复的广告牌', '立柱', '示例公司0', '良好', ...gcj02(places[0][0], places[0][1]).map(round)]);
  rows.push(['GG-9999', '没有坐标的广告牌', '墙面', '示例公司1', '一般', '不详', '']);
  return { name: '户外广告设施台账（最终版）.xlsx', mimeType: 'application/octet-stream', buffer: workbook('台账', rows, ['A1:G1', 'A2:A3', 'B2:C2', 'D2:E2', 'F2:G2']) };
}

/** The tile of the layer around a place: its features' fields, or the status where it is not answered. */
async function tile(who, [lon, lat], zoom) {
  const n = 2 ** zoom;
  const phi = (lat * Math.PI) / 180;
  const [x, y] = [Math.floor(((lon + 180) / 360) * n), Math.floor(((1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2) * n)];
  const r = await who.call('GET', `/tiles/${layer}/${zoom}/${x}/${y}.mvt`);
  if (r.status === 204) return [];
  if (r.status !== 200) return r.status;
  const of = new VectorTile(new PbfReader(new Uint8Array(await r.arrayBuffer()))).layers[layer];
  return Array.from({ length: of?.length ?? 0 }, (_, i) => of.feature(i).properties);
}

/** A page's own live subscription to the layer; what it hears is in window.heard. */
const listen = (p) =>
  p.evaluate(
    (of) =>
      new Promise((done) => {
        window.heard = [];
        const s = new WebSocket(`${location.origin.replace('http', 'ws')}/live`);
        s.onmessage = ({ data }) => {
          const m = JSON.parse(data);
          window.heard.push(m);
          if (m.type === 'hello') s.send(JSON.stringify({ type: 'subscribe', id: 'ads', layer: of }));
          if (m.type === 'subscribed' || m.type === 'error') done(m.type);
        };
      }),
    layer,
  );

test('a workbook becomes a layer, a town is granted two of five fields for itself, and the grant is withdrawn while it looks', async (t) => {
  const [urban, asker] = [await client(server, 'urban'), await client(server, 'town')];
  const inTown = places.filter((p) => p[2] === town);
  assert.ok(inTown.length > 40 && inTown.length < 200, `${inTown.length} of ${places.length} places are in the town`);

  // The department brings the file, and declares what its maker believed.
  const desk = await page('/desk?p=upload', 'urban');
  await desk.getByTestId('file').setInputFiles(file());
  await desk.getByTestId('layer-name').fill(layer);
  await desk.getByText('户外广告设施台账（最终版）.xlsx').waitFor();
  assert.equal(await desk.getByTestId('title-zh').inputValue(), '义乌市户外广告设施台账');
  for (const column of ['设施编号', '设施名称', '设施类型', '设置单位', '安全状态']) await desk.locator(`tr[data-column="${column}"] input[type=checkbox]`).first().waitFor();
  await desk.getByRole('checkbox', { name: '设施编号 是主键' }).check();
  await desk.getByTestId('crs').fill('WGS84');
  await desk.getByTestId('judge').click();
  const verdict = desk.getByTestId('verdict');
  await verdict.waitFor();
  assert.deepEqual([await verdict.getAttribute('data-best'), await verdict.getAttribute('data-sure')], ['GCJ02', 'true']);
  await shoot(desk, 'upload-verdict');
  wrong.push(...(await axe(desk)).map((l) => `the plan of an import: ${l}`));
  await verdict.getByRole('row', { name: /GCJ02/ }).getByRole('button', { name: '采用' }).click();
  assert.equal(await desk.getByTestId('crs').inputValue(), 'GCJ02');
  await desk.getByTestId('preview').click();

  // What it would be, with what did not come in, and its quality; then it is a layer.
  const batch = desk.getByTestId('batch');
  await batch.waitFor();
  const count = async (of) => Number((await batch.locator(`[data-count=${of}]`).innerText()).replace(/\D/g, ''));
  assert.deepEqual([await count('inserted'), await count('rejected'), await count('held')], [240, 2, 0]);
  await until('the rows on the map', async () => Number(await desk.getByTestId('upload-map').getAttribute('data-shown')) === 240);
  const dirty = desk.getByRole('row').filter({ hasText: '无脏数据' });
  assert.match((await dirty.innerText()).replace(/\s+/g, ' '), /236 240/, 'garbled codes are found');
  await shoot(desk, 'upload-preview');
  wrong.push(...(await axe(desk)).map((l) => `the preview of an import: ${l}`));
  await desk.getByTestId('apply').click();
  await desk.getByText('已入库。').waitFor();
  const far = server.sql(`SELECT count(*) FROM map.${layer} a WHERE NOT EXISTS (SELECT FROM map.enterprise e WHERE ST_DWithin(e.geom, a.geom, 0.00001))`);
  assert.equal(far, '0', 'every row is where it was measured');
  await desk.getByRole('link', { name: '质量报告' }).click();
  await desk.locator(`[data-layer="${layer}"]`).waitFor();
  await desk.getByText('无脏数据').first().waitFor();
  await shoot(desk, 'quality');

  // The town's officer may know that it exists, and sees nothing of it.
  assert.equal((await asker.call('GET', `/api/v1/layers/${layer}`)).status, 404);
  const town1 = await page('/desk?p=catalogue', 'town');
  await town1.getByTestId('catalogue-q').fill('户外广告');
  const hit = town1.getByTestId('catalogue-list').locator('[data-resource]').filter({ hasText: '义乌市户外广告设施台账' });
  await hit.click();
  await town1.getByTestId('resource').waitFor();
  await shoot(town1, 'catalogue');
  wrong.push(...(await axe(town1)).map((l) => `a resource of the catalogue: ${l}`));
  await town1.getByTestId('resource-ask').click();
  const ask = town1.getByTestId('ask');
  await ask.locator('[name=purpose]').fill('云栖街道户外广告安全巡查');
  await ask.locator('[name=ground]').fill('《城市市容和环境卫生管理条例》');
  // Of its seven items two are onemap's own: they are not asked for.
  for (const item of ['grid_code', 'area_code']) await ask.locator(`input[value="${item}"]`).uncheck();
  assert.deepEqual(await ask.locator('input[type=checkbox]:checked').evaluateAll((l) => l.map((e) => e.value).sort()), [...all].sort());
  await shoot(town1, 'ask');
  wrong.push(...(await axe(town1)).map((l) => `asking: ${l}`));
  await ask.getByTestId('ask-send').click();
  await town1.getByTestId('request-state').filter({ hasText: '待答复' }).waitFor();
  await shoot(town1, 'asked');

  // The provider grants two fields, for the town.
  await desk.goto(`${server.base}/desk?p=requests`);
  await desk.getByTestId('requests').locator('[data-request]').filter({ hasText: '义乌市户外广告设施台账' }).click();
  await desk.locator('[data-action=grant]').click();
  const act = desk.getByTestId('request-act');
  for (const field of all.filter((f) => !granted.includes(f))) await act.locator(`input[value="${field}"]`).uncheck();
  await act.locator('[name=area]').fill(town);
  await shoot(desk, 'grant');
  wrong.push(...(await axe(desk)).map((l) => `granting: ${l}`));
  await act.getByRole('button', { name: '确认同意' }).click();
  await desk.getByTestId('request-state').filter({ hasText: '已同意' }).waitFor();
  await shoot(desk, 'granted');

  // By the API: the layer, its features, its tiles and the export have two fields, and the town's rows.
  const own = (properties) => Object.keys(properties).filter((k) => all.includes(k) && properties[k] !== null).sort();
  const described = await until('the grant', async () => (await asker.call('GET', `/api/v1/layers/${layer}`)).status === 200 && asker.json(`/api/v1/layers/${layer}`));
  assert.deepEqual(described.fields.map((f) => f.name).filter((f) => all.includes(f)).sort(), granted);
  const { features } = await asker.json(`/api/v1/layers/${layer}/features?limit=1000`);
  assert.equal(features.length, inTown.length);
  for (const f of features) assert.deepEqual(own(f.properties), granted);
  const place = features[0].geometry.coordinates;
  const drawn = await tile(asker, place, 16);
  assert.ok(drawn.length > 0, 'the tile has the place');
  for (const f of drawn) assert.deepEqual(own(f), granted);
  assert.deepEqual(await tile(asker, places.find((p) => p[2] !== town && !inTown.some((q) => Math.hypot(p[0] - q[0], p[1] - q[1]) < 0.004)), 17), [], 'nothing of the other town');
  const csv = (await (await asker.call('GET', `/api/v1/layers/${layer}/export?format=csv`)).text()).replace(/^\uFEFF/, '').trim().split(/\r?\n/);
  assert.equal(csv.length - 1, inTown.length);
  assert.deepEqual(csv[0].split(',').filter((f) => all.includes(f)).sort(), granted);

  // On the table that the page links to, and on the map.
  const map = await page(`/?on=${layer}&v=17.5/${place[1]}/${place[0]}`, 'town');
  const brought = map.getByTestId('brought');
  await brought.getByRole('checkbox', { name: '义乌市户外广告设施台账' }).waitFor();
  await map.waitForSelector('#map[data-drawn=true]');
  const table = await page(`/ogc/collections/${layer}/items?f=html&limit=5`, 'town');
  const heads = (await table.locator('table th').allInnerTexts()).join(' ');
  assert.match(heads, /设施编号|code/);
  assert.match(heads, /安全状态|state/);
  assert.doesNotMatch(heads, /设施名称|设置单位|设施类型|name|unit|kind/);
  await shoot(table, 'table');
  await shoot(map, 'map');

  // On the live stream: a change in the town arrives with two fields; one in the other town does not.
  assert.equal(await listen(map), 'subscribed');
  const mine = features[0].id;
  const mineCode = features[0].properties.code;
  const foreign = server.sql(`SELECT id FROM map.${layer} WHERE left(area_code, 9) <> '${town}' ORDER BY id LIMIT 1`);
  for (const id of [foreign, mine]) {
    const at = `${server.base}/ogc/collections/${layer}/items/${id}`;
    const seen = (await fetch(at, { headers: { Cookie: urban.cookie() } })).headers.get('ETag');
    const r = await fetch(at, {
      method: 'PATCH',
      headers: { Cookie: urban.cookie(), Origin: server.base, 'Content-Type': 'application/merge-patch+json', 'If-Match': seen },
      body: JSON.stringify({ properties: { state: '已整改', unit: '新的单位' } }),
    });
    assert.ok(r.ok, `${r.status} ${await r.text()}`);
  }
  const changes = () => map.evaluate(() => window.heard.filter((m) => m.type === 'events').flatMap((m) => m.events).map((e) => e.data));
  const [heard] = await until('the change', async () => {
    const found = (await changes()).filter((c) => c.id === mine);
    return found.length > 0 && found;
  });
  assert.deepEqual([heard.properties.code, heard.properties.state, own(heard.properties)], [mineCode, '已整改', granted]);
  assert.ok(!(await changes()).some((c) => String(c.id) === foreign), 'nothing is heard of the other town');

  // The provider withdraws the grant while the town looks: it is gone everywhere.
  await desk.goto(`${server.base}/desk?p=requests&tab=grants`);
  await desk.getByTestId('grants').getByRole('row').filter({ hasText: '义乌市户外广告设施台账' }).getByRole('button', { name: '收回授权' }).click();
  const form = desk.getByTestId('withdraw');
  await form.getByRole('textbox').fill('巡查已结束');
  await shoot(desk, 'withdraw');
  await map.evaluate(() => {
    window.gone = new Promise((done) => {
      const list = document.querySelector('[data-testid=brought]').parentElement;
      new MutationObserver(() => list.querySelector('[data-testid=brought]') || done(Date.now())).observe(list, { childList: true, subtree: true });
    });
  });
  const answered = desk.waitForResponse((r) => r.url().endsWith('/withdrawal')).then(() => Date.now());
  await form.getByRole('button', { name: '收回授权' }).click();
  t.diagnostic(`gone from the open map ${(await map.evaluate(() => window.gone)) - (await answered)} ms after the withdrawal was answered`);
  await form.waitFor({ state: 'detached' });
  for (const path of [`/api/v1/layers/${layer}`, `/api/v1/layers/${layer}/features`, `/api/v1/layers/${layer}/export?format=csv`, `/ogc/collections/${layer}/items`, `/api/v1/layers/${layer}/features/${mine}`])
    assert.equal((await asker.call('GET', path)).status, 404, path);
  assert.equal(await tile(asker, place, 16), 404);
  await until('the end of the stream', () => map.evaluate(() => window.heard.some((m) => m.type === 'ended' && m.id === 'ads')));
  await brought.waitFor({ state: 'detached' });
  await table.reload();
  assert.doesNotMatch(await table.locator('body').innerText(), new RegExp(mineCode));
  await shoot(map, 'map-after');
  assert.deepEqual(wrong, []);
  for (const p of [desk, town1, map, table]) await p.context().close();
});
