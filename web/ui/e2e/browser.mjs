// Chromium as Debian has it, drawing WebGL in software.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** How long anything may take, in milliseconds: WebGL drawn in software on a busy machine is slow. */
export const patience = 90_000;

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking', '--disable-component-update'],
  });

const axeSource = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');

/** What axe finds wrong with the page, one line each. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.failureSummary?.split('\n').slice(1).join(' ')}`));
}

/** Signs in on the page, as a person does. */
export async function signIn(page, server, login) {
  await page.fill('#login', login);
  await page.fill('#password', server.users[login]);
  await page.keyboard.press('Enter');
}

/** Waits until f gives something true. */
export async function until(what, f, ms = patience) {
  const end = Date.now() + ms;
  for (;;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 60));
  }
}

/**
 * Watches what a page asks for. The function it returns says in words where the
 * page stands: what a test prints that waited in vain.
 */
export function witness(page) {
  const began = Date.now();
  const open = new Map();
  const lines = [];
  const at = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  const note = (line) => {
    lines.push(`${at()} ${line}`);
    if (lines.length > 60) lines.shift();
  };
  const name = (r) => `${r.method()} ${new URL(r.url()).pathname}`;
  const api = (r) => /\/(api|live)\b/.test(r.url());
  page.on('request', (r) => open.set(r, Date.now()));
  page.on('requestfinished', (r) => open.delete(r));
  page.on('requestfailed', (r) => {
    open.delete(r);
    note(`failed: ${name(r)} ${r.failure()?.errorText}`);
  });
  page.on('response', (r) => api(r) && note(`${r.status()} ${name(r.request())}`));
  page.on('console', (m) => m.type() === 'error' && note(`console: ${m.text()}`));
  page.on('websocket', (w) => {
    note('live opens');
    w.on('close', () => note('live closes'));
    w.on('framereceived', (f) => !String(f.payload).includes('"heartbeat"') && note(`live: ${String(f.payload).slice(0, 160)}`));
  });
  return async () =>
    [
      `${page.url()} after ${at()}`,
      ...lines,
      ...[...open].map(([r, since]) => `not answered for ${Date.now() - since} ms: ${name(r)}`),
      (await page.locator('body').innerText({ timeout: 2000 }).catch((e) => String(e))).slice(0, 1500),
    ].join('\n');
}
