-- A hazard as read.go scans it. The task is its open re-check.
SELECT f.id, f.uuid::text, f.level, f.state, f.kind, f.title, f.description, f.place, coalesce(f.enterprise, 0), f.enterprise_name,
       coalesce(f.task, 0), f.item, coalesce(f.incident, 0), f.dept_code, coalesce(o.name_zh, ''), coalesce(o.name_en, ''),
       ST_X(f.geom), ST_Y(f.geom), f.grid_code, f.area_code, f.found_at, f.closed_at, f.term_at, f.since, f.warn_at, f.due_at,
       f.escalation, f.overdue, f.supervised, f.supervisor, f.extensions, f.rechecks, f.version,
       coalesce(f.finder, 0), coalesce(f.rectifier, 0), t.id IS NOT NULL, coalesce(t.person, 0), coalesce(t.grid_code, '')
FROM map.hazard f
LEFT JOIN onemap.organisation o ON o.code = f.dept_code
LEFT JOIN onemap.task t ON t.hazard = f.id AND t.kind = 'recheck' AND t.done_at IS NULL
