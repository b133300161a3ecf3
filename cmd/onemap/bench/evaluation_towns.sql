-- A county of 14 towns with 20 communities each, and 20 departments.
INSERT INTO onemap.area (code, level, name_zh, name_en) VALUES ('330782', 'county', '测试县', 'County');
INSERT INTO onemap.area (code, parent, level, name_zh, name_en)
    SELECT '330782' || lpad(t::text, 3, '0'), '330782', 'town', '镇' || t, 'Town ' || t FROM generate_series(1, 14) t;
INSERT INTO onemap.area (code, parent, level, name_zh, name_en)
    SELECT '330782' || lpad(t::text, 3, '0') || lpad(c::text, 3, '0'), '330782' || lpad(t::text, 3, '0'), 'community', '社区' || c, 'Community ' || c
    FROM generate_series(1, 14) t, generate_series(1, 20) c;
INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en)
    SELECT 'dept-' || d, 'county', 'department', '330782', '部门' || d, 'Department ' || d FROM generate_series(1, 20) d;
