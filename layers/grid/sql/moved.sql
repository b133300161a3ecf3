-- A code is never reused for another place: a new version must share at least a
-- tenth of the smaller area with the last one. Nor may a file take over the
-- grids of another source.
WITH last AS (
    SELECT DISTINCT ON (grid_code) grid_code, geom, source_key, valid_to FROM map.grid t ORDER BY grid_code, valid_from DESC
)
DELETE FROM pg_temp.incoming_grid i USING last t
WHERE t.grid_code = i.grid_code
  AND (t.valid_to IS NULL AND t.source_key NOT LIKE @source || ':%'
       OR ST_Area(ST_Intersection(t.geom, i.geom)) < 0.1 * least(ST_Area(t.geom), ST_Area(i.geom)))
RETURNING i.line, i.grid_code, 'grid_code',
          CASE WHEN t.valid_to IS NULL AND t.source_key NOT LIKE @source || ':%'
               THEN 'a grid of another source has this code' ELSE 'this code belonged to another place; codes are never used again' END
