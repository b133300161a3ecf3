/** The roles that a person may be given, in the order of the server's list. */
export const roleNames = ['administrator', 'security_administrator', 'auditor', 'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner', 'grid_worker', 'gateway'] as const;
