// Runs browser tests, each file on a city of its own: the demo city is made
// once, and copied. node e2e/run.mjs FILE…
import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { folder, start } from './server.mjs';

const made = folder();
let status = 1;
try {
  const city = join(made, 'data');
  await (await start(city)).stop();
  const tests = spawn(process.execPath, ['--test', '--test-reporter=spec', '--test-concurrency=1', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ONEMAP_E2E_CITY: city },
  });
  status = await new Promise((done) => tests.once('exit', (code) => done(code ?? 1)));
} finally {
  rmSync(made, { recursive: true, force: true });
}
process.exit(status);
