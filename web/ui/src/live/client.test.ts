import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveClient, type Socket, type Status } from './client';
import type { LiveEvent } from './protocol';

/** A socket whose other end is the test. */
class Line implements Socket {
  onopen = null;
  onmessage: ((e: MessageEvent) => void) | null = null;
  onclose: ((e: CloseEvent) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {}
  say(m: object) {
    this.onmessage?.({ data: JSON.stringify(m) } as MessageEvent);
  }
  cut(code: number) {
    this.onclose?.({ code } as CloseEvent);
  }
}

const hello = { type: 'hello', cursor: '1.1.A', heartbeat_s: 5, state: 'live' };
const change = (id: number) => ({
  type: 'onemap.feature.changed',
  time: '2026-11-22T08:00:00Z',
  cursor: '1.1.C',
  data: { layer: 'incident', id, op: 'insert', geometry: { type: 'Point', coordinates: [120, 29] }, properties: {} },
});

function setUp() {
  const lines: Line[] = [];
  const states: Status[] = [];
  const log: string[] = [];
  let loaded: (() => void)[] = [];
  const client = new LiveClient(
    'ws://x/live',
    (s) => states.push(s),
    () => {
      const l = new Line();
      lines.push(l);
      return l;
    },
  );
  client.subscribe({
    id: 'q',
    layer: 'incident',
    load: (why) => {
      log.push('load ' + why);
      return new Promise((done) => loaded.push(done));
    },
    apply: (events: LiveEvent[]) => log.push('apply ' + events.map((e) => (e.kind === 'reload' ? '*' : e.kind === 'gone' ? -e.id : e.feature.id)).join()),
  });
  client.start();
  return { client, lines, states, log, finish: async () => { for (const f of loaded.splice(0)) f(); await vi.advanceTimersByTimeAsync(0); } };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('subscribes, loads, and applies what came meanwhile only after the load', async () => {
  const { lines, log, finish, client } = setUp();
  const line = lines[0]!;
  line.say(hello);
  expect(line.sent).toEqual([{ type: 'subscribe', id: 'q', layer: 'incident' }]);
  line.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 's', cursor: '1.1.B' });
  line.say({ type: 'events', stream: 's', cursor: '1.1.C', events: [change(7)] });
  expect(log).toEqual(['load first']);
  await finish();
  expect(log).toEqual(['load first', 'apply 7']);
  expect(client.status.state).toBe('live');
});

test('a cut line resumes with the last cursor and does not load again', async () => {
  const { lines, log, finish, states } = setUp();
  lines[0]!.say(hello);
  lines[0]!.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 's', cursor: '1.1.B' });
  await finish();
  lines[0]!.say({ type: 'heartbeat', cursor: '1.1.D', state: 'live', lag_s: 0 });
  lines[0]!.cut(1006);
  expect(states.at(-1)!.state).toBe('connecting');
  await vi.advanceTimersByTimeAsync(600);
  lines[1]!.say(hello);
  expect(lines[1]!.sent).toEqual([{ type: 'subscribe', id: 'q', layer: 'incident', cursor: '1.1.D' }]);
  lines[1]!.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 't', cursor: '1.1.D' });
  lines[1]!.say({ type: 'events', stream: 't', cursor: '1.1.E', events: [change(8)] });
  expect(log).toEqual(['load first', 'apply 8']);
});

test('a line cut during the load loads again: what it brought may be older than the new subscription', async () => {
  const { lines, log, finish } = setUp();
  lines[0]!.say(hello);
  lines[0]!.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 's', cursor: '1.1.B' });
  lines[0]!.cut(1006);
  await vi.advanceTimersByTimeAsync(600);
  lines[1]!.say(hello);
  lines[1]!.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 't', cursor: '1.1.B' });
  await finish();
  expect(log).toEqual(['load first', 'load first']);
});

test('resync without an id is for everything; changed rights say so', async () => {
  const { lines, log, finish } = setUp();
  lines[0]!.say(hello);
  lines[0]!.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 's', cursor: '1.1.B' });
  await finish();
  lines[0]!.say({ type: 'resync', cursor: '1.2.0', reason: 'reset' });
  await finish();
  lines[0]!.say({ type: 'resync', id: 'q', cursor: '1.2.1', reason: 'right' });
  await finish();
  expect(log).toEqual(['load first', 'load resync', 'load right']);
});

test('silence is noticed: a line that says nothing for three heartbeats is given up', async () => {
  const { lines, states } = setUp();
  lines[0]!.say(hello);
  await vi.advanceTimersByTimeAsync(15_600);
  expect(lines).toHaveLength(2);
  expect(states.at(-1)!.state).toBe('connecting');
});

test.each([
  [4001, 'refused', 1],
  [4003, 'refused', 1],
  [4010, 'connecting', 2],
  [4008, 'connecting', 2],
])('close %d: %s', async (code, state, lineCount) => {
  const { lines, states } = setUp();
  lines[0]!.say(hello);
  lines[0]!.cut(code);
  await vi.advanceTimersByTimeAsync(600);
  expect(lines).toHaveLength(lineCount);
  expect(states.at(-1)!.state).toBe(state);
});

