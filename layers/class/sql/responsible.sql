-- The grids that a rule may name: the grid itself, and the responsibility and
-- community grids that it says it is part of. Each is found by its own index.
WITH own AS MATERIALIZED (
    SELECT duty_code AS duty, community_code AS community FROM map.grid_unit WHERE grid_code = @grid AND @grid <> '' AND valid_to IS NULL
    UNION ALL
    SELECT '', community_code FROM map.grid_duty WHERE grid_code = @grid AND @grid <> '' AND valid_to IS NULL
    LIMIT 1
),
chain (grid, rank) AS (
    SELECT @grid::text, 1 UNION ALL
    SELECT duty, 2 FROM own WHERE duty <> '' UNION ALL
    SELECT community, 3 FROM own WHERE community <> '' UNION ALL
    SELECT '', 4
)
SELECT dept, by, rule FROM (
    SELECT r.dept, CASE WHEN r.learnt THEN 'learnt' ELSE 'rule' END AS by, r.id AS rule, min(c.rank) AS rank, length(r.area_code) AS fine
    FROM onemap.class_rule r JOIN chain c ON c.grid = r.grid_code
    WHERE r.standard = @standard AND r.code = @code AND r.ended_at IS NULL AND starts_with(@area::text, r.area_code)
    GROUP BY r.id
    UNION ALL
    SELECT a.dept_code, 'asset', 0, 5, 0 FROM map.asset a JOIN onemap.organisation o ON o.code = a.dept_code WHERE a.id = @asset
    UNION ALL
    SELECT dept, 'class', 0, 6, 0 FROM onemap.class WHERE standard = @standard AND kind = 'matter' AND code = @code AND dept IS NOT NULL
) answers
ORDER BY rank, fine DESC
LIMIT 1
