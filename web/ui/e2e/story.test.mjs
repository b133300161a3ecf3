// Four people and one case: from a phone without a network to the closing, with
// a return and a rework, and what the evaluation says of it. The acceptor is
// the shift leader too, as in a small centre.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, patience, signIn, until } from './browser.mjs';
import { client, start } from './server.mjs';

const words = '井盖破损，夜间无照明';
let server;
let browser;
let worker;
/** In the worker's own grid. */
let place;
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
  const security = await client(server, 'security');
  assert.equal((await security.call('PUT', '/api/v1/people/acceptor/roles', { roles: ['acceptor', 'shift_leader'] })).status, 204);
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

const wrong = [];
async function page(options, path, login) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options });
  context.setDefaultTimeout(patience);
  if (login) {
    const [name, value] = (await client(server, login)).cookie().split('=');
    await context.addCookies([{ name, value, url: server.base }]);
  }
  const p = await context.newPage();
  p.on('pageerror', (e) => wrong.push(`${path} ${login ?? ''}: ${e.message}`));
  await p.goto(server.base + path);
  return p;
}
const desk = { viewport: { width: 1200, height: 760 } };
const pictureFolder = process.env.ONEMAP_E2E_PICTURES;
/** With ONEMAP_E2E_PICTURES, what the pages look like is kept in that folder. */
const shoot = (p, name) => pictureFolder && p.screenshot({ path: `${pictureFolder}/${name}.png` });

/** A picture that the browser makes; no two are the same. */
async function picture(p, grey) {
  const url = await p.evaluate((g) => {
    const c = document.createElement('canvas');
    c.width = 1200;
    c.height = 900;
    const d = c.getContext('2d');
    d.fillStyle = `rgb(${g},${g},${g})`;
    d.fillRect(0, 0, 1200, 900);
    d.clearRect(300, 200, 500, 400);
    return c.toDataURL('image/jpeg', 0.9);
  }, grey);
  return { name: `photo${grey}.jpg`, mimeType: 'image/jpeg', buffer: Buffer.from(url.split(',')[1], 'base64') };
}

/** Somebody's command-centre page with the case open: what they press and fill in. */
function hand(p) {
  const open = p.getByTestId('case');
  return {
    open,
    shows: (text) => open.getByText(text, { exact: true }).first().waitFor(),
    /** An action of the case by its button; with a form, it is filled and sent. */
    async does(action, form) {
      await open.getByRole('button', { name: action, exact: true }).click();
      if (!form) return;
      await open.getByRole('button', { name: `确认${action}` }).waitFor();
      await form(open);
      await open.getByRole('button', { name: `确认${action}` }).click();
      await open.getByRole('button', { name: `确认${action}` }).waitFor({ state: 'detached' });
    },
    done: (action) => open.getByText(new RegExp(`号：${action}$`)).waitFor(),
  };
}

