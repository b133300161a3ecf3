import { offline, problemOf } from './problem';

/** Values of a query; undefined and '' are left out, arrays are joined by commas. */
export type Params = Record<string, string | number | boolean | readonly (string | number)[] | undefined>;

export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === '') continue;
    if (Array.isArray(value)) {
      if (value.length > 0) query.set(key, value.join(','));
    } else query.set(key, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

type Listener = (serverMs: number, askedMs: number, answeredMs: number) => void;
let listener: Listener | undefined;

/** Has each answer's header Date told to f, with when it was asked for and came, by this machine's clock: milliseconds since 1970. */
export const onAnswer = (f: Listener): void => void (listener = f);

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  const asked = Date.now();
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw offline();
  }
  listener?.(Date.parse(response.headers.get('Date') ?? ''), asked, Date.now());
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Reads an answer's JSON. What is none came from something between us and the server, such as a hotel's sign-in page. */
async function json<T>(response: Response): Promise<T> {
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) throw offline();
  try {
    return (await response.json()) as T;
  } catch {
    throw offline(); // cut off
  }
}

/** GETs JSON. Rejects with a Problem, or with an AbortError when the signal says so. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const response = await send(address(path, params), { headers: { Accept: 'application/json' }, signal: signal ?? null });
  return json<T>(response);
}

let wrote = '';

/** The place in the log that holds this page's last write; '' before the first. What is read with since= it shows the write. */
export const wroteAt = () => wrote;

/** Sends JSON and reads JSON back; undefined where the answer has no body. */
export async function put<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(path, {
    method,
    headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
  wrote = response.headers.get('Onemap-Cursor') ?? wrote;
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
  return json<T>(response);
}

/** Sends a file's bytes as they are. */
export async function upload<T>(path: string, file: Blob, signal?: AbortSignal): Promise<T> {
  const response = await send(path, { method: 'POST', headers: { 'Content-Type': file.type }, body: file, signal: signal ?? null });
  return json<T>(response);
}
