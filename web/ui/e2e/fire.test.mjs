// A fire planner's day: the trial of the scores beside orders that need none, a
// list with its random audit, one line accepted, visited by a worker with the
// phone, and what was found back on the list. And a burst of calls, which the
// command screen tells of by itself and the centre explains.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, patience, signIn, until } from './browser.mjs';
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
const desk = { viewport: { width: 1280, height: 800 } };

test('from the trial to a list, from a line to a visit on the phone, and what it found back on the list', async () => {
  const api = await client(server, 'planner');
  // The runs of the night are made in the background.
  const run = await until('a run that is over', async () => (await api.json('/api/v1/fire-risk/runs')).runs.find((r) => r.kind === 'enterprise' && ['done', 'withheld', 'failed'].includes(r.state)));
  assert.notEqual(run.state, 'failed', run.why);

  const p = await page(desk, '/desk?p=fire', 'planner');
  await p.click('[data-tab=trial]');
  await p.getByTestId(run.state === 'done' ? 'passed' : 'withheld').waitFor();
  for (const order of ['model', 'prior_fires', 'longest_unvisited', 'grade', 'random']) {
    const row = p.locator(`tr[data-order=${order}]`);
    assert.match(await row.innerText(), /\d(\.\d)?%[\s\S]*×\d/, `${order}: its recall and its lift are told`);
  }
  assert.match(await p.locator('tr[data-order=model]').innerText(), /\d%–\d+%/, 'with its interval');

  await p.click('[data-tab=lists]');
  await p.getByTestId('new-list').click();
  await p.getByTestId('lines').fill('24');
  await p.getByTestId('make-list').click();
  await p.locator('[data-line]').first().waitFor();
  const id = Number(new URL(p.url()).searchParams.get('list'));
  const list = await api.json(`/api/v1/fire-risk/lists/${id}`);
  assert.equal(list.lines.length, 24);
  const audit = list.lines.filter((x) => x.reason === 'random');
  assert.ok(audit.length >= 1 && audit.every((x) => x.chance > 0), 'part of it is drawn at random, with its chance');
  assert.ok(audit.length / list.lines.length <= 0.1, 'at most a tenth of it');
  assert.equal(list.scored, run.state === 'done');
  if (list.scored) await p.getByTestId('trust').getByText(/95% 区间 \d+%–\d+%/).waitFor();
  for (const x of list.lines) assert.ok(['risk', 'overdue', 'random', 'longest'].includes(x.reason) && x.on_day >= list.from_day && x.stop >= 1, `line ${x.n}: why, when and in which order`);
  const first = p.locator('[data-line]').first();
  assert.match(await first.innerText(), list.scored ? /\d 天内起火概率 \d[\s\S]*90% 区间 [\d.]+–[\d.]+/ : /没有分数/, 'its score with the interval');
  assert.equal(await p.locator('[data-line] .reason.random').count(), audit.length);

  // On paper and for a navigator.
  const file = async (format) => (await api.call('GET', `/api/v1/fire-risk/lists/${id}/file?format=${format}`)).text();
  assert.match(await file('pdf'), /^%PDF-1/);
  assert.equal((await file('gpx')).match(/<rtept/g).length, 24);
  const [down] = await Promise.all([p.waitForEvent('download'), p.getByTestId('print').click()]);
  assert.equal(down.suggestedFilename(), `inspections-${id}.pdf`);

  // One line of the audit is accepted, for a worker by name; one is refused with the reason.
  const line = p.locator(`[data-line="${audit[0].n}"]`);
  await line.getByTestId('accept').click();
  await p.getByRole('dialog').locator('input').fill('worker');
  await p.getByTestId('decide').click();
  await line.getByText(/任务 #\d+：待检查/).waitFor();
  const other = list.lines.find((x) => x.n !== audit[0].n);
  await p.locator(`[data-line="${other.n}"]`).getByTestId('refuse').click();
  await p.getByRole('dialog').locator('textarea').fill('上周刚联合检查过');
  await p.getByTestId('decide').click();
  await p.locator(`[data-line="${other.n}"].refused`).getByText(/上周刚联合检查过/).waitFor();
  const { task } = (await api.json(`/api/v1/fire-risk/lists/${id}`)).lines.find((x) => x.n === audit[0].n);

  // The worker goes there, and one thing is not as it should be.
  const phone = await page({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, geolocation: { longitude: audit[0].lon, latitude: audit[0].lat, accuracy: 8 }, permissions: ['geolocation'] }, '/m');
  await signIn(phone, server, 'worker');
  await phone.getByRole('navigation').getByRole('button', { name: '任务' }).click();
  await phone.locator(`[data-task="${task}"]`).click();
  const items = phone.getByTestId('checklist').locator('li');
  await items.first().waitFor();
  const n = await items.count();
  for (let i = 0; i < n; i++) {
    const yes = items.nth(i).locator('.three input').first();
    if (await yes.count()) await yes.check({ force: true });
    const number = items.nth(i).locator('input[inputmode=decimal]').first();
    if (await number.count()) await number.fill('4');
  }
  const bad = phone.getByTestId('checklist').locator('li').filter({ has: phone.locator('.three') });
  await bad.nth(2).locator('.three input').nth(1).check({ force: true });
  await phone.fill('#visit-words', '电线乱接，已当场告知');
  await phone.locator('button.send').click();

  // Back on the list: that it took place, and by what reason something was found.
  await until('the visit on the list', async () => (await api.json(`/api/v1/fire-risk/lists/${id}`)).counts.done === 1);
  await p.reload();
  await p.locator(`[data-line="${audit[0].n}"]`).getByText(/已检查 · (有问题|不合格)/).waitFor();
  await p.getByText(/1\/\d+ 已检查，1 处有问题/).waitFor();
  assert.deepEqual(wrong, []);
});

test('a burst of calls is told on the open screen, and explained', async () => {
  const p = await page(desk, '/', 'centre');
  const panel = p.getByTestId('watch');
  await panel.waitFor();
  await p.evaluate(() => (window.notReloaded = true));
  // Thirty scooters stolen in one grid since this morning, each called in.
  server.sql(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, occurred_at, reported_at, geom)
    SELECT 'onemap-calls', '110-102', 3, 'hotline', 'closed', at, at + interval '2 minutes', geom
    FROM (SELECT ST_PointOnSurface(geom) AS geom FROM map.grid_duty ORDER BY grid_code LIMIT 1) g,
         LATERAL (SELECT now() - interval '70 minutes' - n * interval '10 minutes' AS at FROM generate_series(1, 30) n) t`);
  const centre = await client(server, 'centre');
  const look = await centre.call('POST', '/api/v1/deviations/looks', {});
  assert.equal(look.status, 200, await look.text());
  await panel.getByText(/异常 [1-9]/).waitFor();
  await panel.getByRole('button').first().click();
  const alarm = panel.locator('[data-deviation]').filter({ hasText: '近' }).first();
  assert.match(await panel.innerText(), /检查了 [\d,]+ 个数量，提示中至多 [\d.]+ 个可能是偶然/, 'how many were looked at, and how many of those told may be chance');
  assert.match(await alarm.innerText(), /\d+ 起，通常 \d/, 'how many, and what is usual');
  const id = await alarm.getAttribute('data-deviation');
  const one = panel.locator(`[data-deviation="${id}"]`);
  await one.getByTestId('answer').click();
  await one.locator('textarea').fill('专项行动集中受理旧案');
  await one.getByRole('button', { name: '已知原因' }).click();
  await one.getByText(/已知原因：专项行动集中受理旧案/).waitFor();
  // All of them at one door: a place that comes again, live too.
  const again = panel.locator('[data-repeat]').first();
  assert.match(await again.innerText(), /90 天 30 起/);
  assert.equal(await p.evaluate(() => window.notReloaded), true, 'the screen was not loaded again');
  assert.equal(server.sql(`SELECT answer || ' ' || answered_by FROM map.deviation WHERE id = ${id}`), 'known centre');
  assert.equal(server.sql(`SELECT count(*) FROM onemap.audit WHERE action = 'deviation.answer' AND object = 'deviation/${id}'`), '1');
  assert.deepEqual(wrong, []);
});
