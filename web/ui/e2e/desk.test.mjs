// The pages of the desk, as those who work there use them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, patience } from './browser.mjs';
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

/** A page of the desk, signed in; `wrong` gathers what it throws. */
async function open(login, path) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(patience);
  const api = await client(server, login);
  const [name, value] = api.cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('dialog', (d) => d.accept());
  await page.goto(server.base + path);
  return { context, page, wrong, api };
}

const sewer = encodeURIComponent('GB/T 47678.5-2026~matter~01002');

test('the administrator finds a class by its initials, changes a limit, sees it and takes it back', async () => {
  const { context, page, wrong, api } = await open('admin', '/desk?p=classes');
  await page.fill('[data-testid=class-q]', 'wsjgyc');
  await page.getByRole('button', { name: /01002/ }).click();
  const row = page.getByTestId('conditions').locator('tbody tr').first();
  await row.getByText('2 紧急工作时', { exact: true }).waitFor();
  await row.getByRole('button', { name: /修改/ }).click();
  await page.fill('[data-testid=limit]', '3');
  await page.getByRole('dialog').getByLabel('原因').fill('本市标准');
  await page.getByRole('dialog').getByRole('button', { name: '保存' }).click();
  await row.getByText('3 紧急工作时', { exact: true }).waitFor();
  assert.equal((await api.json('/api/v1/classes/GB%2FT%2047678.5-2026/matter/01002')).conditions[0].limit.n, 3);
  const change = page.getByTestId('history').locator('tbody tr').first();
  await change.getByText('本市标准').waitFor();
  await change.getByRole('button', { name: '撤销' }).click();
  await change.getByRole('button', { name: '确定撤销' }).click();
  await row.getByText('2 紧急工作时', { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a dispatcher reads classes and changes nothing', async () => {
  const { context, page, wrong } = await open('dispatcher', `/desk?p=classes&c=${sewer}`);
  await page.getByTestId('conditions').locator('tbody tr').first().waitFor();
  assert.equal(await page.getByRole('button', { name: /修改立案条件|增加|扩展类别/ }).count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a day of the calendar becomes a holiday by a click, and is saved', async () => {
  const { context, page, wrong, api } = await open('admin', '/desk?p=calendar');
  const years = (await api.json('/api/v1/calendar')).year;
  const day = `${years}-12-29`;
  const before = (await api.json('/api/v1/calendar')).days.some((d) => d.day === day);
  await page.click(`[data-day="${day}"]`);
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('已保存').waitFor();
  assert.equal((await api.json('/api/v1/calendar')).days.some((d) => d.day === day), !before);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a webhook is made, its secret shown once, tested, paused and forgotten; an unsafe address is refused in words', async () => {
  const { context, page, wrong, api } = await open('admin', '/desk?p=connected');
  const make = async (url) => {
    await page.fill('[name=url]', url);
    await page.getByRole('dialog').getByRole('button', { name: '保存' }).click();
  };
  await page.getByTestId('new-hook').click();
  await page.fill('[name=name]', '市级平台');
  await page.selectOption('[name=org]', 'centre');
  await make('http://127.0.0.1:9/hook');
  await page.getByRole('dialog').getByRole('alert').getByText(/url: https/).waitFor();
  await make('https://away.invalid/hook'); // a name that nobody has
  assert.match(await page.getByTestId('secret').innerText(), /^whsec_/);
  await page.getByRole('button', { name: '已保存' }).click();
  const card = page.locator('[data-hook]');
  await card.getByRole('button', { name: '测试' }).click();
  await card.locator('.bad[role=status]').getByText(/测试结果/).waitFor();
  await card.getByRole('button', { name: '暂停' }).click();
  await card.getByRole('button', { name: '恢复' }).waitFor();
  assert.equal((await api.json('/api/v1/webhooks')).webhooks[0].state, 'paused');
  assert.deepEqual(await axe(page), []);
  await card.getByRole('button', { name: '删除' }).click();
  await card.waitFor({ state: 'detached' });
  assert.deepEqual(wrong, []);
  await context.close();
});

test('an alert is issued for a division, lies on the map, and is cancelled', async () => {
  const { context, page, wrong, api } = await open('centre', '/desk?p=alerts');
  await page.getByTestId('new-alert').click();
  await page.fill('[name=event-zh]', '暴雨');
  await page.fill('[name=headline-zh]', '暴雨黄色预警');
  await page.getByTestId('alert-form').locator('.towns input').first().check();
  await page.getByRole('button', { name: '发布预警' }).click();
  await page.getByRole('heading', { name: '暴雨黄色预警' }).waitFor();
  await page.waitForSelector('[data-testid=alert-map][data-shown="1"]');
  const { alerts } = await api.json('/api/v1/alerts?state=in_force');
  assert.equal(alerts.length, 1);
  assert.equal(alerts[0].warning_level, 3);
  assert.match(await (await fetch(server.base + (await page.getByRole('link', { name: 'CAP XML' }).getAttribute('href')))).text(), /暴雨黄色预警/);
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: '解除预警' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('雨停了');
  await page.getByRole('dialog').getByRole('button', { name: '解除预警' }).click();
  await page.getByText('预警已解除').waitFor();
  assert.equal((await api.json('/api/v1/alerts?state=in_force')).alerts.length, 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a fence is drawn on the map, changed and ended', async () => {
  const { context, page, wrong, api } = await open('dispatcher', '/desk?p=fences');
  await page.waitForSelector('[data-testid=fence-map][data-ready=true]');
  await page.getByTestId('new-fence').click();
  await page.fill('[data-testid=fence-form] [name=name]', '活动现场');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('alert').getByText('请先在地图上画出范围').waitFor();
  const map = await page.getByTestId('fence-map').boundingBox();
  for (const [x, y] of [[0.4, 0.4], [0.6, 0.4], [0.5, 0.6], [0.4, 0.4]]) {
    await page.mouse.move(map.x + map.width * x, map.y + map.height * y, { steps: 4 });
    await page.mouse.down();
    await page.mouse.up();
  }
  await page.getByText('范围已画好').waitFor();
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('button', { name: '活动现场' }).waitFor();
  await page.getByText('还没有人进出').waitFor();
  const [fence] = (await api.json('/api/v1/fences')).fences;
  assert.equal(fence.geometry.coordinates[0][0].length, 4);
  await page.getByRole('button', { name: '修改' }).click();
  await page.fill('[data-testid=fence-form] [name=name]', '活动现场北门');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('button', { name: '活动现场北门' }).waitFor();
  const changed = (await api.json('/api/v1/fences')).fences[0];
  assert.deepEqual(changed.geometry, fence.geometry);
  assert.equal(changed.valid_from, fence.valid_from);
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: '终止围栏' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '终止围栏' }).click();
  await page.getByText('还没有围栏').waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('every page about data and who may see it stands up to axe, wide and narrow, in both languages', async () => {
  const walk = {
    urban: ['catalogue', 'requests', 'scores', 'quality', 'upload', 'matching', 'opendata'],
    admin: ['people', 'account', 'opendata', 'opendata&l=base_poi'],
    security: ['people', 'scores', 'opendata'],
    auditor: ['audit', 'quality'],
  };
  const found = [];
  for (const [login, pages] of Object.entries(walk)) {
    const { context, page, wrong } = await open(login, '/desk?p=account');
    for (const [width, height, lang, theme] of [[1920, 1080, 'zh', 'light'], [390, 844, 'en', 'dark']]) {
      await page.setViewportSize({ width, height });
      await page.evaluate((l) => localStorage.setItem('onemap.lang', l), lang);
      for (const name of pages) {
        await page.goto(`${server.base}/desk?p=${name}`);
        await page.locator(`nav a[aria-current=page][href="/desk?p=${name.split('&')[0]}"]`).waitFor();
        await page.waitForLoadState('networkidle');
        await page.evaluate((t) => {
          document.documentElement.dataset.theme = t;
          getComputedStyle(document.documentElement).color; // begins the transitions
          return Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined)));
        }, theme);
        const at = `${login} ${name} ${width}`;
        found.push(...(await axe(page)).map((v) => `${at}: ${v}`));
        if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) found.push(`${at}: wider than the screen`);
      }
    }
    found.push(...wrong);
    await context.close();
  }
  assert.deepEqual(found, []);
});

