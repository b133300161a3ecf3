-- A task as read.go scans it. @near, where given, is where the caller is; a
-- patrol is as far as its nearest point that is still to be visited.
SELECT t.id, t.kind, t.title, coalesce(p.login, ''), coalesce(p.name, ''), coalesce(t.person, 0), t.dept, t.grid_code, t.area_code, ST_X(t.geom), ST_Y(t.geom),
       t.made_by, t.made_at, t.warn_at, t.due_at, t.done_at, coalesce(t.done_by, ''), t.result, CASE WHEN t.result = 'cancelled' THEN t.cancelled_why ELSE t.opinion END, t.version,
       coalesce(t.incident, 0), coalesce(t.enterprise, 0), coalesce(t.hazard, 0), coalesce(t.checklist, ''), coalesce(t.checklist_version, 0),
       coalesce(t.detail ->> 'outcome', ''), m.metres
FROM onemap.task t
LEFT JOIN onemap.person p ON p.id = t.person
LEFT JOIN LATERAL (SELECT coalesce(
        CASE WHEN t.kind = 'patrol' THEN (SELECT min(ST_Distance(x.geom::geography, @near::geometry::geography)) FROM onemap.task_point x
            WHERE x.task = t.id AND x.visited_at IS NULL AND x.skipped = '') END,
        ST_Distance(t.geom::geography, @near::geometry::geography)) AS metres) m ON true
