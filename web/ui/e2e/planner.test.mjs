// The police planner's story: classes, a forecast with how wrong it has been, a
// patrol plan of it, accepted, done on a worker's phone, and seen back on the plan.
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

async function open(login, path, viewport = { width: 1920, height: 1080 }) {
  const context = await browser.newContext({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
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

let run;

test('the police planner chooses classes, and gets a forecast with how wrong it has been beside it', async () => {
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

test('a patrol is planned from it, accepted, done on the phone, and seen back on the plan', async () => {
  assert.ok(run, 'the forecast of the story before');
  const { context, page, wrong, api } = await open('planner', `/desk?p=forecast&run=${run}`);
  await page.getByTestId('forecast-to-patrol').click();
  await page.getByTestId('new-patrol').or(page.getByTestId('patrol-form')).first().waitFor();
  if (!(await page.getByTestId('patrol-form').isVisible())) await page.getByTestId('new-patrol').click();
  const form = page.getByTestId('patrol-form');
  await form.locator('[name=run]').selectOption(String(run));
  await form.locator('[name=person-0]').selectOption('worker');
  await form.locator('button.strong').click();
  await page.getByTestId('patrol-accept').click();
  await page.getByRole('dialog').locator('[name=reason]').fill('热点集中在商贸区，夜班前先巡一遍');
  await page.getByTestId('patrol-confirm').click();
  await page.locator('[data-testid=patrol-plan][data-state=accepted]').waitFor();
  const plan = Number(await page.getByTestId('patrol-plan').getAttribute('data-plan'));
  const task = (await api.json(`/api/v1/patrols/${plan}`)).units.find((u) => u.person === 'worker')?.task;
  assert.ok(task, 'the accepted plan is a task of the worker');

  const phone = await open('worker', '/m', { width: 390, height: 844 });
  await phone.page.getByText(/巡逻/).first().waitFor();
  assert.deepEqual(phone.wrong, []);
  await phone.context.close();
  assert.deepEqual(wrong, []);
  await context.close();
});

test('who has no right is told so, and sees no forecast', async () => {
  const { context, page, wrong } = await open('dispatcher', `/desk?p=forecast&run=${run ?? 1}`);
  await page.waitForLoadState('networkidle');
  assert.equal(await page.getByTestId('forecast-run').count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
