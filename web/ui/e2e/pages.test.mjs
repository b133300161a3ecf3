// The story of the first issue, by the real binary and the real database.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { axe, launch, patience, signIn, until, witness } from './browser.mjs';
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

/** What tells of the pages that a test has open. */
let witnesses = [];
afterEach(async (t) => {
  if (!t.passed) for (const tell of witnesses) console.error(await tell());
  witnesses = [];
});

const desk = { viewport: { width: 1920, height: 1080 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' };
/** The middle of the demo city, found once. */
let place;
async function phone() {
  if (!place) {
    const { bounds } = await (await client(server)).json('/api/v1/settings');
    place = { longitude: (bounds[0] + bounds[2]) / 2, latitude: (bounds[1] + bounds[3]) / 2, accuracy: 8 };
  }
  return { viewport: { width: 390, height: 844 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', isMobile: true, hasTouch: true, geolocation: place, permissions: ['geolocation'] };
}

/** A page that fails the test for what it says wrong on its console. */
async function open(options, path, prepare) {
  const context = await browser.newContext(options);
  await prepare?.(context);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  witnesses.push(witness(page));
  await page.goto(server.base + path);
  return { context, page, wrong };
}

/** A photo that a browser makes: a real JPEG with the look of a broken cover. */
async function photo(page) {
  const url = await page.evaluate(() => {
    const c = document.createElement('canvas');
    c.width = 2400;
    c.height = 1800;
    const g = c.getContext('2d');
    g.fillStyle = '#6b6f73';
    g.fillRect(0, 0, 2400, 1800);
    g.fillStyle = '#2b2d30';
    g.beginPath();
    g.arc(1200, 900, 560, 0, 7);
    g.fill();
    g.fillStyle = '#0b0b0c';
    g.beginPath();
    g.moveTo(900, 700);
    g.lineTo(1500, 820);
    g.lineTo(1250, 1300);
    g.fill();
    return c.toDataURL('image/jpeg', 0.9);
  });
  return Buffer.from(url.split(',')[1], 'base64');
}

const ids = (page) => page.$$eval('[data-testid=queue] [data-id]', (l) => l.map((b) => Number(b.dataset.id)));

test('a worker reports a broken cover with a photo; the open command centre shows it without a reload', async () => {
  const centre = await open(desk, '/');
  await centre.page.getByRole('banner').getByRole('button', { name: '登录' }).click();
  await signIn(centre.page, server, 'centre');
  await centre.page.waitForSelector('[data-testid=queue] [data-id]');
  await centre.page.getByText('实时', { exact: true }).waitFor();
  const before = await ids(centre.page);
  await centre.page.evaluate(() => (window.notReloaded = true));

  const worker = await open(await phone(), '/m');
  await signIn(worker.page, server, 'worker');
  await worker.page.setInputFiles('input[type=file]', { name: 'cover.jpg', mimeType: 'image/jpeg', buffer: await photo(worker.page) });
  await worker.page.waitForSelector('figure img');
  await worker.page.click('[data-testid=choose-class]');
  await worker.page.fill('[data-testid=class-search]', '污水井盖');
  await worker.page.getByRole('button', { name: /污水井盖异常/ }).click();
  await worker.page.getByTestId('place').getByText('当前位置').waitFor();
  await worker.page.click('[data-testid=choose-place]');
  await worker.page.fill('#place-words', '望云路口');
  await worker.page.getByRole('button', { name: '就在这里' }).click();
  await worker.page.fill('#words', '井盖破损，有坠落危险');
  await worker.page.locator('form .send').click();
  await worker.page.getByText('已上报').waitFor();

  const id = await until('the new incident in the queue', async () => (await ids(centre.page)).find((n) => !before.includes(n)));
  assert.equal(await centre.page.evaluate(() => window.notReloaded), true, 'the page was not reloaded');
  await centre.page.click(`[data-id="${id}"]`);
  const detail = centre.page.getByTestId('case');
  await detail.getByText('井盖破损，有坠落危险').waitFor();
  await detail.getByText('望云路口').waitFor();
  await until('the photo is drawn', () => detail.locator('img').first().evaluate((i) => i.complete && i.naturalWidth > 0));

  // The centre takes it in; the phone sees its state.
  await detail.getByRole('button', { name: '受理', exact: true }).click();
  await detail.getByRole('button', { name: '立案', exact: true }).waitFor();
  await worker.page.getByRole('button', { name: '我的上报' }).last().click();
  await worker.page.getByTestId('mine').getByText('待立案').first().waitFor();

  assert.deepEqual([...centre.wrong, ...worker.wrong], []);
  await centre.context.close();
  await worker.context.close();
});

test('what the share type hides from another department is hidden in tiles, API, export and live alike', async () => {
  const worker = await client(server, 'worker');
  const police = await client(server, 'police');
  const centre = await client(server, 'centre');
  await phone();
  const at = { crs: 'WGS84', coordinates: [place.longitude + 0.0011, place.latitude + 0.0007] };

  // Both watch before it happens.
  const heard = { police: [], centre: [] };
  const sockets = await Promise.all(
    [
      ['police', police],
      ['centre', centre],
    ].map(([name, c]) => watch(c, heard[name])),
  );

  const made = await worker.call('POST', '/api/v1/incidents', { uuid: crypto.randomUUID(), class: { code: '01002', standard: 'GB/T 47678.5-2026' }, place: at, description: '不给别的部门看' });
  assert.equal(made.status, 201);
  const { id, dept_code } = await made.json();
  assert.notEqual(dept_code, 'police');
  await until('the centre hears of it', () => heard.centre.includes(id));

  const box = `${at.coordinates[0] - 0.0002},${at.coordinates[1] - 0.0002},${at.coordinates[0] + 0.0002},${at.coordinates[1] + 0.0002}`;
  const tile = tileOf(at.coordinates, 17);
  for (const [who, c, sees] of [
    ['centre', centre, true],
    ['police', police, false],
  ]) {
    assert.equal((await c.call('GET', `/api/v1/incidents/${id}`)).status, sees ? 200 : 404, `${who}: API, one`);
    const list = await c.json(`/api/v1/incidents?bbox=${box}`);
    assert.equal(list.incidents.some((i) => i.id === id), sees, `${who}: API, list`);
    const features = await c.json(`/api/v1/layers/incident/features?bbox=${box}`);
    assert.equal((features.features ?? []).some((f) => f.id === id), sees, `${who}: features`);
    const file = await (await c.call('GET', `/api/v1/layers/incident/export?format=csv&bbox=${box}`)).text();
    assert.equal(file.includes('不给别的部门看') || new RegExp(`(^|\n)${id},`).test(file), sees, `${who}: export`);
    const found = await c.json(`/api/v1/search?q=${encodeURIComponent('#' + id)}`);
    assert.equal((found.hits ?? []).some((h) => h.layer === 'incident' && h.id === id), sees, `${who}: search`);
    const mvt = await c.call('GET', `/tiles/incident/17/${tile.x}/${tile.y}.mvt`);
    assert.equal(mvt.status === 200 && tileIDs(await mvt.arrayBuffer(), 'incident').includes(id), sees, `${who}: tile`);
  }

  // A later event that both may see proves that the stream of the police was alive all the time.
  const own = await police.call('POST', '/api/v1/incidents', { uuid: crypto.randomUUID(), class: { code: '01002', standard: 'GB/T 47678.5-2026' }, place: at, description: '自己报的' });
  assert.equal(own.status, 201, await own.clone().text());
  await until('the centre hears of the second', async () => heard.centre.includes((await own.clone().json()).id));
  assert.ok(!heard.police.includes(id), 'police: live');
  for (const s of sockets) s.close();
});

test('by keyboard alone: sign in, subjects, list, case, filter, search, help', async () => {
  const { context, page, wrong } = await open(desk, '/');
  const press = (...keys) => keys.reduce((p, k) => p.then(() => page.keyboard.press(k)), Promise.resolve());
  await page.getByRole('banner').getByRole('button', { name: '登录' }).focus();
  await press('Enter');
  await until('the first field has the focus', () => page.evaluate(() => document.activeElement?.id === 'login'));
  await page.keyboard.type('centre');
  await press('Tab');
  await page.keyboard.type(server.users.centre);
  await press('Enter');
  await page.waitForSelector('[data-testid=queue] [data-id]');
  await page.evaluate(() => document.activeElement?.blur?.());

  await press('3');
  await page.getByRole('radio', { name: /城市部件/, checked: true }).waitFor();
  await until('the address has the subject', () => page.url().includes('s=asset'));
  await press('4', 'j', 'j');
  const second = (await ids(page))[1];
  await press('Enter');
  await page.getByTestId('case').getByText(`#${second}`).waitFor();
  await until('the address has the case', () => page.url().includes(`i=${second}`));
  await press('Escape');
  await page.getByTestId('case').waitFor({ state: 'detached' });

  await press('/');
  await page.keyboard.type('社区');
  await page.waitForSelector('#found [role=option] button');
  await press('ArrowDown', 'Enter');
  await press('?');
  await page.getByRole('dialog', { name: '键盘' }).waitFor();
  await press('Escape');
  await page.getByRole('dialog', { name: '键盘' }).waitFor({ state: 'detached' });
  await press('l');
  await page.getByRole('heading', { name: 'Incidents' }).waitFor();
  await press('t');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
  await press('t', 'l');
  await press('p');
  await page.getByRole('button', { name: '继续更新' }).first().waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a link is a view: it opens with its subject, filter, case and place', async () => {
  const context = await browser.newContext(desk);
  context.setDefaultTimeout(patience);
  const c = await client(server, 'centre');
  const [name, value] = c.cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const { incidents } = await c.json('/api/v1/incidents?state=reported&limit=1');
  const page = await context.newPage();
  await page.goto(`${server.base}/?s=enterprise&state=reported,verifying,self_handled&i=${incidents[0].id}&v=15.00/29.31000/120.07000`);
  await page.getByTestId('case').getByText(`#${incidents[0].id}`).waitFor();
  await page.getByRole('radio', { name: /企业安监/, checked: true }).waitFor();
  await page.getByRole('button', { name: /信息收集/, pressed: true }).waitFor();
  await page.waitForSelector('[data-drawn=true]', { timeout: 60_000 });
  assert.match(page.url(), /v=15\.00\/29\.31\d*\/120\.07/);
  await context.close();
});

test('the figures and their buttons stay in their panel, and the city keeps its name, on a laptop and on a phone', async () => {
  for (const [width, height, locale] of [
    [1200, 800, 'zh-CN'],
    [1366, 768, 'en-US'],
    [390, 844, 'en-US'],
  ]) {
    const context = await browser.newContext({ ...desk, viewport: { width, height }, locale });
    context.setDefaultTimeout(patience);
    const [name, value] = (await client(server, 'centre')).cookie().split('=');
    await context.addCookies([{ name, value, url: server.base }]);
    const page = await context.newPage();
    await page.goto(server.base);
    const panel = page.locator('section.bottom');
    await panel.locator('.kpis').waitFor();
    if (width < 760) await panel.getByRole('button', { name: 'Expand' }).click();
    await panel.getByRole('radiogroup').waitFor();
    const out = await panel.evaluate((p) => {
      const edge = p.getBoundingClientRect();
      return [...p.querySelectorAll('button, dd, dt')].filter((e) => e.getBoundingClientRect().right > edge.right + 0.5).map((e) => e.textContent);
    });
    assert.deepEqual(out, [], `${width} ${locale}: outside of the panel`);
    if (width > 760) assert.ok(await page.locator('header h1').evaluate((h) => h.scrollWidth <= h.clientWidth), `${width} ${locale}: the city's name is cut`);
    await context.close();
  }
});

test('the public sees what is open, and a clear way to sign in, though the first request fails', async () => {
  const { context, page, wrong } = await open(desk, '/', (c) => c.route('**/api/v1/session', (r) => r.abort(), { times: 1 }));
  await page.getByText('登录后可看事件').waitFor();
  assert.ok(!(await page.locator('section.bottom').isVisible()), 'a panel of figures without a figure');
  assert.equal((await (await client(server)).call('GET', '/api/v1/incidents')).status, 401);
  assert.deepEqual(wrong, []);
  await context.close();
});

for (const [theme, lang] of [
  ['dark', 'zh'],
  ['light', 'en'],
])
  test(`axe finds nothing on either page (${theme}, ${lang})`, async () => {
    for (const [options, path, login] of [
      [desk, '/', 'centre'],
      [desk, '/', ''],
      [await phone(), '/m', 'worker'],
      [await phone(), '/m', ''],
    ]) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(patience);
      await context.addInitScript(
        ([t, l]) => {
          localStorage.setItem('onemap.theme', t);
          localStorage.setItem('onemap.lang', l);
        },
        [theme, lang],
      );
      if (login) {
        const [name, value] = (await client(server, login)).cookie().split('=');
        await context.addCookies([{ name, value, url: server.base }]);
      }
      const page = await context.newPage();
      await page.goto(server.base + path);
      if (path === '/' && login) {
        await page.click('[data-testid=queue] [data-id]');
        await page.getByTestId('case').locator('dl').waitFor();
      } else if (login) await page.waitForSelector('[data-testid=choose-class]');
      else await page.getByRole('button', { name: /登录|Sign in/ }).first().waitFor();
      assert.deepEqual(await axe(page), [], `${path} as ${login || 'the public'}`);
      await context.close();
    }
  });

/** The ids of a layer's features in a vector tile. */
function tileIDs(bytes, name) {
  const layer = new VectorTile(new PbfReader(new Uint8Array(bytes))).layers[name];
  return Array.from({ length: layer?.length ?? 0 }, (_, n) => layer.feature(n).id);
}

function tileOf([lng, lat], z) {
  const n = 2 ** z;
  const phi = (lat * Math.PI) / 180;
  return { x: Math.floor(((lng + 180) / 360) * n), y: Math.floor(((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * n) };
}

/** Subscribes to incidents as c by server-sent events, and notes the ids that come. */
async function watch(c, ids) {
  const abort = new AbortController();
  const r = await fetch(`${server.base}/live/sse?layer=incident`, { headers: { Cookie: c.cookie() }, signal: abort.signal });
  assert.equal(r.status, 200);
  const reader = r.body.getReader();
  const text = new TextDecoder();
  let rest = '';
  let subscribed;
  const ready = new Promise((done) => (subscribed = done));
  void (async () => {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        rest += text.decode(value, { stream: true });
        const lines = rest.split('\n');
        rest = lines.pop();
        for (const l of lines) {
          if (!l.startsWith('data:')) continue;
          const m = JSON.parse(l.slice(5));
          if (m.type === 'subscribed') subscribed();
          for (const e of m.events ?? []) ids.push(e.data.id);
        }
      }
    } catch {
      // closed
    }
  })();
  await ready;
  return { close: () => abort.abort() };
}