test('where live is off the page loads on a timer and tries again every minute', async () => {
  const { lines, log, states, finish } = setUp();
  lines[0]!.cut(4011);
  expect(states.at(-1)!.state).toBe('polling');
  await finish();
  expect(log).toEqual(['load resync']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines).toHaveLength(2);
});

test('where no connection comes about the page loads all the same', async () => {
  const { lines, log, finish } = setUp();
  lines[0]!.cut(1006);
  await vi.advanceTimersByTimeAsync(1_600);
  await finish();
  expect(log).toEqual(['load resync']);
});

const open = { bbox: [120, 29, 120.1, 29.1] as const, minzoom: 14, maxzoom: 14 };
const wish = { bbox: open.bbox, tiles: { minzoom: 14, maxzoom: 14 }, events: false };

test('what the server cannot open is loaded all the same, and asked for again', async () => {
  const { lines, log, finish } = setUp();
  const line = lines[0]!;
  line.say(hello);
  line.say({ type: 'error', id: 'q', problem: { title: 'Internal Server Error' } });
  await finish();
  expect(log).toEqual(['load resync']);
  for (let s = 0; s < 60; s += 5) {
    await vi.advanceTimersByTimeAsync(5_000);
    line.say({ type: 'heartbeat', cursor: '1.1.B', state: 'live', lag_s: 0 });
  }
  expect(line.sent.filter((m) => m.id === 'q')).toHaveLength(2);
  line.say({ type: 'subscribed', id: 'q', layer: 'incident', stream: 's', cursor: '1.1.B' });
  expect(log).toEqual(['load resync', 'load first']);
});

test('a map watches its tiles, and when it moves goes on from where it was', async () => {
  const { lines, client } = setUp();
  client.unsubscribe('q');
  const heard: string[] = [];
  const watch = (bbox: readonly [number, number, number, number], from: string) =>
    client.watch({ id: 'tiles:base', layer: 'a,b', open: { ...open, bbox }, stale: (s, cursor) => heard.push(cursor + ' ' + Object.values(s.layers).flat().join()), reload: () => heard.push('all') }, from);
  const line = lines[0]!;
  line.say(hello);
  watch(open.bbox, client.cursor('tiles:base'));
  expect(line.sent).toEqual([{ type: 'subscribe', id: 'tiles:base', layer: 'a,b', ...wish, cursor: '1.1.A' }]);
  line.say({ type: 'subscribed', id: 'tiles:base', layer: 'a,b', stream: 's', cursor: '1.1.A' });
  line.say({ type: 'stale', stream: 's', cursor: '1.1.C', layers: { a: ['14/1/2'] } });
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['1.1.C 14/1/2']); // nothing was missed, so nothing is loaded for nothing
  const before = client.cursor('tiles:base');
  line.say({ type: 'heartbeat', cursor: '1.1.D', state: 'live', lag_s: 0 }); // while it moves
  watch([121, 29, 121.1, 29.1], before);
  expect(line.sent.at(-1)).toMatchObject({ id: 'tiles:base', bbox: [121, 29, 121.1, 29.1], cursor: '1.1.C' });
  line.say({ type: 'stale', stream: 's', cursor: '1.1.E', layers: { a: ['14/1/2'] } }); // of the old window
  line.say({ type: 'subscribed', id: 'tiles:base', layer: 'a,b', stream: 't', cursor: '1.1.C' });
  line.say({ type: 'stale', stream: 't', cursor: '1.1.F', layers: { b: ['14/9/2'] } });
  line.say({ type: 'resync', id: 'tiles:base', cursor: '1.2.0', reason: 'reset' });
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['1.1.C 14/1/2', '1.1.F 14/9/2', 'all']);
});

test('tiles that were loaded before the server was heard are loaded again once it tells of changes', async () => {
  const { lines, client } = setUp();
  client.unsubscribe('q');
  let loads = 0;
  const from = client.cursor('tiles:x');
  client.watch({ id: 'tiles:x', layer: 'x', open, stale: () => undefined, reload: () => loads++ }, from);
  lines[0]!.say(hello);
  expect(lines[0]!.sent).toEqual([{ type: 'subscribe', id: 'tiles:x', layer: 'x', ...wish }]);
  lines[0]!.say({ type: 'subscribed', id: 'tiles:x', layer: 'x', stream: 's', cursor: '1.1.B' });
  await vi.advanceTimersByTimeAsync(0);
  expect(loads).toBe(1);
  lines[0]!.cut(1006);
  await vi.advanceTimersByTimeAsync(600);
  lines[1]!.say(hello);
  expect(lines[1]!.sent).toEqual([{ type: 'subscribe', id: 'tiles:x', layer: 'x', ...wish, cursor: '1.1.B' }]);
});
