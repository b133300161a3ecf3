import { expect, test } from 'vitest';
import { address } from './http';
import { problemOf } from './problem';

test('leaves out what is not asked, joins lists by commas', () => {
  expect(address('/x', { a: '', b: undefined, c: [], d: [1, 2], e: 0, f: '井盖' })).toBe('/x?d=1%2C2&e=0&f=%E4%BA%95%E7%9B%96');
});

test.each([
  [401, 'sign-in'],
  [403, 'no-right'],
  [404, 'not-found'],
  [409, 'conflict'],
  [422, 'invalid'],
  [429, 'busy'],
  [500, 'server'],
])('status %d is trouble %s, whoever wrote the answer', async (status, trouble) => {
  const byUs = new Response(JSON.stringify({ type: '/problems/x', title: 'T', detail: 'D' }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '7' },
  });
  const byProxy = new Response('<html>', { status, headers: { 'Content-Type': 'text/html' } });
  const p = await problemOf(byUs);
  expect([p.trouble, p.message, p.retryAfterS]).toEqual([trouble, 'D', 7]);
  expect((await problemOf(byProxy)).trouble).toBe(trouble);
});

test('an answer cut off in the middle is still a problem', async () => {
  const cut = new Response('{"type": "/prob', { status: 500, headers: { 'Content-Type': 'application/problem+json' } });
  expect((await problemOf(cut)).trouble).toBe('server');
});