test('a sensitive layer asks why, on the map and in the catalogue, and shows when it was said', async () => {
  const security = await open('security', '/desk?p=people');
  const set = security.page.getByTestId('sensitive-layers');
  const choose = async () => {
    await set.locator('[name=layer]').fill('enterprise');
    await set.getByLabel(/理由/).fill('试行敏感图层');
  };
  await choose();
  await set.getByRole('button', { name: '设为敏感' }).click();
  await set.getByRole('status').waitFor();
  const { context, page, wrong, api } = await open('centre', '/?s=enterprise');
  const ask = page.getByTestId('reason');
  await ask.waitFor();
  const shown = async () => (await api.json('/api/v1/layers')).layers.find((l) => l.name === 'enterprise').fields.length;
  assert.equal(await shown(), 0);
  await ask.getByRole('textbox').fill('节前安全检查');
  await ask.getByRole('button').click();
  await ask.waitFor({ state: 'detached' });
  assert.ok((await shown()) > 0);
  await context.close();
  const other = await open('planner', '/desk?p=catalogue');
  const { resources } = await other.api.json('/api/v1/catalogue?limit=100');
  const bound = resources.find((r) => r.layer === 'enterprise') ?? resources.find((r) => r.name_zh === '企业');
  await other.page.goto(`${server.base}/desk?p=catalogue&c=${encodeURIComponent(bound.code)}`);
  await other.page.getByTestId('reason').getByRole('textbox').fill('编制规划');
  await other.page.getByTestId('reason').getByRole('button').click();
  await other.page.getByTestId('reason').waitFor({ state: 'detached' });
  await other.context.close();
  await choose();
  await set.getByRole('button', { name: '不再询问' }).click();
  await set.getByRole('status').waitFor();
  assert.deepEqual([...wrong, ...security.wrong, ...other.wrong], []);
  await security.context.close();
});

