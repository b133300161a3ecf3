import type { Incident } from '../api/model';

/** Whose turn it is, by state; a request of a department that waits for its answer is the dispatcher's. */
const turns: Record<string, readonly string[]> = {
  acceptor: ['reported', 'self_handled', 'feedback'],
  shift_leader: ['registered', 'checked'],
  dispatcher: ['filed', 'returned'],
  command_centre: ['disputed', 'reported', 'self_handled', 'feedback', 'registered', 'checked', 'filed', 'returned'],
};

/** Whether a case waits for somebody with these roles, of that organisation. */
export function waitsFor(i: Pick<Incident, 'state' | 'dept_code' | 'pending'>, roles: readonly string[], org: string): boolean {
  if (roles.some((r) => turns[r]?.includes(i.state))) return true;
  if (i.pending && i.state !== 'closed' && roles.some((r) => r === 'dispatcher' || r === 'command_centre')) return true;
  return roles.includes('department_officer') && i.dept_code === org && (i.state === 'dispatched' || i.state === 'handling');
}
