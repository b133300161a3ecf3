-- The release of flows between grids. Primary suppression: flows below the floor.
-- Secondary: where of a grid's flows of one hour and direction exactly one is
-- left out, the smallest released one goes too, or the grid's total less the
-- rest would tell it. One round each way; rounding hides what remains.
WITH grids AS MATERIALIZED (
    SELECT grid_code, area_code, ST_PointOnSurface(geom) AS at
    FROM (SELECT DISTINCT ON (grid_code) * FROM (
            SELECT 1 AS kind, grid_code, area_code, geom FROM map.grid_unit WHERE valid_to IS NULL
            UNION ALL SELECT 2, grid_code, area_code, geom FROM map.grid_duty WHERE valid_to IS NULL
            UNION ALL SELECT 3, grid_code, area_code, geom FROM map.grid_community WHERE valid_to IS NULL) k
          ORDER BY grid_code, kind) g
), flows AS (
    SELECT from_grid, to_grid, hour, sum(n)::integer AS n FROM onemap.population_flow
    GROUP BY from_grid, to_grid, hour HAVING sum(n) > 0
), judged AS (
    SELECT *, n >= @k AS shown,
           count(*) FILTER (WHERE n < @k) OVER (PARTITION BY hour, from_grid) AS hidden_from,
           count(*) FILTER (WHERE n < @k) OVER (PARTITION BY hour, to_grid) AS hidden_to,
           -- The smallest shown one is first; equal ones in the order of codes, so that a repeat gives the same.
           row_number() OVER (PARTITION BY hour, from_grid, n >= @k ORDER BY n, to_grid) AS rank_from,
           row_number() OVER (PARTITION BY hour, to_grid, n >= @k ORDER BY n, from_grid) AS rank_to
    FROM flows
), decided AS (
    SELECT *, shown AND (hidden_from = 1 AND rank_from = 1 OR hidden_to = 1 AND rank_to = 1) AS secondary FROM judged
), released AS (
    SELECT 'release:' || d.from_grid || '>' || d.to_grid || ':' || to_char(hour AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MI') AS key,
           d.from_grid, d.to_grid, hour, (round(n::numeric / @round) * @round)::integer AS n, a.area_code, ST_MakeLine(a.at, b.at) AS line
    FROM decided d JOIN grids a ON a.grid_code = d.from_grid JOIN grids b ON b.grid_code = d.to_grid
    WHERE shown AND NOT secondary AND from_grid <> to_grid
), kept AS (
    INSERT INTO %s (id, source_key, hour, from_grid, to_grid, n, grid_code, area_code, batch, geom)
    SELECT coalesce(p.id, nextval(pg_get_serial_sequence('map.population_od', 'id'))), r.key, r.hour, r.from_grid, r.to_grid, r.n, r.from_grid, r.area_code, @batch, r.line
    FROM released r LEFT JOIN map.population_od p ON p.source_key = r.key
    ORDER BY r.hour, r.from_grid, r.to_grid
    RETURNING 1
)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM decided WHERE NOT shown),
       (SELECT count(*) FROM decided WHERE secondary), (SELECT count(*) FROM decided WHERE shown AND NOT secondary AND from_grid = to_grid)
