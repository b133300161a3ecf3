// An administrator draws the grids of a town, edits them with the mouse, and
// publishes them: from that day on they are in force, and those of before can
// still be asked for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, patience, until } from './browser.mjs';
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

const pictureFolder = process.env.ONEMAP_E2E_PICTURES;
const shoot = (p, name) => pictureFolder && p.screenshot({ path: `${pictureFolder}/${name}.png` });

test('a town is drawn, a cell is split with the mouse, undone, two are merged, and it is published', async () => {
  const admin = await client(server, 'admin');
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(patience);
  const [name, value] = admin.cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  let seen;
  page.on('response', async (r) => {
    const url = new URL(r.url());
    if (!url.pathname.endsWith('/cells') || !r.ok()) return;
    const body = await r.json().catch(() => undefined);
    if (body) seen = { bbox: url.searchParams.get('bbox').split(',').map(Number), features: body.features };
  });

  await page.goto(`${server.base}/desk?p=grids`);
  await page.getByLabel('名称').fill('2027 年调整');
  const area = page.locator('form label', { hasText: '区域' }).locator('select');
  const town = await until('the towns', () => area.locator('option').evaluateAll((l) => l.map((o) => ({ code: o.value, text: o.textContent })).find((o) => o.code.length === 9)));
  await area.selectOption(town.code);
  await page.getByRole('button', { name: '开始划分' }).click();
  const link = page.getByRole('link', { name: '2027 年调整' });
  await link.waitFor();
  await shoot(page, 'grids-list');
  await link.click();
  const id = Number(new URL(await until('the address', () => page.url().includes('draft=') && page.url())).searchParams.get('draft'));
  const draft = () => admin.json(`/api/v1/grid-drafts/${id}`);
  const begin = await draft();
  const earlier = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  /** The codes of the town's unit grids that are in force on a day. */
  const codes = async (day) => {
    const { features } = await admin.json(`/api/v1/grids?layer=grid_unit&date=${day}&bbox=${begin.bbox}&limit=10000`);
    return JSON.stringify(features.map((f) => String(f.properties.grid_code ?? f.properties.code ?? f.id)).filter((c) => c.startsWith(town.code)).sort());
  };
  const before = await codes(earlier);

  // What the map shows is known from what it asks for: its edges and the cells in them.
  const zoom = page.getByRole('button', { name: '放大', exact: true });
  await until('the first cells', () => seen);
  while (seen.features.length > 160) {
    const then = seen;
    await zoom.click();
    await until('the cells of a closer look', () => seen !== then);
  }
  const box = page.locator('.gl');
  const { width, height } = await box.boundingBox();
  const y = (lat) => Math.asinh(Math.tan((lat * Math.PI) / 180));
  const pixel = ([lon, lat]) => {
    const [w, s, e, n] = seen.bbox;
    return [((lon - w) / (e - w)) * width, ((y(n) - y(lat)) / (y(n) - y(s))) * height];
  };
  /** The cells that lie whole in the map, of one piece, with their outlines in pixels; the largest first. */
  const cells = () =>
    seen.features
      .map((f) => ({ id: f.id, code: f.properties.code, rings: f.geometry.type === 'Polygon' ? f.geometry.coordinates : f.geometry.coordinates.flat() }))
      .filter((c) => c.rings.length === 1)
      .map((c) => ({ ...c, ring: c.rings[0].map(pixel) }))
      .filter((c) => c.ring.every(([px, py]) => px > 60 && px < width - 60 && py > 60 && py < height - 60))
      .map((c) => ({ ...c, cut: cutOf(c.ring) }))
      .filter((c) => c.cut && c.cut[1] - c.cut[0] > 50)
      .sort((a, b) => b.cut[1] - b.cut[0] - (a.cut[1] - a.cut[0]));
  const at = ([px, py]) => ({ position: { x: px, y: py } });
  const inside = (c) => [c.cut[2], (c.cut[0] + c.cut[1]) / 2];
  const first = cells()[0];
  assert.ok(first, 'a cell to work on');
  const choose = async (c, more) => {
    await box.click({ ...at(inside(c)), ...(more ? { modifiers: ['Shift'] } : {}) });
    await page.getByRole('heading', { name: more ? '已选 2 个网格' : c.code }).waitFor();
  };
  const sure = async (done) => {
    // A building in the way is told, and a person decides.
    const confirm = page.getByRole('button', { name: '仍然执行' });
    await done.or(confirm).first().waitFor();
    if (await confirm.isVisible()) await confirm.click();
    await done.waitFor();
  };

  // Split from edge to edge, and taken back.
  await choose(first);
  await shoot(page, 'grids-chosen');
  assert.deepEqual(await axe(page), [], 'the editor');
  await page.getByRole('button', { name: /^分割/ }).click();
  const [top, bottom, x] = first.cut;
  await box.click(at([x, top]));
  await page.mouse.move(...(await onPage(box, [x, (top + bottom) / 2])), { steps: 4 });
  await box.click(at([x, bottom]));
  await shoot(page, 'grids-line');
  await box.click(at([x, bottom]));
  const count = begin.cells;
  await sure(page.getByText(`· ${(count + 1).toLocaleString('zh-CN')} 个网格`));
  await page.getByRole('button', { name: '撤销' }).click();
  await page.getByText(`· ${count.toLocaleString('zh-CN')} 个网格`).waitFor();

  // Merged with a neighbour, with the reason kept.
  await page.getByLabel('原因').fill('同一个小区');
  const one = cells().find((c) => neighbour(c));
  assert.ok(one, 'two neighbours in sight');
  const other = neighbour(one);
  function neighbour(c) {
    return cells().find((d) => d.id !== c.id && d.code.slice(0, 12) === c.code.slice(0, 12) && shared(c.rings[0], d.rings[0]) >= 2);
  }
  await choose(one);
  await choose(other, true);
  await page.getByRole('button', { name: /^合并/ }).click();
  await sure(page.getByText(`· ${(count - 1).toLocaleString('zh-CN')} 个网格`));
  await page.getByRole('listitem').filter({ hasText: '合并' }).getByText('同一个小区').waitFor();

  await page.getByRole('button', { name: '检查', exact: true }).click();
  await page.getByText(/^检查通过|见左侧列表/).waitFor();
  await shoot(page, 'grids-checked');
  await page.getByRole('button', { name: '发布', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const from = await dialog.getByLabel('启用日期').inputValue();
  await dialog.getByLabel('原因').fill('年度调整');
  await shoot(page, 'grids-publish');
  await dialog.getByRole('button', { name: '发布' }).click();
  await page.getByText(`已发布，自 ${from} 起生效。`).waitFor();

  // In force from that day, and not before.
  const done = await until('published', async () => {
    const d = await draft();
    return d.state === 'published' && d;
  });
  assert.equal(done.valid_from, from);
  assert.equal(await codes(earlier), before, 'the grids of before');
  const then = await codes(from);
  assert.notEqual(then, before);
  assert.equal(JSON.parse(then).length, count - 1);
  assert.deepEqual(wrong, []);
  await context.close();
});


const onPage = async (box, [x, y]) => {
  const b = await box.boundingBox();
  return [b.x + x, b.y + y];
};

/** The longest vertical cut through a ring, near its middle: top, bottom, x. */
function cutOf(ring) {
  const xs = ring.map((p) => p[0]);
  const x = (Math.min(...xs) + Math.max(...xs)) / 2 + 0.37;
  const hits = [];
  for (let n = 0; n + 1 < ring.length; n++) {
    const [[ax, ay], [bx, by]] = [ring[n], ring[n + 1]];
    if (ax < x !== bx < x) hits.push(ay + ((x - ax) / (bx - ax)) * (by - ay));
  }
  hits.sort((a, b) => a - b);
  let best;
  for (let n = 0; n + 1 < hits.length; n += 2) if (!best || hits[n + 1] - hits[n] > best[1] - best[0]) best = [hits[n], hits[n + 1], x];
  return best;
}

/** How many corners two rings have in common. */
function shared(a, b) {
  const keys = new Set(a.map(String));
  return new Set(b.map(String).filter((k) => keys.has(k))).size;
}
