/**
 * How long to wait before reconnecting, in milliseconds.
 *
 * Doubles from 500 ms to 30 s, then takes a random half to full of it, so that
 * the clients of a restarted server do not all return at once.
 *
 * @param attempt 0 for the first reconnection
 * @param random a number in [0, 1); a parameter so that tests can fix it
 */
export function backoff(attempt: number, random = Math.random()): number {
  const full = Math.min(500 * 2 ** attempt, 30_000);
  return full * (0.5 + 0.5 * random);
}
