// A police planner's patrols: from a forecast to a plan, changed by hand and
// accepted with the reason, to the phone of the worker who walks it, and back
// on the plan. How the forecast itself is asked for and read: planner.test.mjs.
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

const wrong = [];
async function page(login, path, options) {
  const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options });
  context.setDefaultTimeout(patience);
  const [name, value] = (await client(server, login)).cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const p = await context.newPage();
  p.on('pageerror', (e) => wrong.push(`${login} ${path}: ${e.message}`));
  await p.goto(server.base + path);
  return p;
}
const pictureFolder = process.env.ONEMAP_E2E_PICTURES;
const shoot = (p, name) => pictureFolder && p.screenshot({ path: `${pictureFolder}/${name}.png` });

test('a plan from a forecast, by hand, with the reason, on the phone and back', async () => {
  const police = await client(server, 'police');
  const classes = ['110-101', '110-102', '110-103', '110-104', '110-201'].map((code) => ({ standard: 'onemap-calls', kind: 'matter', code }));
  const { id: run } = await (await police.call('POST', '/api/v1/forecasts', { classes, horizon: 'week', origins: 16 })).json();
  const made = await until('the forecast', async () => {
    const f = await police.json(`/api/v1/forecasts/${run}`);
    assert.notEqual(f.state, 'failed', JSON.stringify(f.why));
    return f.state !== 'queued' && f.state !== 'running' && f;
  }, 180_000);
  assert.equal(made.state, 'done', JSON.stringify(made.why));

  const desk = await page('police', '/desk?p=patrols', { viewport: { width: 1920, height: 1080 } });
  await desk.getByTestId('patrol-map').and(desk.locator('[data-ready]')).waitFor();
  await desk.getByTestId('new-patrol').click();
  const form = desk.getByTestId('patrol-form');
  await form.locator('[name=run]').selectOption(String(run));
  await form.locator('[name=person-0]').selectOption('worker');
  // The first unit begins where the map is clicked, the second at a station; a click after that is a place.
  await form.locator('[name=start-0]').selectOption('-2');
  const map = desk.getByTestId('patrol-map');
  await map.click({ position: { x: 640, y: 500 } });
  await form.getByRole('button', { name: '去掉地点 P1' }).waitFor({ state: 'detached' });
  await form.locator('[name=start-1]').selectOption({ index: 2 });
  await map.click({ position: { x: 560, y: 420 } });
  await form.getByRole('button', { name: '去掉地点 P1' }).waitFor();
  assert.deepEqual(await axe(desk), []);
  await shoot(desk, 'patrol-form');
  await form.getByRole('button', { name: '生成方案' }).click();

  const plan = desk.getByTestId('patrol-plan');
  await plan.waitFor();
  const id = Number(await plan.getAttribute('data-plan'));
  const first = await police.json(`/api/v1/patrols/${id}`);
  assert.equal(first.units.length, 2);
  assert.ok(first.units.every((u) => u.stops.length > 5 && u.start && u.breaks[0].from), 'both units have stops, a start and a break');
  assert.ok(first.explored > 0 && first.notes.includes('hours_zone'), `${first.explored} ${first.notes}`);
  assert.equal((await (await police.call('POST', `/api/v1/patrols/${id}/remake`)).json()).same, true);
  await plan.getByText(`${first.stops} 个停靠点，其中随机探索 ${first.explored} 个`).waitFor();

  // The second unit cannot go without anybody: the answer says so, and who is named by hand.
  await desk.getByTestId('patrol-accept').click();
  await desk.getByRole('dialog').locator('[name=reason]').fill('周末盗窃高发');
  await desk.getByTestId('patrol-confirm').click();
  await desk.getByRole('dialog').getByRole('alert').waitFor();
  await desk.getByRole('dialog').getByRole('button', { name: '返回' }).click();

  // By hand: the second unit's stops go, but for two; the first's second comes first; one is added on the map.
  const unit = (n) => desk.locator(`[data-unit="${n}"]`);
  const save = async (reason) => {
    const version = (await police.json(`/api/v1/patrols/${id}`)).version;
    await desk.getByRole('button', { name: '保存调整' }).click();
    await desk.getByRole('dialog').locator('[name=reason]').fill(reason);
    await desk.getByTestId('patrol-confirm').click();
    await desk.getByRole('dialog').waitFor({ state: 'detached' });
    const now = await police.json(`/api/v1/patrols/${id}`);
    assert.equal(now.version, version + 1);
    return now;
  };
  await unit(2).getByRole('button', { name: '调整' }).click();
  await unit(2).locator('[name=person]').selectOption('worker');
  while ((await unit(2).locator('ol > li').count()) > 2) await unit(2).getByRole('button', { name: '去掉 3', exact: true }).click();
  const short = await save('乙组只走两处');
  assert.equal(short.units[1].stops.length, 2);
  assert.equal(short.units[1].person, 'worker');
  await unit(1).getByRole('button', { name: '调整' }).click();
  while ((await unit(1).locator('ol > li').count()) > 3) await unit(1).getByRole('button', { name: '去掉 4', exact: true }).click();
  await unit(1).getByRole('button', { name: '下移 1', exact: true }).click();
  const fewer = await save('只走三处，先去第二处');
  assert.equal(fewer.units[0].stops.length, 3);
  // The stops that are left fill the map: its corner is none of them.
  await unit(1).getByRole('button', { name: '调整' }).click();
  await map.click({ position: { x: 8, y: 8 } });
  await unit(1).getByText('人工').waitFor();
  const byHand = await save('加一处学校');
  assert.deepEqual(byHand.units[0].stops.slice(0, 3).map((s) => s.place), [1, 0, 2].map((k) => first.units[0].stops[k].place));
  assert.equal(byHand.units[0].stops.length, 4);
  assert.equal(byHand.units[0].stops[3].by_hand, true);
  await shoot(desk, 'patrol-plan');
  assert.deepEqual(await axe(desk), []);

  await desk.getByTestId('patrol-accept').click();
  await desk.getByRole('dialog').locator('[name=reason]').fill('周末盗窃高发');
  await desk.getByTestId('patrol-confirm').click();
  await desk.locator('[data-testid=patrol-plan][data-state=accepted]').waitFor();
  const accepted = await police.json(`/api/v1/patrols/${id}`);
  const [task] = accepted.units.map((u) => u.task);
  assert.ok(task > 0);

  // The worker stands at the first stop.
  const at = accepted.units[0].stops[0];
  const phone = await page('worker', '/m', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, geolocation: { longitude: at.lon, latitude: at.lat, accuracy: 8 }, permissions: ['geolocation'] });
  await phone.getByRole('navigation').getByRole('button', { name: '任务' }).click();
  await phone.locator(`[data-testid=tasks] [data-task="${task}"]`).click();
  const points = phone.getByTestId('points');
  await points.getByText(/计划 \d\d:\d\d，停留 15 分钟/).first().waitFor();
  await shoot(phone, 'patrol-phone');
  await points.locator('li').nth(0).getByRole('button').first().click();
  await points.getByRole('button', { name: '到点打卡' }).click();
  await points.locator('li').nth(1).getByRole('button').first().click();
  await points.getByRole('button', { name: '到不了' }).click();
  await points.locator('textarea').fill('道路封闭');
  await points.getByRole('button', { name: '跳过此点' }).click();

  // And it is on the plan, which nobody loaded anew.
  await unit(1).getByText('已到', { exact: false }).first().waitFor();
  await unit(1).getByText(/未到.*: 道路封闭/).waitFor();
  const back = await police.json(`/api/v1/patrols/${id}`);
  assert.deepEqual(back.progress, { visited: 1, far: 0, skipped: 1, open: back.stops - 2 });
  await shoot(desk, 'patrol-back');

  // Called back: what was done stays, the phone's task is gone.
  await desk.getByRole('button', { name: '撤回' }).click();
  await desk.getByRole('dialog').locator('[name=reason]').fill('改派');
  await desk.getByTestId('patrol-confirm').click();
  await desk.locator('[data-testid=patrol-plan][data-state=withdrawn]').waitFor();
  assert.equal((await police.json(`/api/v1/patrols/${id}`)).progress.visited, 1);
  assert.deepEqual(wrong, []);
});
