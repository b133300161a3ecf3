-- Holes in the union of all grids: ground between them that is nobody's.
WITH holes AS (
    SELECT ST_MakePolygon(ST_ExteriorRing((r).geom)) AS g
    FROM (SELECT (ST_Dump(ST_Union(geom))).geom AS p FROM pg_temp.incoming_grid) u,
         LATERAL ST_DumpRings(p) r
    WHERE (r).path[1] > 0
), measured AS (
    SELECT ST_Area(g::geography) AS m2, ST_Perimeter(g::geography) AS m FROM holes
)
SELECT count(*), coalesce(sum(m2), 0), count(*) FILTER (WHERE m2 < 0.01 * (m / 4) ^ 2) FROM measured WHERE m2 >= 1
