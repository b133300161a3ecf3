-- The cells of the lattice: each grid in force with a point inside it, and its
-- size. Where two kinds have one code, the finest counts.
SELECT DISTINCT ON (grid_code) grid_code, area_code, ST_X(at), ST_Y(at), km2
FROM (SELECT kind, grid_code, area_code, ST_PointOnSurface(geom) AS at, ST_Area(geom::geography) / 1e6 AS km2 FROM (
        SELECT 1 AS kind, grid_code, area_code, geom FROM map.grid_unit WHERE valid_to IS NULL
        UNION ALL SELECT 2, grid_code, area_code, geom FROM map.grid_duty WHERE valid_to IS NULL
        UNION ALL SELECT 3, grid_code, area_code, geom FROM map.grid_community WHERE valid_to IS NULL) k) g
ORDER BY grid_code, kind
