// The police planner's story: classes, a forecast with how wrong it has been, a
// patrol plan of it, accepted, done on a worker's phone, and seen back on the plan.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, patience, until, witness } from './browser.mjs';
import { client, start } from './server.mjs';

let server;
let browser;
let pages = [];
/** A test that says where its pages stood when it failed. */
const story = (name, does) =>
  test(name, async () => {
    pages = [];
    try {
      await does();
    } catch (e) {
      for (const seen of pages) console.log(await seen());
      throw e;
    }
  });
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(login, path, viewport = { width: 1920, height: 1080 }) {
  const context = await browser.newContext({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(patience);
  const api = await client(server, login);
  const [name, value] = api.cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const page = await context.newPage();
  const wrong = [];
  pages.push(witness(page));
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('dialog', (d) => d.accept());
  await page.goto(server.base + path);
  return { context, page, wrong, api };
}

let run;

story('the police planner chooses classes, and gets a forecast with how wrong it has been beside it', async () => {
  const { context, page, wrong, api } = await open('planner', '/desk?p=forecast');
  await page.getByTestId('new-forecast').click();
  const form = page.getByTestId('forecast-form');
  await form.locator('[data-preset=theft]').click();
  // What officers find themselves never trains: it cannot be ticked, and says why.
  await form.getByRole('searchbox').fill('赌博查处');
  const raid = form.locator('label', { hasText: '赌博查处' });
  await raid.getByText(/自我强化/).waitFor();
  assert.equal(await raid.getByRole('checkbox').isDisabled(), true);
  await form.getByRole('searchbox').fill('');
  await form.locator('[name=horizon]').selectOption('week');
  await form.locator('[name=share]').fill('1');
  await page.getByTestId('forecast-order').click();
  // It may be left, and is found again.
  await page.locator('[data-testid=forecast-run]').waitFor();
  await page.getByRole('button', { name: '全部预测' }).click();
  await page.locator('[data-run]').first().getByRole('button').click();
  await page.locator('[data-testid=forecast-run][data-state=done]').waitFor();
  run = Number(await page.getByTestId('forecast-run').getAttribute('data-run'));
  await page.getByTestId('forecast-verdict').getByText(/过去 52 次预测/).waitFor();
  const trust = page.getByTestId('forecast-trust');
  await trust.locator('figure').nth(2).waitFor();
  assert.ok((await trust.locator('figure canvas').count()) >= 3, 'three plots beside the forecast');
  await until('cells on the map', async () => Number(await page.getByTestId('forecast-map').getAttribute('data-drawn')) > 0);

  // A hot cell says why, and the link holds it.
  await page.getByTestId('forecast-hot').getByRole('button').first().click();
  await page.getByTestId('forecast-why').waitFor();
  const cell = await page.getByTestId('forecast-cell').getAttribute('data-cell');
  assert.equal(new URL(page.url()).searchParams.get('cell'), cell);

  // The hours of the week by keyboard.
  await page.locator('[data-view=week]').click();
  const player = page.getByTestId('forecast-player');
  await player.waitFor();
  await page.locator('h1').first().click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await until('a day and an hour on', async () => (await player.getAttribute('data-hour')) === '25');

  // Where it differs from last month.
  await page.locator('[data-view=change]').click();
  await page.getByTestId('forecast-changes').locator('tbody tr').first().waitFor();

  // Made again, it is the same.
  await page.getByTestId('forecast-refit').click();
  await page.getByTestId('forecast-refitted').getByText('重算结果相同').waitFor();
  assert.equal((await api.json(`/api/v1/forecasts/${run}`)).state, 'done');
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(wrong, []);
  await context.close();
});

story('a patrol is planned from it: one plan is refused, the next accepted, done on the phone, and seen back on the plan', async () => {
  assert.ok(run, 'the forecast of the story before');
  const { context, page, wrong, api } = await open('planner', `/desk?p=forecast&run=${run}`);
  await page.getByTestId('forecast-to-patrol').click();
  const form = page.getByTestId('patrol-form');
  // How wrong the forecast has been stands beside what is planned from it.
  await form.getByTestId('forecast-basis').getByText(/过去 52 次预测/).waitFor();
  assert.equal(await form.locator('[name=run]').inputValue(), String(run));
  await form.getByRole('button', { name: '去掉巡逻组 2' }).click();
  // Whoever works in the worker's grid goes.
  const { workers } = await api.json('/api/v1/patrols/choices');
  const [grid] = workers.find((w) => w.login === 'worker').grids;
  await form.locator('[name=person-0]').selectOption(`grid:${grid}`);
  await form.getByText('规则').click();
  await form.getByLabel('每组最多点位').fill('2');
  const from = await form.locator('[name=from]').inputValue();
  const until3 = new Date(`${from}:00Z`);
  until3.setUTCHours(until3.getUTCHours() + 3);
  await form.locator('[name=until]').fill(until3.toISOString().slice(0, 16));
  await form.getByRole('button', { name: '生成方案' }).click();

  const plan = page.getByTestId('patrol-plan');
  await plan.getByTestId('forecast-basis').getByText(/过去 52 次预测/).waitFor();
  const decide = async (button, reason, state) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.getByRole('dialog').locator('[name=reason]').fill(reason);
    await page.getByTestId('patrol-confirm').click();
    await page.locator(`[data-testid=patrol-plan][data-state=${state}]`).waitFor();
  };
  await decide('否决', '当晚另有安排', 'refused');
  await page.getByText(/否决: 当晚另有安排/).waitFor();
  assert.equal(await page.getByTestId('patrol-accept').count(), 0, 'what was refused is not accepted');

  await page.getByRole('button', { name: '全部方案' }).click();
  await page.getByTestId('new-patrol').click();
  await form.locator('[name=run]').selectOption(String(run));
  await form.getByRole('button', { name: '去掉巡逻组 2' }).click();
  await form.locator('[name=person-0]').selectOption(`grid:${grid}`);
  await form.getByText('规则').click();
  await form.getByLabel('每组最多点位').fill('2');
  await form.locator('[name=until]').fill(until3.toISOString().slice(0, 16));
  await form.getByRole('button', { name: '生成方案' }).click();
  await page.locator('[data-testid=patrol-plan][data-state=draft]').waitFor();
  await decide('采纳', '热点集中在商贸区，夜班前先巡一遍', 'accepted');
  const id = Number(await plan.getAttribute('data-plan'));
  const accepted = await api.json(`/api/v1/patrols/${id}`);
  const [unit] = accepted.units;
  assert.equal(unit.grid_code, grid);
  assert.ok(unit.task && unit.stops.length >= 2, JSON.stringify(unit));
  assert.deepEqual(await axe(page), []);

  // The worker goes from stop to stop; the last cannot be reached.
  const phone = await open('worker', '/m', { width: 390, height: 844 });
  await phone.context.grantPermissions(['geolocation'], { origin: server.base });
  const stand = (stop) => phone.context.setGeolocation({ longitude: stop.lon, latitude: stop.lat, accuracy: 8 });
  await stand(unit.stops[0]);
  await phone.page.getByRole('navigation').getByRole('button', { name: '任务' }).click();
  await phone.page.locator(`[data-testid=tasks] [data-task="${unit.task}"]`).click();
  const points = phone.page.getByTestId('points');
  for (const [i, stop] of unit.stops.entries()) {
    const point = points.locator('li').nth(i);
    await stand(stop);
    await point.getByRole('button').first().click();
    if (i < unit.stops.length - 1) {
      await until('the phone stands there', async () => (await point.getByText(/您离点位还有|没有定位/).count()) === 0);
      await point.getByRole('button', { name: '到点打卡' }).click();
      await until('it is done', async () => (await api.json(`/api/v1/patrols/${id}`)).progress.visited === i + 1);
    } else {
      await point.getByRole('button', { name: '到不了' }).click();
      await point.locator('textarea').fill('大门上锁');
      await point.getByRole('button', { name: '跳过此点' }).click();
    }
  }
  await phone.page.locator(`[data-testid=tasks] [data-task="${unit.task}"]`).waitFor({ state: 'detached' });
  assert.deepEqual(phone.wrong, []);
  await phone.context.close();

  // And it is on the plan, which nobody loaded anew.
  const last = unit.stops.length - 1;
  await page.getByTestId('patrol-progress').getByText(`已到 ${last}（其中偏离 0），未到 1，未完成 0`).waitFor();
  await page.getByText(/未到.*: 大门上锁/).waitFor();
  await page.getByText(/手机任务 \d+\s*· 已完成/).waitFor();
  const back = await api.json(`/api/v1/patrols/${id}`);
  assert.deepEqual(back.progress, { visited: last, far: 0, skipped: 1, open: 0 });
  assert.equal(back.units[0].task_state, 'done');
  assert.deepEqual(wrong, []);
  await context.close();
});

story('who has no right is told so, and sees no forecast', async () => {
  const { context, page, wrong } = await open('dispatcher', `/desk?p=forecast&run=${run ?? 1}`);
  await page.waitForLoadState('networkidle');
  assert.equal(await page.getByTestId('forecast-run').count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
