// The grid worker's phone: it works in a cellar, and nothing is lost or sent twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, patience, signIn, until } from './browser.mjs';
import { client, start } from './server.mjs';

let server;
let browser;
let worker;
/** In the worker's own grid. */
let place;
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
  worker = await client(server, 'worker');
  const { grids } = await worker.json('/api/v1/phone');
  const ring = grids.find((g) => !g.own).outline.coordinates[0][0];
  const mean = (n) => ring.reduce((sum, p) => sum + p[n], 0) / ring.length;
  place = { longitude: mean(0), latitude: mean(1), accuracy: 8 };
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function phone(more = {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', isMobile: true, hasTouch: true, geolocation: place, permissions: ['geolocation'], ...more });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  await page.goto(server.base + '/m');
  return { context, page, wrong };
}

/** A picture that the browser makes. */
async function picture(page) {
  const url = await page.evaluate(() => {
    const c = document.createElement('canvas');
    c.width = 1200;
    c.height = 900;
    c.getContext('2d').fillRect(300, 200, 500, 400);
    return c.toDataURL('image/jpeg', 0.9);
  });
  return { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(url.split(',')[1], 'base64') };
}

async function fill(page, words, cls = '污水井盖异常') {
  await page.click('[data-testid=choose-class]');
  await page.fill('[data-testid=class-search]', cls);
  await page.getByRole('dialog').getByRole('button', { name: new RegExp(cls) }).click();
  await page.fill('#words', words);
  await page.getByTestId('place').getByText('当前位置').waitFor();
}

const send = (page) => page.locator('form .send').click();
const tab = (page, name) => page.getByRole('navigation').getByRole('button', { name }).click();
const outbox = (page, text) => page.getByTestId('outbox').getByText(text).waitFor();
const sentAll = (page) => page.getByTestId('outbox').waitFor({ state: 'detached', timeout: 40_000 });
const mine = async (words) => (await worker.json('/api/v1/incidents?mine=true&limit=200')).incidents.filter((i) => i.description === words);

test('in a cellar: the page opens, a report with a photo and a verification wait, and arrive once', async () => {
  const { context, page, wrong } = await phone();
  await signIn(page, server, 'worker');
  await page.getByTestId('choose-class').waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

  // The acceptor has something verified.
  const acceptor = await client(server, 'acceptor');
  const made = await (await worker.call('POST', '/api/v1/incidents', { uuid: crypto.randomUUID(), class: { code: '06010' }, place: { crs: 'WGS84', coordinates: [place.longitude, place.latitude] }, description: '请核实' })).json();
  const asked = await acceptor.call('POST', `/api/v1/incidents/${made.id}/actions`, { action: 'send_verify', version: made.version, worker: 'worker' });
  assert.equal(asked.status, 200, await asked.clone().text());
  await page.reload();
  await tab(page, /任务/);
  await page.getByTestId('tasks').getByRole('button', { name: /暴露垃圾/ }).waitFor();
  await tab(page, '我的网格');
  await page.getByTestId('kept-map').getByText('地图已保存').waitFor();

  await context.setOffline(true);
  await page.reload();
  await page.getByText('离线').waitFor();
  await tab(page, '上报');
  await page.setInputFiles('form input[type=file]', await picture(page));
  await page.waitForSelector('figure img');
  await fill(page, '地下室里报的');
  await send(page);
  await page.getByText('已保存在手机上').waitFor();
  await outbox(page, '1 条未发送');

  await tab(page, /任务/);
  await page.getByTestId('tasks').getByRole('button', { name: /暴露垃圾/ }).click();
  await page.getByText('属实', { exact: true }).click();
  await page.getByRole('button', { name: '提交结果' }).click();
  await page.getByText('已完成，等待发送').waitFor();
  await outbox(page, '2 条未发送');

  // Closed and opened again, still without a network.
  await page.reload();
  await outbox(page, '2 条未发送');
  await tab(page, '我的网格');
  await page.getByTestId('kept-map').getByText('地图已保存').waitFor();

  await context.setOffline(false);
  await sentAll(page);
  const [report, ...more] = await mine('地下室里报的');
  assert.equal(more.length, 0, 'once');
  assert.equal((await worker.json(`/api/v1/incidents/${report.id}`)).photos.length, 1);
  const verified = await worker.json(`/api/v1/incidents/${made.id}`);
  assert.equal(verified.state, 'reported');
  assert.equal(verified.flow.filter((s) => s.action === 'report_verify').length, 1);
  assert.deepEqual((await worker.json('/api/v1/tasks?mine=true&open=true')).tasks.filter((t) => t.incident?.id === made.id), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('an acknowledgement that was lost on the way: the report is there once', async () => {
  const { context, page, wrong } = await phone({ serviceWorkers: 'block' });
  await signIn(page, server, 'worker');
  let posts = 0;
  await page.route('**/api/v1/incidents', async (route) => {
    if (route.request().method() !== 'POST' || ++posts > 1) return route.continue();
    await route.fetch(); // it arrives, and its answer does not
    await route.abort('connectionreset');
  });
  await fill(page, '回执丢失');
  await send(page);
  await until('it was sent again', () => posts >= 2);
  await sentAll(page);
  assert.equal((await mine('回执丢失')).length, 1);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('what the server refuses stays with its words, is mended, and goes as a new one', async () => {
  const { context, page, wrong } = await phone({ serviceWorkers: 'block' });
  await signIn(page, server, 'worker');
  await page.getByTestId('choose-class').waitFor();
  await page.route('**/api/v1/photos', (route) => route.continue());
  await fill(page, '类别已停用');
  // As if the class had ended since the phone took its list.
  await page.route('**/api/v1/incidents', (route) => (route.request().method() === 'POST' && route.request().postData().includes('"01002"') ? route.continue({ postData: route.request().postData().replace('"01002"', '"99999"') }) : route.continue()));
  await send(page);
  await outbox(page, '1 条要修改');
  await page.getByTestId('outbox').click();
  await page.getByTestId('held').getByText(/class/).waitFor();
  assert.deepEqual(await axe(page), [], 'the queue');
  await page.getByRole('button', { name: '修改后再发' }).click();
  await page.getByText('您正在修改').or(page.getByText('正在修改一件被退回的上报')).first().waitFor();
  assert.equal(await page.inputValue('#words'), '类别已停用');
  await page.click('[data-testid=choose-class]');
  await page.fill('[data-testid=class-search]', 'bllj');
  await page.getByRole('dialog').getByRole('button', { name: /暴露垃圾/ }).click();
  await send(page);
  await page.getByText('已上报').waitFor();
  await sentAll(page);
  const [i, ...more] = await mine('类别已停用');
  assert.equal(more.length, 0);
  assert.equal(i.class_code, '06010');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('signing out with something unsent asks; the next person neither sees nor sends it', async () => {
  const { context, page, wrong } = await phone({ serviceWorkers: 'block' });
  await signIn(page, server, 'worker');
  await page.getByTestId('choose-class').waitFor();
  await page.route('**/api/v1/incidents', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await fill(page, '退出前没发出去');
  await send(page);
  await outbox(page, '1 条未发送');
  await page.getByRole('button', { name: '用户' }).click();
  await page.getByRole('button', { name: '退出' }).click();
  await page.getByText('还有 1 条没有发送').waitFor();
  await page.getByRole('button', { name: '仍然退出' }).click();
  await page.getByRole('heading', { name: '登录后工作' }).waitFor();
  await page.unroute('**/api/v1/incidents');

  await signIn(page, server, 'urban');
  await page.getByTestId('choose-class').waitFor();
  assert.equal(await page.getByTestId('outbox').count(), 0);
  await page.waitForTimeout(500); // long enough for a queue to go out, were it sent
  assert.equal((await mine('退出前没发出去')).length, 0);
  await page.getByRole('button', { name: '用户' }).click();
  await page.getByRole('button', { name: '退出' }).click();
  await page.getByRole('heading', { name: '登录后工作' }).waitFor();
  await signIn(page, server, 'worker');
  await until('it is sent as its maker’s', async () => (await mine('退出前没发出去')).length === 1);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('without a network: a hazard with its plan, a case that a department gave her, and where she was', async () => {
  const security = await client(server, 'security');
  assert.equal((await security.call('PUT', '/api/v1/people/urban/roles', { roles: ['department_officer', 'grid_worker'] })).status, 204);
  const urban = await client(server, 'urban');
  const centre = await client(server, 'centre');
  const made = await (await worker.call('POST', '/api/v1/incidents', { uuid: crypto.randomUUID(), class: { code: '06010' }, place: { crs: 'WGS84', coordinates: [place.longitude, place.latitude] }, description: '交人处置' })).json();
  let now = made;
  const act = async (who, action, more = {}) => {
    const r = await who.call('POST', `/api/v1/incidents/${made.id}/actions`, { action, version: now.version, ...more });
    assert.equal(r.status, 200, `${action}: ${await r.clone().text()}`);
    now = await r.json();
  };
  await act(centre, 'register');
  await act(centre, 'file', { dept: 'urban' });
  if (now.state === 'filed') await act(centre, 'dispatch', { dept: 'urban' });
  await act(urban, 'assign', { worker: 'urban' });

  const { context, page, wrong } = await phone();
  await signIn(page, server, 'urban');
  await page.getByTestId('choose-class').waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await page.reload();
  await tab(page, /任务/);
  await page.getByTestId('handle').locator(`[data-case="${made.id}"]`).waitFor();
  await context.setOffline(true);
  // The office adds something meanwhile: what was done in the field holds all the same.
  await act(centre, 'supervise', { opinion: '抓紧' });
  await page.getByRole('switch').click();

  await page.getByTestId('handle').locator(`[data-case="${made.id}"]`).click();
  await page.setInputFiles('dialog input[data-kind=after]', await picture(page));
  await page.waitForSelector('dialog figure img');
  assert.deepEqual(await axe(page), [], 'a case to handle');
  await page.getByRole('button', { name: '反馈处置结果' }).click();
  await page.getByTestId('handle').locator(`[data-case="${made.id}"]`).getByText('已完成，等待发送').waitFor();

  await tab(page, '上报');
  await page.getByText('隐患', { exact: true }).click();
  await page.fill('#hazard-title', '燃气管老化');
  await page.getByText('重大隐患').click();
  await page.fill('#measure-report', '更换软管');
  await page.fill('#money-report', '很多');
  await send(page);
  await page.getByText('金额写数字').waitFor();
  await page.fill('#money-report', '1,200');
  assert.deepEqual(await axe(page), [], 'a hazard');
  await send(page);
  await page.getByText('已保存在手机上').waitFor();
  await outbox(page, '2 条未发送');
  await page.getByRole('switch').click();

  await context.setOffline(false);
  await sentAll(page);
  const done = await urban.json(`/api/v1/incidents/${made.id}`);
  assert.equal(done.state, 'feedback');
  assert.equal(done.photos.at(-1).kind, 'after');
  const [found, ...more] = (await urban.json('/api/v1/hazards?mine=true')).hazards.filter((h) => h.title === '燃气管老化');
  assert.equal(more.length, 0);
  const whole = await centre.json(`/api/v1/hazards/${found.id}`);
  assert.equal(whole.level, 'major');
  assert.equal(whole.plan.measure, '更换软管');
  assert.equal(whole.plan.money_yuan, 1200);
  const where = await until('her position is in the history', async () => {
    const h = await urban.json('/api/v1/positions/history');
    return h.positions?.length > 0 && h.positions;
  });
  assert.equal(where.length, 1);
  await tab(page, '我的网格');
  await page.getByRole('tab', { name: '隐患' }).click();
  await page.getByTestId('hazards').getByText('燃气管老化').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a wrong clock is told, and the time is put right', async () => {
  const { context, page } = await phone({ serviceWorkers: 'block' });
  await context.addInitScript(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3 * 3_600_000;
  });
  await page.reload();
  await signIn(page, server, 'worker');
  await page.getByTestId('clock').getByText(/快 3 小时/).waitFor();
  await fill(page, '手机时间不对');
  await send(page);
  await page.getByText('已上报').waitFor();
  const [i] = await mine('手机时间不对');
  assert.ok(Math.abs(Date.parse(i.occurred_at) - Date.now()) < 120_000, i.occurred_at);
  await context.close();
});

test('a view inside AMap asks what its positions are in, and what was declared travels with the place', async () => {
  const { context, page } = await phone({ serviceWorkers: 'block', userAgent: 'Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 amap/15.0' });
  await signIn(page, server, 'worker');
  await page.getByText('页面开在高德地图里').first().waitFor();
  await page.getByRole('button', { name: /GCJ02/ }).click();
  await fill(page, '高德里报的');
  await send(page);
  await page.getByText('已上报').waitFor();
  const [i] = await mine('高德里报的');
  // Some 500 m from what the numbers would be as WGS 84.
  assert.ok(Math.hypot(i.lon - place.longitude, i.lat - place.latitude) > 0.002);
  await context.close();
});

test('at twice the text size nothing is cut off or falls out of the page, and axe finds nothing', async () => {
  const { context, page } = await phone({ serviceWorkers: 'block' });
  await signIn(page, server, 'worker');
  await page.getByTestId('choose-class').waitFor();
  for (const big of [false, true]) {
    await page.evaluate((b) => (document.documentElement.style.fontSize = b ? '200%' : ''), big);
    for (const name of ['上报', /任务/, '我的网格']) {
      await tab(page, name);
      await page.waitForTimeout(100);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${name} at ${big ? 200 : 100} %`);
      if (!big) assert.deepEqual(await axe(page), [], String(name));
    }
    const small = await page.$$eval('button, .choice > span, input.field, summary, a', (all) => all.filter((e) => e.offsetParent && !e.closest('.maplibregl-map') && e.getBoundingClientRect().height < 47.5).map((e) => e.outerHTML.slice(0, 80)));
    assert.deepEqual(small, [], 'targets of 48 px');
  }
  await context.close();
});
