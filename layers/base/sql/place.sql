-- Moves one batch from its raw table into the staging table, each row with the
-- grid it is in: the same answer as map.grid_at gives, found by set. The place
-- of a line or an area is a point on it.
INSERT INTO %[2]s (id, source_key, %[3]s, crs, orig, batch, geom, grid_code, area_code)
SELECT r.id, r.source_key, %[3]s, @crs, r.orig, @batch, r.geom,
       coalesce(u.grid_code, d.grid_code, c.grid_code, ''), coalesce(u.area_code, d.area_code, c.area_code, '')
  FROM (SELECT *, ST_PointOnSurface(geom) AS at FROM %[1]s) r
  LEFT JOIN LATERAL (SELECT g.grid_code, g.area_code FROM map.grid_unit g
                      WHERE g.valid_to IS NULL AND ST_Intersects(g.geom, r.at) ORDER BY 1 LIMIT 1) u ON true
  LEFT JOIN LATERAL (SELECT g.grid_code, g.area_code FROM map.grid_duty g
                      WHERE u.grid_code IS NULL AND g.valid_to IS NULL AND ST_Intersects(g.geom, r.at) ORDER BY 1 LIMIT 1) d ON true
  LEFT JOIN LATERAL (SELECT g.grid_code, g.area_code FROM map.grid_community g
                      WHERE u.grid_code IS NULL AND d.grid_code IS NULL AND g.valid_to IS NULL AND ST_Intersects(g.geom, r.at) ORDER BY 1 LIMIT 1) c ON true
