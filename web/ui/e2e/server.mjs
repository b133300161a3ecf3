// A whole onemap for the browser tests: the real binary, its own PostgreSQL,
// the demo city, in a folder of its own that is gone afterwards.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.ONEMAP_BIN ?? fileURLToPath(new URL('../../../bin/onemap', import.meta.url));

/** In memory where there is room: a new database is over a thousand files. */
function roomiest() {
  try {
    const fs = statfsSync('/dev/shm');
    if (fs.bavail * fs.bsize >= 6 * 2 ** 30) return '/dev/shm';
  } catch {
    // not Linux
  }
  return tmpdir();
}

async function freePort() {
  const s = createServer();
  await new Promise((done) => s.listen(0, '127.0.0.1', done));
  const { port } = s.address();
  await new Promise((done) => s.close(done));
  return port;
}

/** A new folder. PostgreSQL runs as another user where we are root: it must be reachable. */
export function folder() {
  const made = mkdtempSync(join(roomiest(), 'onemap-e2e-'));
  chmodSync(made, 0o755);
  return made;
}

/**
 * Starts the server on the demo city and waits until it is ready. stop() ends
 * it, and removes its data unless `kept` names where they are to be.
 */
export async function start(kept) {
  if (!existsSync(binary)) throw new Error(`no ${binary}: run make build first, or set ONEMAP_BIN`);
  const own = kept ? undefined : folder();
  const data = kept ?? join(own, 'data');
  // run.mjs has made the city already.
  if (own && process.env.ONEMAP_E2E_CITY) execFileSync('cp', ['-a', process.env.ONEMAP_E2E_CITY, data]);
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ['up', '--data', data, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stdout.on('data', (b) => (log += b));
  child.stderr.on('data', (b) => (log += b));
  let exit;
  const ended = new Promise((done) =>
    child.once('exit', (code) => {
      exit = code ?? -1;
      done();
    }),
  );
  const until = Date.now() + 120_000;
  for (;;) {
    if (exit !== undefined) throw new Error(`onemap ended with ${exit}:\n${log}`);
    if (Date.now() > until) throw new Error(`onemap is not ready after two minutes:\n${log}`);
    const ready = await fetch(`${base}/readyz`).then((r) => r.json(), () => undefined);
    if (ready?.ready && ready.feed === 'live') break;
    await new Promise((done) => setTimeout(done, 250));
  }
  const users = Object.fromEntries(
    readFileSync(join(data, 'demo-users.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => l.split('\t'))
      .map(([login, password]) => [login, password]),
  );
  return {
    base,
    users,
    log: () => log,
    /** What anybody with the database's password can do beside onemap: plain SQL. Returns psql's lines, columns parted by |. */
    sql(text) {
      const password = readFileSync(join(data, 'pgpass'), 'utf8').trim().split(':').at(-1);
      const pg = readFileSync(join(data, 'port'), 'utf8').trim();
      const args = ['-h', '127.0.0.1', '-p', pg, '-U', 'onemap', '-d', 'onemap', '-v', 'ON_ERROR_STOP=1', '-qAt', '-c', text];
      return execFileSync(process.env.PSQL ?? 'psql', args, { env: { ...process.env, PGPASSWORD: password } }).toString().trim();
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      // What went wrong inside, though the page may have got over it.
      const wrong = log.split('\n').filter((line) => line.includes('level=ERROR'));
      if (wrong.length > 0) console.error(wrong.slice(0, 20).join('\n'));
      if (own) rmSync(own, { recursive: true, force: true });
    },
  };
}

/** A signed-in caller of the API. */
export async function client(server, login) {
  let cookie = '';
  const call = async (method, path, body) => {
    const r = await fetch(server.base + path, {
      method,
      headers: { ...(cookie ? { Cookie: cookie } : {}), ...(body && !(body instanceof Uint8Array) ? { 'Content-Type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
    });
    return r;
  };
  if (login) {
    const r = await call('POST', '/api/v1/session', { login, password: server.users[login] });
    if (!r.ok) throw new Error(`sign in as ${login}: ${r.status} ${await r.text()}`);
    cookie = r.headers.get('Set-Cookie').split(';')[0];
  }
  return { call, cookie: () => cookie, json: async (path) => (await call('GET', path)).json() };
}
