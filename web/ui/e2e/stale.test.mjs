// A map left open while others write: it changes by itself, loads what changed
// and nothing else, and shows each person what is theirs to see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, patience, until } from './browser.mjs';
import { client, start } from './server.mjs';

let server;
let browser;
let middle;
before(async () => {
  [server, browser] = await Promise.all([start(), launch()]);
  const { bounds } = await (await client(server)).json('/api/v1/settings');
  middle = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const zoom = 16;
const size = { width: 1400, height: 900 };

/** A map of someone at a place, with what it asks for and what it hears. */
async function watch(login, subject, at) {
  const context = await browser.newContext({ viewport: size, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(patience);
  if (login) {
    const [name, value] = (await client(server, login)).cookie().split('=');
    await context.addCookies([{ name, value, url: server.base }]);
  }
  const page = await context.newPage();
  const tiles = [];
  const heard = [];
  const wrong = [];
  const open = new Set();
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('request', (r) => /\.mvt/.test(r.url()) && tiles.push(new URL(r.url())));
  page.on('response', (r) => r.status() >= 400 && /\.mvt/.test(r.url()) && wrong.push(`${r.status()} ${r.url()}`));
  page.on('websocket', (ws) =>
    ws.on('framereceived', ({ payload }) => {
      const m = JSON.parse(payload);
      if (m.type === 'subscribed') open.add(m.id);
      if (m.type === 'stale' || m.type === 'events') heard.push(m);
    }),
  );
  await page.goto(`${server.base}/?s=${subject}&v=${zoom}.00/${at[1].toFixed(5)}/${at[0].toFixed(5)}`);
  await page.waitForSelector('[data-drawn=true]');
  await until('the map is told of stale tiles', () => open.has('tiles:base') && (!login || open.has(`tiles:${subject === 'emergency' ? 'place' : subject}`)));
  const still = async (clip) => {
    // The same picture twice: nothing is loading or fading any more.
    let last = await page.screenshot({ clip });
    return until('the map is at rest', async () => {
      await new Promise((done) => setTimeout(done, 250));
      const next = await page.screenshot({ clip });
      const same = next.equals(last);
      last = next;
      return same && next;
    });
  };
  /** Where a place is on the screen; at is in the middle of what the panels leave free. */
  const spot = ([lng, lat]) => {
    const free = { left: 272, right: 392, top: 60, bottom: 172 };
    const px = (512 * 2 ** zoom) / 360;
    const y = (l) => (180 / Math.PI) * Math.asinh(Math.tan((l * Math.PI) / 180));
    return {
      x: Math.round((free.left + size.width - free.right) / 2 + (lng - at[0]) * px) - 12,
      y: Math.round((free.top + size.height - free.bottom) / 2 - (y(lat) - y(at[1])) * px) - 12,
      width: 24,
      height: 24,
    };
  };
  return { context, page, tiles, heard, wrong, still, spot };
}

const tileOf = ([lng, lat], z = zoom) => {
  const n = 2 ** z;
  const phi = (lat * Math.PI) / 180;
  return `${z}/${Math.floor(((lng + 180) / 360) * n)}/${Math.floor(((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * n)}`;
};
/** The middle of a tile, so many columns and rows from that of the city's middle. */
const middleOf = (columns, rows) => {
  const [z, x, y] = tileOf(middle).split('/').map(Number);
  return [((x + columns + 0.5) / 2 ** z) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + rows + 0.5)) / 2 ** z))) * 180) / Math.PI];
};
const named = (u) => /\/tiles\/([^/]+)\/(\d+\/\d+\/\d+)\.mvt/.exec(u.pathname).slice(1).join(' ');
const move = ([lng, lat], east, north) => [lng + east, lat + north];
const sql = (text) => server.sql(text);

