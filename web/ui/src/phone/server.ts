import * as api from '../api/api';
import { get, put } from '../api/http';
import type { Incident } from '../api/model';
import { offline, Problem } from '../api/problem';
import type { Send } from './outbox';
import type { Asset, AssetRows, Hazard, HazardFlow, Pack, Task } from './model';

// What the phone's page asks of the server, beside what both pages ask (api/api.ts).

const v1 = '/api/v1';

export const pack = () => get<Pack>(`${v1}/phone`);

/** The tasks that the caller is to do, or may, all of them. */
export async function tasks(): Promise<Task[]> {
  return (await get<{ tasks: Task[] }>(`${v1}/tasks`, { mine: true, open: true, limit: 500 })).tasks;
}

/** The components in the caller's grids: rows with the values of the fields, in their order. */
export async function assets(): Promise<Asset[]> {
  const out: Asset[] = [];
  for (let after = 0; ; ) {
    const a = await get<AssetRows>(`${v1}/phone/assets`, { after });
    for (const row of a.rows) {
      const v = Object.fromEntries(a.fields.map((f, n) => [f, row?.[n]])) as Record<string, never>;
      out.push({ id: v.id!, code: v.code!, name: v.name!, class_standard: v.class_standard!, class_code: v.class_code!, dept_code: v.dept_code!, state: v.state!, at: [v.lon!, v.lat!] });
    }
    if (!a.next) return out;
    after = a.next;
  }
}

/** Sends what waited in the queue. Sent again under the same UUID, it is the same thing. */
export function send(uuid: string, s: Send): Promise<unknown> {
  const body = { ...s.body, uuid };
  switch (s.kind) {
    case 'report':
      return put('POST', `${v1}/incidents`, body);
    case 'action':
      return act(s.id, body);
    case 'task':
      return put('POST', `${v1}/tasks/${s.id}/result`, body);
    case 'point':
      return put('POST', `${v1}/tasks/${s.id}/points`, body);
    case 'hazard':
      return put('POST', `${v1}/hazards`, body);
  }
}

/**
 * Acts on a case. What was done in the field holds, whoever added something to
 * the case meanwhile: while the case still lets the worker do it, it is done to
 * the case as it is now; else the server says why not.
 */
async function act(id: number, body: Record<string, unknown>): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const now = await api.incident(id).catch((error: unknown) => {
      if (error instanceof Problem && error.body.status === 404) return undefined;
      throw error;
    });
    const version = now?.allowed_actions.includes(String(body.action)) ? now.version : body.version;
    try {
      return await put('POST', `${v1}/incidents/${id}/actions`, { ...body, version });
    } catch (error) {
      if (tries === 3 || version === body.version || !(error instanceof Problem) || error.body.type !== '/problems/conflict') throw error;
    }
  }
}

/** The open hazards that the caller may see: of their grids, and those that they found or are to check. */
export const hazards = async () => (await get<{ hazards: Hazard[] }>(`${v1}/hazards`, { open: true, limit: 200 })).hazards;
export const hazard = (id: number) => get<Hazard>(`${v1}/hazards/${id}`);
export const hazardFlow = () => get<HazardFlow>(`${v1}/hazard-flow`);

/** The cases that wait for the caller to handle them: those that a department gave them, or that they may take on. */
export const toHandle = async (login: string | undefined) => (await get<{ incidents: Incident[] }>(`${v1}/incidents`, { waiting: true, limit: 200 })).incidents.filter((i) => i.allowed_actions.includes('accept') || (i.handler === login && i.allowed_actions.includes('feedback')));

/** Hands in the positions that were kept without a network. */
export const positions = (batch: Record<string, unknown>) => put<unknown>('POST', `${v1}/positions`, batch);
/** @param at when, where it was without a network: RFC 3339 */
export const offDuty = (at?: string) => put<undefined>('DELETE', `${v1}/positions${at ? `?at=${encodeURIComponent(at)}` : ''}`);

export const uploadPhoto = (photo: Blob) => api.uploadPhoto(photo);

/** A tile's bytes; of an empty one none. */
export async function tile(address: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: 'same-origin', signal: signal ?? null });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw offline();
  }
  if (response.status === 204) return new ArrayBuffer(0);
  if (!response.ok || !(response.headers.get('Content-Type') ?? '').includes('vector-tile')) throw offline();
  return response.arrayBuffer();
}
