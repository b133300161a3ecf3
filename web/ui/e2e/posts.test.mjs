// Plans of posts, by the real binary: a planner orders one, drags a post, reads who gains and who loses, and decides.
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

async function desk(viewport, path) {
  const context = await browser.newContext({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(patience);
  const api = await client(server, 'planner');
  const [name, value] = api.cookie().split('=');
  await context.addCookies([{ name, value, url: server.base }]);
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (e) => wrong.push(e.message));
  await page.goto(server.base + path);
  await page.locator('[data-testid="posts-map"][data-ready="true"]').waitFor();
  return { context, page, wrong, api };
}

const wide = { width: 1920, height: 1080 };
const shown = (page, testid) => page.getByTestId(testid).first();

test('a planner has posts planned, moves one, and accepts the plan', async () => {
  const { context, page, wrong, api } = await desk(wide, '/desk?p=posts');
  await page.getByTestId('new-plan').click();
  await page.getByLabel('方案名称').fill('晚间驻点');
  await page.getByRole('spinbutton', { name: '力量数' }).fill('5');
  await page.getByRole('spinbutton', { name: '达标时间' }).fill('2.5');
  await page.getByRole('button', { name: '计算方案' }).click();
  await page.locator('.post-mark').nth(4).waitFor();
  assert.equal(await shown(page, 'plan-state').innerText(), '待定');
  assert.match(await shown(page, 'gap').innerText(), /已证明/);
  assert.match(await shown(page, 'means').innerText(), /公众报告/);
  assert.match(await shown(page, 'curve-said').innerText(), /一半需求/);
  const covered = await shown(page, 'covered').innerText();

  // Dragged: the page says what it would change, and the plan itself stays.
  const first = (await api.json('/api/v1/stationing/plans')).plans[0];
  const mark = await page.locator('.post-mark').first().boundingBox();
  await page.mouse.move(mark.x + mark.width / 2, mark.y + mark.height / 2);
  await page.mouse.down();
  await page.mouse.move(mark.x + 140, mark.y + 90, { steps: 8 });
  await page.mouse.up();
  await until('the page says who loses', async () => /不再达标/.test(await shown(page, 'what-if').innerText()));
  await page.getByRole('button', { name: '恢复原方案' }).click();
  await until('the plan is as it was', async () => (await page.getByTestId('what-if').count()) === 0 && (await shown(page, 'covered').innerText()) === covered);

  // By the keyboard: the same, and kept as a plan of its own.
  await page.locator('.post-mark').first().focus();
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('ArrowRight');
    await until('the page says who loses', async () => /不再达标/.test(await page.getByTestId('what-if').innerText().catch(() => '')));
  }
  await page.getByRole('button', { name: '存为新方案' }).click();
  await page.getByText(/已存为方案 \d+/).waitFor();
  const kept = (await api.json('/api/v1/stationing/plans')).plans[0];
  assert.equal(kept.parent, first.id);
  assert.equal(kept.answer.by_hand, true);

  // It is refused with a reason; the first one is accepted, and stands on the map.
  await page.getByRole('button', { name: '不采纳', exact: true }).click();
  await page.getByRole('dialog').getByLabel('理由').fill('离学校太近');
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await page.getByText('离学校太近').waitFor();
  assert.equal(await shown(page, 'plan-state').innerText(), '未采纳');
  await page.getByTestId('plan').selectOption(String(first.id));
  await until('the first plan', async () => (await shown(page, 'plan-state').innerText()) === '待定');
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: '采纳', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await until('the plan is accepted', async () => (await shown(page, 'plan-state').innerText()) === '已采纳');
  const { features } = await api.json('/api/v1/layers/post/features');
  assert.equal(features.length, 5);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('a question that cannot be answered says what to change, and a plan is a link', async () => {
  const { context, page, wrong, api } = await desk({ width: 390, height: 844 }, '/desk?p=posts');
  await page.getByTestId('new-plan').click();
  await page.getByLabel('方案名称').fill('太多');
  await page.getByRole('spinbutton', { name: '力量数' }).fill('150');
  await page.getByLabel('候选：网格中心').selectOption('');
  await page.getByRole('button', { name: '计算方案' }).click();
  await until('the fault names the units', async () => /posts|力量/.test(await page.getByRole('alert').last().innerText()));
  await page.getByRole('button', { name: '返回' }).click();
  const { plans } = await api.json('/api/v1/stationing/plans');
  await page.goto(`${server.base}/desk?p=posts&plan=${plans[0].id}`);
  await shown(page, 'covered').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing is wider than a phone');
  assert.deepEqual(wrong, []);
  await context.close();
});
