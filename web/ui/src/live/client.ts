import { backoff } from './backoff';
import { afterClose, eventOf, type LiveEvent, type ServerMessage, type Stale } from './protocol';

/**
 * connecting  no connection yet, or none any more; trying
 * live        all that was committed is here, but for the age
 * behind      connected, but the server itself is not caught up with its database
 * polling     the server cannot follow its database: pages reload on a timer
 * refused     signed out, or no right to live messages
 */
export type LiveState = 'connecting' | 'live' | 'behind' | 'polling' | 'refused';

export interface Status {
  state: LiveState;
  /** When the server last spoke, milliseconds since 1970; 0: never. */
  heardAt: number;
  /** How far the server is behind its database, in seconds. */
  lagS: number;
  /** When the next attempt starts, milliseconds since 1970; 0: none is planned. */
  retryAt: number;
}

export interface Subscription {
  /** The client's own name for it. */
  id: string;
  layer: string;
  /**
   * The present state must be loaded: at the start, and whenever the server could not
   * replay what was missed. Events that come meanwhile are kept and applied after it.
   * `reason` 'right': drop what you have first, some of it may no longer be seen.
   */
  load(reason: 'first' | 'resync' | 'right', signal: AbortSignal): Promise<void>;
  /** What happened since, in commit order. */
  apply(events: LiveEvent[]): void;
  /** The right to it is gone. */
  ended?(): void;
}

/** The tiles that a map has open of one source. */
export interface OpenTiles {
  /** [west, south, east, north] in degrees. */
  bbox: readonly [number, number, number, number];
  minzoom: number;
  maxzoom: number;
}

/** Wants to know which open tiles of a source are no longer true, and nothing else. */
export interface TileWatch {
  id: string;
  /** The layers of the source's tiles, as in their address. */
  layer: string;
  open: OpenTiles;
  /** Load these anew; what then comes must be as new as the cursor. */
  stale(s: Stale, cursor: string): void;
  /** What became stale is not known: load all open tiles anew. */
  reload(): void;
  /** The right to it is gone. */
  ended?(): void;
}

interface Held {
  id: string;
  layer: string;
  /** What else a subscription says. */
  wish: object;
  cursor: string;
  stream: string;
  /** It was asked for with a cursor: nothing is missed if the answer comes without a resync. */
  resumes: boolean;
  load(reason: 'first' | 'resync' | 'right', signal: AbortSignal): Promise<void>;
  apply(events: LiveEvent[]): void;
  stale?(s: Stale, cursor: string): void;
  ended?(): void;
  /** Events that wait for the load to end; undefined when none runs. */
  waiting: LiveEvent[] | undefined;
  abort: AbortController | undefined;
}

