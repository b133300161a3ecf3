import { light, type Light } from './clock';
import { metres, type LngLat } from './ground';
import type { ChecklistItem, Task } from './model';
import { noProposal, wrongIn, type Proposal } from './plan';

const order: Record<Light, number> = { red: 0, yellow: 1, green: 2, '': 3 };

/** A task with how it stands to the worker: its clock's colour and how far it is, in metres. */
export interface Near {
  task: Task;
  light: Light;
  m: number | undefined;
}

/** Where a task is: of a patrol its nearest point not yet visited. */
export function placeOfTask(t: Task, from?: LngLat): LngLat | undefined {
  const open = (t.points ?? []).filter((p) => !p.visited_at && !p.skipped).map((p): LngLat => [p.lon, p.lat]);
  if (open.length > 0) return from ? open.reduce((a, b) => (metres(b, from) < metres(a, from) ? b : a)) : open[0];
  return t.lon !== undefined && t.lat !== undefined ? [t.lon, t.lat] : undefined;
}

/** By the clock: what is red, then yellow, each by when it is due. By distance: the nearest first; what has no place comes last. */
export function sortTasks(tasks: readonly Task[], by: 'clock' | 'distance', from: LngLat | undefined, nowMs: number): Near[] {
  const near = tasks.map((task): Near => {
    const at = placeOfTask(task, from);
    return { task, light: light(task.warn_at, task.due_at, nowMs), m: at && from ? metres(at, from) : undefined };
  });
  const due = (n: Near) => (n.task.due_at ? Date.parse(n.task.due_at) : Infinity);
  const clock = (a: Near, b: Near) => order[a.light] - order[b.light] || (due(a) === due(b) ? 0 : due(a) - due(b)) || a.task.id - b.task.id;
  const far = (n: Near) => n.m ?? Infinity;
  return near.sort(by === 'clock' ? clock : (a, b) => (far(a) === far(b) ? clock(a, b) : far(a) - far(b)));
}

/** An answer to an item of a checklist as the worker gives it. */
export interface Answer extends Proposal {
  value: string;
  note: string;
  level: '' | 'general' | 'major';
}

export const noAnswer = (): Answer => ({ value: '', note: '', level: '', ...noProposal() });

/** Whether what a failed item proposes cannot be sent as it is. */
export const unsound = (item: ChecklistItem, a: Answer, nowMs: number): boolean => fails(item, a.value) && wrongIn(a, nowMs).length > 0;

/** Whether an answer fails its item: a no, or a number outside of its bounds. */
export function fails(item: ChecklistItem, value: string): boolean {
  if (item.kind === 'yes_no') return value === 'no';
  if (item.kind !== 'number' || value.trim() === '') return false;
  const n = Number(value);
  return Number.isFinite(n) && ((item.at_least !== undefined && n < item.at_least) || (item.at_most !== undefined && n > item.at_most));
}

/** Whether an item still wants an answer. */
export function open(item: ChecklistItem, value: string, photos: number): boolean {
  if (item.kind === 'number' && value.trim() !== '' && !Number.isFinite(Number(value))) return true;
  return (item.required ?? false) && (item.kind === 'photo' ? photos === 0 : value.trim() === '');
}
