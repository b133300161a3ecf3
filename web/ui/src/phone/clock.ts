/** A phone's clock is said to be wrong from that many milliseconds on. */
export const WRONG_MS = 90_000;

/** What the server's clock shows more than the phone's, learnt from the header Date of its answers. */
export class Clock {
  /** Milliseconds; undefined before the first answer. */
  skew: number | undefined;
  private roughness = Infinity;
  private at = 0;

  /**
   * Takes an answer into account. The header Date has whole seconds, and was
   * written some time between the asking and the answer: of several answers the
   * quickest tells most, until it is ten minutes old or the clock was set.
   *
   * @returns whether the phone's clock has come to be wrong, or right
   */
  hear(serverMs: number, askedMs: number, answeredMs: number): boolean {
    if (!Number.isFinite(serverMs) || answeredMs < askedMs) return false;
    const before = this.wrong;
    const rough = answeredMs - askedMs + 1000;
    const skew = Math.round(serverMs + 500 - (askedMs + answeredMs) / 2);
    const wasSet = this.skew !== undefined && Math.abs(skew - this.skew) > rough + this.roughness;
    if (rough > 30_000 && this.skew !== undefined) return false;
    if (rough <= this.roughness || wasSet || Math.abs(answeredMs - this.at) > 600_000) {
      this.skew = skew;
      this.roughness = rough;
      this.at = answeredMs;
    }
    return this.wrong !== before;
  }

  get wrong(): boolean {
    return this.skew !== undefined && Math.abs(this.skew) > WRONG_MS;
  }
}

/**
 * When something happened, by the server's clock, in milliseconds since 1970.
 *
 * @param madeMs what the phone's clock showed
 * @param skewThen what was known of that clock then
 * @param skewNow what is known of it now
 * @param nowMs what it shows now: nothing happened later than now
 */
export function happened(madeMs: number, skewThen: number | undefined, skewNow: number | undefined, nowMs: number): number {
  const by = (skew: number | undefined) => (skew !== undefined && Math.abs(skew) > WRONG_MS ? skew : 0);
  // Known before it was made, it is the better witness: the clock may have been set since.
  return Math.min(madeMs + by(skewThen ?? skewNow), nowMs + by(skewNow));
}

/** An instant as RFC 3339 with the phone's own offset: 2026-11-22T16:05:09+08:00. */
export function withOffset(ms: number, offsetMinutes = -new Date(ms).getTimezoneOffset()): string {
  const sign = offsetMinutes < 0 ? '-' : '+';
  const two = (n: number) => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  return `${new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, 19)}${sign}${two(offsetMinutes / 60)}:${two(offsetMinutes % 60)}`;
}

export type Light = 'green' | 'yellow' | 'red' | '';

/** The colour of a clock, by the server's time; '' where none runs. */
export function light(warnAt: string | undefined | null, dueAt: string | undefined | null, nowMs: number): Light {
  if (!dueAt) return '';
  if (nowMs > Date.parse(dueAt)) return 'red';
  return warnAt && nowMs >= Date.parse(warnAt) ? 'yellow' : 'green';
}
