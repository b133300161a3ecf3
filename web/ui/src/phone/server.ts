import * as api from '../api/api';
import { get, put } from '../api/http';
import { offline } from '../api/problem';
import type { Send } from './outbox';
import type { Asset, AssetRows, Pack, Task } from './model';

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
      return put('POST', `${v1}/incidents/${s.id}/actions`, body);
    case 'task':
      return put('POST', `${v1}/tasks/${s.id}/result`, body);
    case 'point':
      return put('POST', `${v1}/tasks/${s.id}/points`, body);
    case 'hazard':
      return put('POST', `${v1}/hazards`, body);
  }
}

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
