-- The release of counts by grid and hour. A feature keeps the id of its key.
WITH grids AS MATERIALIZED ( -- or the outlines are measured once a row
    SELECT grid_code, area_code, ST_PointOnSurface(geom) AS at, ST_Area(geom::geography) / 1e6 AS km2
    FROM (SELECT DISTINCT ON (grid_code) * FROM (
            SELECT 1 AS kind, grid_code, area_code, geom FROM map.grid_unit WHERE valid_to IS NULL
            UNION ALL SELECT 2, grid_code, area_code, geom FROM map.grid_duty WHERE valid_to IS NULL
            UNION ALL SELECT 3, grid_code, area_code, geom FROM map.grid_community WHERE valid_to IS NULL) k
          ORDER BY grid_code, kind) g
), counts AS (
    SELECT grid_code, hour, sum(n)::integer AS n FROM onemap.population_count GROUP BY grid_code, hour HAVING sum(n) > 0
), placed AS (
    SELECT c.*, g.area_code, g.at, g.km2 FROM counts c JOIN grids g USING (grid_code)
), released AS (
    SELECT 'release:' || grid_code || ':' || to_char(hour AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MI') AS key,
           grid_code, area_code, hour, at, km2, (round(n::numeric / @round) * @round)::integer AS n
    FROM placed WHERE n >= @k
), kept AS (
    INSERT INTO %s (id, source_key, hour, n, density_km2, grid_code, area_code, batch, geom)
    SELECT coalesce(p.id, nextval(pg_get_serial_sequence('map.population', 'id'))), r.key, r.hour, r.n, r.n / r.km2, r.grid_code, r.area_code, @batch, r.at
    FROM released r LEFT JOIN map.population p ON p.source_key = r.key
    ORDER BY r.hour, r.grid_code
    RETURNING 1
)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM placed WHERE n < @k),
       (SELECT count(*) FROM counts) - (SELECT count(*) FROM placed)