test('psql moves a lamp: it moves on the open map by itself, and two tiles are asked for, no other', async () => {
  // From the middle of a tile to the middle of the next.
  const [from, to] = [middleOf(0, 0), middleOf(1, 0)];
  const id = sql('SELECT min(id) FROM map.asset');
  sql(`UPDATE map.asset SET geom = ST_Point(${from}, 4326), state = 'lost' WHERE id = ${id}`);
  const w = await watch('centre', 'asset', move(from, 0.002, 0));
  const before = { from: await w.still(w.spot(from)), to: await w.still(w.spot(to)) };
  w.tiles.length = 0;
  w.heard.length = 0;

  sql(`UPDATE map.asset SET geom = ST_Point(${to}, 4326) WHERE id = ${id}`);
  const committed = Date.now();
  await until('the map asks for the two tiles', () => w.tiles.length >= 2);
  const took = Date.now() - committed;
  const after = { from: await w.still(w.spot(from)), to: await w.still(w.spot(to)) };
  assert.ok(!after.from.equals(before.from), 'it is gone from where it was');
  assert.ok(!after.to.equals(before.to), 'it is where it is now');
  assert.deepEqual(w.tiles.map(named).sort(), [`asset ${tileOf(from)}`, `asset ${tileOf(to)}`].sort());
  const [stale] = w.heard;
  assert.deepEqual(w.heard.map((m) => m.layers), [{ asset: [tileOf(from), tileOf(to)] }]);
  assert.ok(w.tiles.every((u) => u.searchParams.get('since') === stale.cursor), 'they must be as new as the message');

  // What nobody shows makes nobody load anything; the next thing that is heard is the next change.
  sql(`UPDATE map.asset SET attributes = '{"unseen": 1}' WHERE id = ${id}`);
  sql(`UPDATE map.asset SET state = 'intact' WHERE id = ${id}`);
  await until('the third tile', () => w.tiles.length >= 3);
  await w.still(w.spot(to));
  assert.deepEqual(w.tiles.slice(2).map(named), [`asset ${tileOf(to)}`]);
  assert.ok(took < 5000, `asked for after ${took} ms`);
  assert.deepEqual(w.wrong, []);
  await w.context.close();
});

test('a person on duty moves without a tile', async () => {
  const at = middle;
  const next = move(at, 0.001, 0.0005);
  sql(`INSERT INTO map.worker (person, name, org, geom) SELECT id, '试一试', org, ST_Point(${at}, 4326) FROM onemap.person WHERE login = 'worker'`);
  const w = await watch('centre', 'emergency', at);
  const before = { from: await w.still(w.spot(at)), to: await w.still(w.spot(next)) };
  w.tiles.length = 0;
  sql(`UPDATE map.worker SET geom = ST_Point(${next}, 4326) WHERE name = '试一试'`);
  await until('the marker is where it is now', async () => !(await w.page.screenshot({ clip: w.spot(next) })).equals(before.to));
  assert.ok(!(await w.still(w.spot(at))).equals(before.from), 'it is gone from where it was');
  assert.deepEqual(w.tiles.map(named), []);
  assert.deepEqual(w.wrong, []);
  sql(`DELETE FROM map.worker WHERE name = '试一试'`);
  await w.context.close();
});

test('side by side at the same place: the centre, an officer of the police, the public', async () => {
  const at = middleOf(2, -1);
  const theirs = move(at, -0.001, 0);
  const ours = move(at, 0.001, 0);
  const insert = (dept, [lng, lat]) =>
    sql(`INSERT INTO map.enterprise (name, industry, risk, dept_code, geom) VALUES ('试', '试一试', 1, '${dept}', ST_Point(${lng}, ${lat}, 4326))`);
  const everybody = await Promise.all([watch('centre', 'enterprise', at), watch('police', 'enterprise', at), watch(undefined, 'enterprise', at)]);
  const [centre, police, open] = everybody;
  const before = [];
  for (const w of everybody) {
    before.push({ theirs: await w.still(w.spot(theirs)), ours: await w.still(w.spot(ours)) });
    w.tiles.length = w.heard.length = 0;
  }
  insert('fire', theirs);
  await until('the centre loads the tile', () => centre.tiles.length > 0);
  insert('police', ours);
  await until('the police load the tile', () => police.tiles.length > 0);
  // What all may see is heard last by all: by then everything else was heard.
  sql(`INSERT INTO map.base_poi (name, class, geom) VALUES ('大家都看得到', 'shop', ST_Point(${move(at, 0.003, 0)}, 4326))`);
  for (const w of everybody) await until('the base map loads the tile', () => w.tiles.some((u) => u.pathname.includes('base_poi')));
  const firms = (w) => w.tiles.map(named).filter((n) => n.startsWith('enterprise ')).sort();
  const heard = (w) => w.heard.filter((m) => m.layers?.enterprise).length;
  const after = [];
  for (const w of everybody) after.push({ theirs: await w.still(w.spot(theirs)), ours: await w.still(w.spot(ours)) });
  assert.ok(!after[0].theirs.equals(before[0].theirs) && !after[0].ours.equals(before[0].ours), 'the centre sees both');
  assert.ok(after[1].theirs.equals(before[1].theirs) && !after[1].ours.equals(before[1].ours), 'the police see their own');
  assert.ok(after[2].theirs.equals(before[2].theirs) && after[2].ours.equals(before[2].ours), 'the public sees neither');
  assert.deepEqual([heard(centre), heard(police), heard(open)], [2, 1, 0]);
  assert.deepEqual([firms(centre), firms(police)], [Array(2).fill(`enterprise ${tileOf(at)}`), [`enterprise ${tileOf(at)}`]]);
  assert.deepEqual(firms(open), []);
  for (const w of everybody) {
    assert.deepEqual(w.wrong, []);
    await w.context.close();
  }
});
