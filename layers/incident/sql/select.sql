-- An incident as read.go scans it. The task is the open verification or check
-- of it: only cases in those two states are looked up.
SELECT f.id, f.uuid::text, coalesce(f.number, ''), f.class_standard, f.class_code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''),
       f.severity, f.state, f.source, f.dept_code, coalesce(o.name_zh, ''), coalesce(o.name_en, ''),
       f.description, f.place, ST_X(f.geom), ST_Y(f.geom), f.grid_code, f.area_code,
       coalesce(f.asset, 0), f.condition, f.area_class, f.limit_n, f.limit_unit,
       f.occurred_at, f.reported_at, f.registered_at, f.filed_at, f.dispatched_at, f.handled_at, f.closed_at, f.updated_at,
       f.since, f.warn_at, f.due_at, f.escalation, coalesce(h.login, ''), coalesce(f.handler, 0), f.pending, f.verified, f.checked,
       f.extensions, f.suspensions, f.suspended_until, f.returns, f.reworks, f.dispatches,
       f.decided, f.overdue, f.excused, f.appealed, f.forced, f.supervised, coalesce(f.merged_into, 0),
       f.external_source, f.external_id, f.version, coalesce(f.reporter, 0),
       t.id IS NOT NULL, coalesce(t.person, 0), coalesce(t.grid_code, '')
FROM map.incident f
LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = f.class_kind AND c.code = f.class_code
LEFT JOIN onemap.organisation o ON o.code = f.dept_code
LEFT JOIN onemap.person h ON h.id = f.handler
LEFT JOIN LATERAL (SELECT id, person, grid_code FROM onemap.task
    WHERE incident = f.id AND kind IN ('verify', 'check') AND done_at IS NULL AND f.state IN ('verifying', 'checking') ORDER BY task.id DESC LIMIT 1) t ON true
