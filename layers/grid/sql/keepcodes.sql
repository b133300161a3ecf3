-- A drawn cell that is the same place as a grid in force, more than half of
-- either, keeps its code, name and class. More than half: so no two cells ask
-- for one code, and no cell for two.
UPDATE onemap.grid_draft_cell c SET code = k.grid_code, was = k.grid_code, fresh = false, name = k.name, area_class = k.area_class
FROM (
    SELECT c.cell, t.grid_code, t.name, t.area_class
    FROM onemap.grid_draft_cell c
    JOIN map.grid t ON t.valid_to IS NULL AND t.area_code = c.community AND t.geom && c.geom,
    LATERAL (SELECT ST_Area(ST_Intersection(t.geom, c.geom)) AS both, ST_Area(t.geom) AS old, ST_Area(c.geom) AS new) a
    WHERE c.draft = @draft AND a.both > 0.5 * a.old AND a.both > 0.5 * a.new
) k
WHERE c.draft = @draft AND c.cell = k.cell