/** The parts of a WebSocket that are used: tests bring their own. */
export interface Socket {
  onopen: ((e: Event) => void) | null;
  onmessage: ((e: MessageEvent) => void) | null;
  onclose: ((e: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** How often pages reload where live is off, in milliseconds. */
const POLL_MS = 60_000;
/** How long the first load waits for a connection, in milliseconds. */
const PATIENCE_MS = 1_500;

/** A connection to /live that resumes where it was cut, and says how it stands. */
export class LiveClient {
  status: Status = { state: 'connecting', heardAt: 0, lagS: 0, retryAt: 0 };

  private socket: Socket | undefined;
  private held = new Map<string, Held>();
  private attempt = 0;
  private heartbeatMs = 5_000;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;
  private greeted = false;
  private guard: ReturnType<typeof setTimeout> | undefined;
  /** The newest place in the log that the server spoke of on this connection. */
  private newest = '';

  constructor(
    private readonly url: string,
    private readonly onstatus: (s: Status) => void,
    private readonly open: (url: string) => Socket = (u) => new WebSocket(u),
  ) {}

  /** Connects, and keeps connected until stop. */
  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
    this.awaitConnection(PATIENCE_MS);
  }

  /** Where no connection comes about, pages load all the same: at once, and then by the minute. */
  private awaitConnection(ms: number): void {
    clearTimeout(this.guard);
    this.guard = setTimeout(() => {
      if (!this.greeted && this.status.state !== 'polling') for (const h of this.held.values()) void this.load(h, 'resync');
      this.awaitConnection(POLL_MS);
    }, ms);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    clearTimeout(this.guard);
    for (const h of this.held.values()) h.abort?.abort();
    const s = this.socket;
    this.socket = undefined;
    if (s) {
      s.onclose = s.onmessage = s.onopen = null;
      s.close(1000);
    }
  }

  /** Forgets all cursors and begins again: another person sits here now. */
  restart(): void {
    this.stop();
    this.newest = '';
    for (const h of this.held.values()) h.cursor = h.stream = '';
    this.attempt = 0;
    this.start();
  }

  /** The network is said to be back: do not wait out the pause. */
  nudge(): void {
    if (this.stopped || this.socket) return;
    clearTimeout(this.timer);
    this.connect();
  }

  subscribe(s: Subscription): void {
    this.hold({ ...s, wish: {}, cursor: '', stream: '', resumes: false, waiting: undefined, abort: undefined });
  }

  /**
   * Watches the tiles of a source; again with the same id when others are open.
   * `from` is a cursor of before the first of them was asked for, '' if none was
   * known then: all are then loaded anew once it stands.
   */
  watch(w: TileWatch, from: string): void {
    const { minzoom, maxzoom, bbox } = w.open;
    this.held.get(w.id)?.abort?.abort();
    this.hold({
      id: w.id,
      layer: w.layer,
      wish: { bbox, tiles: { minzoom, maxzoom }, events: false },
      cursor: from,
      stream: '',
      resumes: false,
      load: async () => w.reload(),
      apply: () => undefined,
      stale: (s, cursor) => w.stale(s, cursor),
      ...(w.ended ? { ended: () => w.ended!() } : {}),
      waiting: undefined,
      abort: undefined,
    });
  }

  /** A place in the log up to which everything was told to a subscription: from there it can go on. '' if there is none. */
  cursor(id: string): string {
    const h = this.held.get(id);
    return h ? h.cursor : this.newest;
  }

  private hold(h: Held): void {
    this.held.set(h.id, h);
    if (this.socket && this.greeted) this.ask(h.id);
    else if (!this.stopped) this.awaitConnection(PATIENCE_MS);
  }

  unsubscribe(id: string): void {
    this.held.get(id)?.abort?.abort();
    this.held.delete(id);
    if (this.socket && this.greeted) this.socket.send(JSON.stringify({ type: 'unsubscribe', id }));
  }

  private set(part: Partial<Status>): void {
    this.status = { ...this.status, ...part };
    this.onstatus(this.status);
  }

  private connect(): void {
    this.greeted = false;
    if (this.status.state !== 'polling') this.set({ state: 'connecting', retryAt: 0 });
    let socket: Socket;
    try {
      socket = this.open(this.url);
    } catch {
      this.later(backoff(this.attempt++));
      return;
    }
    this.socket = socket;
    socket.onmessage = (e) => {
      if (socket === this.socket) this.receive(JSON.parse(String(e.data)) as ServerMessage);
    };
    socket.onclose = (e) => {
      if (socket === this.socket) this.closed(e.code);
    };
    this.listen();
  }

  /** Three heartbeats of silence: the line is dead though nobody said so. */
  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(
      () => {
        const s = this.socket;
        if (!s) return;
        s.onclose = s.onmessage = null;
        s.close();
        this.closed(1006);
      },
      Math.max(10_000, 3 * this.heartbeatMs),
    );
  }

  private closed(code: number): void {
    this.socket = undefined;
    this.greeted = false;
    clearTimeout(this.silence);
    if (this.stopped) return;
    switch (afterClose(code)) {
      case 'stop':
      case 'sign-in':
      case 'forbidden':
        this.set({ state: 'refused', retryAt: 0 });
        return;
      case 'at-once':
        this.set({ state: 'connecting' });
        this.later(50);
        return;
      case 'poll':
        this.poll();
        return;
      case 'slow':
        this.set({ state: 'connecting' });
        this.later(30_000);
        return;
      case 'retry':
        this.set({ state: 'connecting' });
        this.later(backoff(this.attempt++));
    }
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.set({ retryAt: Date.now() + ms });
    this.timer = setTimeout(() => this.connect(), ms);
  }

  private poll(): void {
    this.set({ state: 'polling' });
    for (const h of this.held.values()) void this.load(h, 'resync');
    this.later(POLL_MS);
  }

  private ask(id: string): void {
    const h = this.held.get(id);
    if (!h) return;
    h.resumes = h.cursor !== '' && h.waiting === undefined;
    this.socket?.send(JSON.stringify({ type: 'subscribe', id, layer: h.layer, ...h.wish, ...(h.cursor ? { cursor: h.cursor } : {}) }));
  }

  private receive(m: ServerMessage): void {
    this.listen();
    this.status.heardAt = Date.now();
    switch (m.type) {
      case 'hello':
        this.attempt = 0;
        this.greeted = true;
        this.newest = m.cursor;
        this.heartbeatMs = m.heartbeat_s * 1000;
        for (const id of this.held.keys()) this.ask(id);
        this.set({ state: m.state === 'live' ? 'live' : 'behind', retryAt: 0 });
        return;
      case 'heartbeat':
        this.newest = m.cursor;
        for (const h of this.held.values()) if (h.stream) h.cursor = m.cursor;
        this.set({ state: m.state === 'live' ? 'live' : 'behind', lagS: m.lag_s });
        return;
      case 'subscribed': {
        const h = this.held.get(m.id);
        if (!h) return;
        const { resumes } = h;
        h.cursor = m.cursor;
        h.stream = m.stream;
        if (!resumes) void this.load(h, 'first');
        return;
      }
      case 'resync':
        for (const h of this.held.values())
          if (m.id === undefined || m.id === h.id) {
            h.cursor = m.cursor;
            void this.load(h, m.reason === 'right' ? 'right' : 'resync');
          }
        this.set({});
        return;
      case 'events': {
        const events = m.events.map(eventOf).filter((e) => e !== undefined);
        for (const h of this.held.values()) {
          if (h.stream !== m.stream) continue;
          h.cursor = m.cursor;
          if (h.waiting) h.waiting.push(...events);
          else h.apply(events);
        }
        this.set({});
        return;
      }
      case 'stale':
        for (const h of this.held.values()) {
          if (h.stream !== m.stream) continue;
          h.cursor = m.cursor;
          h.stale?.(m, m.cursor);
        }
        this.set({});
        return;
      case 'error': {
        // The server could not open it: what is there is loaded all the same, and it is asked for again by the minute.
        const h = m.id === undefined ? undefined : this.held.get(m.id);
        if (!h) return;
        h.cursor = h.stream = '';
        void this.load(h, 'resync');
        const { socket } = this;
        setTimeout(() => {
          if (socket === this.socket && this.held.get(h.id) === h) this.ask(h.id);
        }, POLL_MS);
        return;
      }
      case 'ended': {
        const h = this.held.get(m.id);
        if (h) {
          h.cursor = h.stream = '';
          h.ended?.();
        }
        return;
      }
    }
  }

  /** Loads the present state, then applies what came meanwhile; tries again while it fails. */
  private async load(h: Held, reason: 'first' | 'resync' | 'right'): Promise<void> {
    h.abort?.abort();
    const abort = (h.abort = new AbortController());
    h.waiting ??= [];
    for (let n = 0; !abort.signal.aborted; n++) {
      try {
        await h.load(reason, abort.signal);
        break;
      } catch {
        if (abort.signal.aborted) return;
        await new Promise((done) => setTimeout(done, backoff(n)));
      }
    }
    if (abort.signal.aborted) return;
    const waiting = h.waiting;
    h.waiting = undefined;
    h.abort = undefined;
    if (waiting && waiting.length > 0) h.apply(waiting);
  }
}