test('from a phone without a network to the closing, with one return and one rework, and the evaluation shows it', async () => {
  // The acceptor's screen is open before anything happens.
  const centre = await page(desk, '/');
  await centre.getByRole('banner').getByRole('button', { name: '登录' }).click();
  await signIn(centre, server, 'acceptor');
  await centre.getByText('实时', { exact: true }).waitFor();
  await centre.waitForSelector('[data-testid=queue] [data-id]');
  const known = await centre.$$eval('[data-testid=queue] [data-id]', (l) => l.map((b) => Number(b.dataset.id)));
  await centre.evaluate(() => (window.notReloaded = true));

  // The worker went down into a cellar with the page open.
  const phone = await page({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, geolocation: place, permissions: ['geolocation'] }, '/m');
  await signIn(phone, server, 'worker');
  await phone.getByTestId('choose-class').waitFor();
  await phone.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  // What it needs down there is kept: the map comes last.
  await phone.getByRole('navigation').getByRole('button', { name: '我的网格' }).click();
  await phone.getByTestId('kept-map').getByText('地图已保存').waitFor();
  await phone.context().setOffline(true);
  await phone.reload();
  await phone.getByText('离线').waitFor();
  await phone.getByRole('navigation').getByRole('button', { name: '上报' }).click();
  await phone.setInputFiles('form input[type=file]', await picture(phone, 90));
  await phone.waitForSelector('figure img');
  await phone.click('[data-testid=choose-class]');
  await phone.fill('[data-testid=class-search]', '路灯井盖异常');
  await phone.getByRole('dialog').getByRole('button', { name: /路灯井盖异常/ }).click();
  await phone.fill('#words', words);
  await phone.getByTestId('place').getByText('当前位置').waitFor();
  await phone.locator('form .send').click();
  await phone.getByTestId('outbox').getByText('1 条未发送').waitFor();
  await shoot(phone, 'phone-unsent');
  const mine = async () => (await worker.json('/api/v1/incidents?mine=true&limit=200')).incidents.filter((i) => i.description === words);
  assert.deepEqual(await mine(), [], 'nothing has left the phone');

  // The network is back: it arrives by itself, with its clock running.
  await phone.context().setOffline(false);
  await phone.getByTestId('outbox').waitFor({ state: 'detached' });
  const id = (await until('the report', mine))[0].id;
  assert.ok(!known.includes(id));
  const row = centre.locator(`[data-testid=queue] [data-id="${id}"]`);
  await row.getByText('待受理').waitFor();
  await row.getByText(/^剩 \d/).waitFor({ state: 'attached' });
  assert.equal(await centre.evaluate(() => window.notReloaded), true, 'the screen was not loaded again');

  // Acceptor and shift leader.
  await row.click();
  const acceptor = hand(centre);
  await acceptor.shows(words);
  await acceptor.open.getByText('近景', { exact: true }).waitFor();
  await acceptor.does('受理');
  await acceptor.shows('待立案');
  await shoot(centre, 'centre-case');
  await acceptor.does('立案', async () => shoot(centre, 'centre-file'));
  await acceptor.shows('待派遣');

  // The dispatcher trusts a hunch, and not the suggestion: it goes to the wrong department.
  const dispatchers = await page(desk, `/?i=${id}`, 'dispatcher');
  const dispatcher = hand(dispatchers);
  await dispatcher.does('派遣', async (form) => {
    await form.getByText(/^建议：.*综合行政执法局/).waitFor();
    await shoot(dispatchers, 'centre-dispatch');
    await form.getByLabel('责任部门').selectOption('police');
  });
  await dispatcher.shows('待处置');

  const polices = await page(desk, `/?i=${id}`, 'police');
  const police = hand(polices);
  await police.does('回退', async (form) => {
    await form.getByLabel('您认为的责任部门').selectOption('urban');
    await form.getByLabel('意见（必填）').fill('路灯井盖归城管养护');
    await shoot(polices, 'centre-return');
  });
  await police.shows('已回退');

  // The dispatcher's open page tells of the return by itself, and names who was named.
  await dispatcher.shows('已回退');
  await dispatcher.shows('路灯井盖归城管养护');
  await dispatcher.open.getByText('回退 1 次').waitFor();
  await dispatcher.does('派遣', async (form) => {
    await form.getByText(/^建议：.*综合行政执法局/).waitFor();
    await form.getByLabel('责任部门').selectOption('urban');
  });
  await dispatcher.shows('待处置');

  const urbans = await page(desk, `/?i=${id}`, 'urban');
  const urban = hand(urbans);
  const feedBack = (grey, opinion) =>
    urban.does('反馈', async (form) => {
      await form.locator('#act-photos').setInputFiles(await picture(urbans, grey));
      await form.getByLabel('意见', { exact: true }).fill(opinion);
      await shoot(urbans, 'centre-feedback');
    });
  await urban.does('接收');
  await urban.shows('处置中');
  await feedBack(140, '已更换井盖');
  await urban.shows('已反馈');

  /** The acceptor sends the worker who reported; the phone is told by its own list. */
  const check = async (answer, more) => {
    await acceptor.shows('已反馈');
    await acceptor.does('发核查', async (form) => {
      await form.getByRole('radio', { name: /网格员/ }).first().check();
      await shoot(centre, 'centre-check');
    });
    await acceptor.shows('核查中');
    await phone.bringToFront();
    for (const name of ['上报', /任务/]) await phone.getByRole('navigation').getByRole('button', { name }).click();
    await phone.getByTestId('tasks').getByRole('button', { name: /路灯井盖异常/ }).click();
    const sheet = phone.getByRole('dialog');
    await sheet.getByText(answer, { exact: true }).click();
    await more(sheet);
    await shoot(phone, 'phone-check');
    await sheet.getByRole('button', { name: '提交结果' }).click();
    await phone.getByTestId('outbox').waitFor({ state: 'detached' });
  };
  await check('不通过', async (sheet) => {
    await sheet.locator('input[type=file]').setInputFiles(await picture(phone, 190));
    await sheet.locator('figure img').waitFor();
    await sheet.getByLabel('说明（必填）').fill('井盖松动，踩上去会响');
  });

  await dispatcher.shows('已反馈');
  await dispatcher.shows('井盖松动，踩上去会响');
  await dispatcher.does('返工', (form) => form.getByLabel('意见（必填）').fill('请重新固定井盖'));
  await dispatcher.open.getByText('返工 1 次').waitFor();
  await urban.shows('处置中');
  await urban.shows('请重新固定井盖');
  await feedBack(220, '已加固井座');
  await check('通过', async () => undefined);

  await acceptor.shows('待结案');
  await acceptor.does('结案', (form) => form.getByText('结案后，上报人的联系方式将被删除。').waitFor());
  await acceptor.shows('已结案');
  await phone.reload();
  await phone.getByRole('navigation').getByRole('button', { name: '我的网格' }).click();
  await phone.getByRole('tab', { name: '我的上报' }).click();
  await phone.getByTestId('mine').getByText('已结案').first().waitFor();

  // The page tells the whole story, with names and posts.
  const steps = await acceptor.open.locator('.flow li').evaluateAll((l) => l.map((e) => e.innerText.replace(/\s+/g, ' ')));
  const story = [
    [/上报/, /worker/],
    [/受理/, /acceptor · 受理员/],
    [/立案/, /acceptor · 值班长/],
    [/派遣/, /dispatcher · 派遣员/, /→ .*公安局/],
    [/回退/, /police · 部门/, /路灯井盖归城管养护/],
    [/派遣/, /dispatcher · 派遣员/, /→ .*综合行政执法局/],
    [/接收/, /urban · 部门/],
    [/反馈/, /urban · 部门/, /已更换井盖/],
    [/发核查/, /acceptor · 受理员/],
    [/核查回复 ?· 未通过/, /worker · 网格员/, /井盖松动/],
    [/返工/, /dispatcher · 派遣员/, /请重新固定井盖/],
    [/反馈/, /urban · 部门/, /已加固井座/],
    [/发核查/, /acceptor · 受理员/],
    [/核查回复 ?· 通过/, /worker · 网格员/],
    [/结案/, /acceptor · 值班长/],
  ];
  assert.equal(steps.length, story.length, steps.join('\n'));
  story.forEach((told, n) => told.forEach((part) => assert.match(steps[n], part)));
  await until('the photos', async () => (await acceptor.open.locator('.photos img').count()) === 4);
  assert.deepEqual(await axe(centre), [], 'the closed case');
  await shoot(centre, 'centre-closed');

  // The evaluation.
  const report = await page({ viewport: { width: 1920, height: 1080 } }, '/desk?p=evaluation', 'acceptor');
  await report.getByRole('tab', { name: '部门' }).click();
  await report.getByLabel('周期').selectOption('day');
  const line = (name) => report.getByRole('row').filter({ has: report.getByRole('rowheader', { name }) });
  await line(/公安/).waitFor();
  await shoot(report, 'evaluation');
  assert.deepEqual(await axe(report), [], 'the evaluation');
  for (const [dept, count] of [
    [/公安/, '回退'],
    [/综合行政执法局/, '返工'],
  ]) {
    await line(dept).getByRole('button', { name: new RegExp(`“${count}`) }).click();
    const behind = report.getByRole('dialog');
    await behind.locator(`a[href^="/?i=${id}&"]`).waitFor();
    await shoot(report, `evaluation-${count}`);
    assert.deepEqual(await axe(report), [], 'the cases behind a number');
    await behind.getByRole('button', { name: '关闭' }).click();
  }

  // And the records: one case, once.
  const all = await mine();
  assert.equal(all.length, 1, 'one report');
  const c = await worker.json(`/api/v1/incidents/${id}`);
  assert.deepEqual([c.state, c.returns, c.reworks, c.dispatches, c.dept_code], ['closed', 1, 1, 2, 'urban']);
  assert.deepEqual(
    c.flow.map((s) => s.action),
    ['report', 'register', 'file', 'dispatch', 'return', 'dispatch', 'accept', 'feedback', 'send_check', 'report_check', 'rework', 'feedback', 'send_check', 'report_check', 'close'],
  );
  assert.deepEqual(c.photos.map((p) => p.kind).sort(), ['after', 'after', 'after', 'near']);
  assert.deepEqual(wrong, []);
  for (const p of [centre, phone, dispatchers, polices, urbans, report]) await p.context().close();
});
