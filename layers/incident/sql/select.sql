SELECT f.id, f.uuid::text, f.class_standard, f.class_code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''),
       f.severity, f.state, f.source, f.dept_code, coalesce(o.name_zh, ''), coalesce(o.name_en, ''),
       f.description, f.place, ST_X(f.geom), ST_Y(f.geom), f.grid_code, f.area_code,
       f.occurred_at, f.reported_at, f.closed_at, f.version, coalesce(f.reporter, 0)
FROM map.incident f
LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = f.class_kind AND c.code = f.class_code
LEFT JOIN onemap.organisation o ON o.code = f.dept_code
