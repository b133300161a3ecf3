import type { Geometry } from 'geojson';

/** What the server sends on /live; package web/live has the whole protocol. */
export type ServerMessage =
  | { type: 'hello'; cursor: string; heartbeat_s: number; state: FeedState }
  | { type: 'subscribed'; id: string; layer: string; stream: string; cursor: string }
  | { type: 'unsubscribed'; id: string }
  | { type: 'events'; stream: string; cursor: string; events: CloudEvent[] }
  | ({ type: 'stale'; stream: string; cursor: string } & Stale)
  | { type: 'resync'; id?: string; cursor: string; reason: 'old' | 'foreign' | 'reset' | 'right' }
  | { type: 'ended'; id: string; reason: string }
  | { type: 'heartbeat'; cursor: string; state: FeedState; lag_s: number }
  | { type: 'error'; id?: string; problem: { title: string; detail?: string } };

/** The open tiles that are no longer true, by layer. */
export interface Stale {
  /** "z/x/y" of each. */
  layers: Record<string, string[]>;
  /** Where they are too many to name: all those that meet [west, south, east, north], or all (null). */
  areas?: Record<string, [number, number, number, number] | null>;
}

/** The state of the node's reader of the log. */
export type FeedState = 'starting' | 'waiting' | 'live' | 'off';

export interface CloudEvent {
  type: string;
  time: string;
  cursor: string;
  data: unknown;
}

export interface Changed {
  layer: string;
  id: number;
  op: 'insert' | 'update';
  geometry: Geometry;
  properties: Record<string, string | number | boolean | null>;
}

/** One thing that happened to what is subscribed. `at` is the commit's time, milliseconds since 1970. */
export type LiveEvent =
  | { kind: 'changed'; at: number; feature: Changed }
  | { kind: 'gone'; at: number; layer: string; id: number }
  | { kind: 'reload'; at: number; layers: string[]; bbox: number[] | null };

/** Reads an event; undefined for a type of a later protocol, which is not an error. */
export function eventOf(e: CloudEvent): LiveEvent | undefined {
  const at = Date.parse(e.time);
  const data = e.data as Record<string, unknown>;
  switch (e.type) {
    case 'onemap.feature.changed':
      return { kind: 'changed', at, feature: data as unknown as Changed };
    case 'onemap.feature.gone':
      return { kind: 'gone', at, layer: String(data.layer), id: Number(data.id) };
    case 'onemap.layer.changed':
      return { kind: 'reload', at, layers: data.layers as string[], bbox: (data.bbox as number[] | null) ?? null };
    default:
      return undefined;
  }
}

/** What a client does about a close code. */
export type AfterClose = 'retry' | 'at-once' | 'sign-in' | 'forbidden' | 'poll' | 'slow' | 'stop';

export function afterClose(code: number): AfterClose {
  switch (code) {
    case 1000:
    case 1009:
      return 'stop';
    case 4001:
      return 'sign-in';
    case 4003:
      return 'forbidden';
    case 4010:
      return 'at-once';
    case 4011:
      return 'poll';
    case 4029:
      return 'slow';
    default:
      return 'retry';
  }
}
