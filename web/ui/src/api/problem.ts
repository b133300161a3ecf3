/** An error answer of the server, RFC 9457. Switch on `type`. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  errors?: { field?: string; value?: string; remedy?: string }[];
}

/** What went wrong, as the pages speak of it: one word for each thing a person can do about it. */
export type Trouble = 'offline' | 'sign-in' | 'no-right' | 'not-found' | 'conflict' | 'invalid' | 'busy' | 'server';

/** A request that did not bring what was asked. */
export class Problem extends Error {
  constructor(
    readonly body: ProblemBody,
    /** How long the server asks us to wait, in seconds; 0 where it does not say. */
    readonly retryAfterS = 0,
  ) {
    super(body.detail ?? body.title);
    this.name = 'Problem';
  }

  get trouble(): Trouble {
    const { status, type } = this.body;
    if (type === 'offline') return 'offline';
    if (status === 401) return 'sign-in';
    if (status === 403) return 'no-right';
    if (status === 404) return 'not-found';
    if (status === 409 || status === 412) return 'conflict';
    if (status === 429 || status === 503) return 'busy';
    if (status >= 400 && status < 500) return 'invalid';
    return 'server';
  }

  /** What the server said about each field it refused, in its own words. */
  get fields(): string[] {
    return (this.body.errors ?? []).map((e) => [e.field, e.remedy].filter(Boolean).join(': '));
  }
}

/** The answer never came: the network, or the server, is away. */
export function offline(): Problem {
  return new Problem({ type: 'offline', title: 'offline', status: 0 });
}

/** Reads an error answer, whatever wrote it: our server, or a proxy before it. */
export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get('Retry-After')) || 0;
  if ((response.headers.get('Content-Type') ?? '').includes('json')) {
    try {
      const body = (await response.json()) as Partial<ProblemBody>;
      return new Problem(
        { ...body, type: body.type ?? 'about:blank', title: body.title ?? response.statusText, status: response.status },
        retry,
      );
    } catch {
      // Cut off or not JSON after all: the status still says what it is.
    }
  }
  return new Problem({ type: 'about:blank', title: response.statusText, status: response.status }, retry);
}
