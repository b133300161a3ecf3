// The first scripts of the pages must stay small: 450 KB gzip for /, 200 KB
// for /m before its map opens, and for /desk before one of its pages does. Fails the build where they are not.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limits = { 'index.html': 450, 'm.html': 200, 'desk.html': 200 };
let bad = false;
for (const [page, limitKB] of Object.entries(limits)) {
  const html = readFileSync(new URL(`../dist/${page}`, import.meta.url), 'utf8');
  const files = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]));
  let bytes = 0;
  for (const f of files) bytes += gzipSync(readFileSync(new URL(`../dist${f}`, import.meta.url))).length;
  const kb = Math.round(bytes / 102.4) / 10;
  console.log(`${page}: ${kb} KB gzip in ${files.size} files (at most ${limitKB} KB)`);
  bad ||= kb > limitKB;
}
if (bad) process.exit(1);