test('the administrator makes an organisation and changes it', async () => {
  const { context, page, wrong, api } = await open('admin', '/desk?p=people');
  await page.getByTestId('new-org').click();
  await page.fill('[name=org-code]', 'weather');
  await page.fill('[name=org-zh]', '气象局');
  await page.fill('[name=org-en]', 'Weather Bureau');
  await page.getByTestId('org-form').getByRole('button', { name: '保存' }).click();
  await page.locator('[data-org=weather]').getByRole('button').click();
  assert.ok(await page.locator('[name=org-code]').isDisabled());
  await page.fill('[name=org-zh]', '市气象局');
  await page.getByTestId('org-form').getByRole('button', { name: '保存' }).click();
  await page.locator('[data-org=weather]').getByText('市气象局').waitFor();
  const { organisations } = await api.json('/api/v1/organisations');
  assert.equal(organisations.find((o) => o.code === 'weather').name_zh, '市气象局');
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a major hazard is registered, assessed by its five parts and supervised from then on', async () => {
  const { context, page, wrong, api } = await open('centre', '/desk?p=hazards');
  const made = await page.evaluate(async (uuid) => {
    const place = { crs: 'WGS84', coordinates: [120.07, 29.31], text: '稠州路' };
    const r = await fetch('/api/v1/hazards', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ uuid, title: '配电箱无漏电保护', place, plan: { measure: '加装漏电保护器' } }) });
    return r.json();
  }, crypto.randomUUID());
  await page.fill('[data-testid=hazard-q]', '配电箱');
  await page.click(`[data-hazard="${made.id}"]`);
  const state = page.getByTestId('hazard-state');
  const sure = page.getByTestId('hazard-act').getByRole('button', { name: /确认/ });
  await page.click('[data-action=register]');
  await page.selectOption('[name=dept]', 'urban');
  await sure.click();
  await state.getByText('待评估').waitFor();
  await page.click('[data-action=assess]');
  assert.equal(await page.inputValue('[name=measure]'), '加装漏电保护器'); // the finder's proposal
  await page.selectOption('[name=level]', 'major');
  await page.fill('[name=responsible]', '安全主管');
  await page.fill('[name=term]', new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10));
  await sure.click();
  assert.equal(await page.locator('[name=money]:invalid').count(), 1); // a major one needs all five
  await page.fill('[name=money]', '3000');
  await page.fill('[name=contingency]', '断电');
  await sure.click();
  await state.getByText('整改中').waitFor();
  const now = await api.json(`/api/v1/hazards/${made.id}`);
  assert.deepEqual([now.level, now.supervised, now.plan.money_yuan, now.dept_code], ['major', true, 3000, 'urban']);
  await page.getByTestId('hazard-flow').getByText('评估', { exact: true }).waitFor();
  await page.getByLabel('隐患等级').selectOption('general');
  await page.locator(`[data-hazard="${made.id}"]`).waitFor({ state: 'detached' });
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a layer is opened to the public by a rule that was tried first, and the portal is turned off and on', async () => {
  const visitor = async (path) => (await fetch(server.base + path)).status;
  const security = await open('security', '/desk?p=opendata');
  await security.page.locator('tr[data-layer=asset] [data-mark]').click();
  await security.page.locator('[data-testid=mark] [name=why]').fill('年度开放计划');
  await security.page.getByTestId('mark').getByRole('button', { name: '设为可开放' }).click();
  await security.page.locator('tr[data-layer=asset][data-standing=norule]').waitFor();
  assert.equal(await visitor('/api/v1/layers/open_asset'), 404);

  const officer = await open('urban', '/desk?p=opendata');
  await officer.page.locator('[data-rule=asset]').click();
  const form = officer.page.getByTestId('open-rule');
  const shown = officer.page.getByTestId('open-preview').locator('[data-shown]');
  await shown.waitFor(); // tried by itself, as carefully as a rule begins
  const few = Number(await shown.getAttribute('data-shown'));
  await form.locator('[name=delay]').fill('0');
  await form.locator('[name=floor]').fill('1');
  await officer.page.getByText('规则已改动，请重新预览').waitFor();
  await officer.page.getByTestId('open-try').click();
  await officer.page.getByText('规则已改动，请重新预览').waitFor({ state: 'detached' });
  assert.ok(Number(await shown.getAttribute('data-shown')) > few);
  assert.ok(Number(await officer.page.getByTestId('open-map').getAttribute('data-shown')) > 0);
  assert.deepEqual(await axe(officer.page), []);
  assert.equal(await visitor('/api/v1/layers/open_asset'), 404); // nothing is made by looking
  await officer.page.getByTestId('open-save').click();
  await officer.page.locator('tr[data-layer=asset][data-standing=shown]').waitFor();
  assert.equal(await visitor('/api/v1/layers/open_asset/features?limit=1'), 200);

  const { context, page, wrong } = await open('admin', '/desk?p=opendata');
  const portal = page.getByTestId('portal');
  const turn = async (button, sure) => {
    await portal.getByRole('button', { name: button }).click();
    await page.locator('[data-testid=portal-form] [name=why]').fill('演练');
    assert.deepEqual(await axe(page), []);
    await page.getByTestId('portal-form').getByRole('button', { name: sure }).click();
  };
  await turn('关闭门户…', '确认关闭');
  await page.locator('[data-testid=portal][data-on=false]').waitFor();
  await page.locator('tr[data-layer=asset][data-standing=portal]').waitFor();
  assert.deepEqual([await visitor('/api/v1/layers/open_asset'), await visitor('/open')], [401, 404]);
  await turn('启用门户…', '确认启用');
  await page.locator('[data-testid=portal][data-on=true]').waitFor();
  assert.equal(await visitor('/api/v1/layers/open_asset'), 200);

  const made = await fetch(`${server.base}/api/v1/open/keys`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: '公交地图' }) });
  const { key, prefix } = await made.json();
  await page.reload();
  const row = page.locator(`[data-key="${prefix}"]`);
  await row.getByRole('button', { name: '停用' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '停用' }).click();
  await row.getByText('已停用').waitFor();
  assert.equal((await fetch(`${server.base}/api/v1/layers`, { headers: { Authorization: `Bearer ${key}` } })).status, 401);

  await security.page.reload();
  await security.page.locator('tr[data-layer=asset] [data-mark]').click();
  await security.page.locator('[data-testid=mark] [name=why]').fill('复核');
  await security.page.getByTestId('mark').getByRole('button', { name: '取消开放' }).click();
  await security.page.locator('tr[data-layer=asset][data-standing=closed]').waitFor();
  assert.equal(await visitor('/api/v1/layers/open_asset'), 404);
  assert.deepEqual([...wrong, ...officer.wrong, ...security.wrong], []);
  for (const c of [context, officer.context, security.context]) await c.close();
});
