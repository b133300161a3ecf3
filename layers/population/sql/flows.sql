-- A day's rows of the layer population_od become those of new_flows; equal rows
-- are not written, and a row keeps the id of its key.
WITH old AS MATERIALIZED (
    SELECT id, source_key AS key FROM map.population_od WHERE hour >= @from AND hour < @to
), lines AS MATERIALIZED (
    SELECT *, ST_MakeLine(ST_SetSRID(ST_MakePoint(lon, lat), 4326), ST_SetSRID(ST_MakePoint(to_lon, to_lat), 4326)) AS line FROM new_flows
), gone AS (
    DELETE FROM map.population_od p USING old o WHERE p.id = o.id AND NOT EXISTS (SELECT FROM lines n WHERE n.key = o.key)
), changed AS (
    UPDATE map.population_od p SET n = c.n, area_code = c.area_code, batch = @batch, geom = c.line
    FROM old o JOIN lines c USING (key)
    WHERE p.id = o.id AND ((p.n, p.area_code) IS DISTINCT FROM (c.n, c.area_code) OR NOT ST_OrderingEquals(p.geom, c.line))
)
INSERT INTO map.population_od (source_key, audience, hour, from_grid, to_grid, n, grid_code, area_code, batch, geom)
SELECT key, audience, hour, grid_code, to_grid, n, grid_code, area_code, @batch, line
FROM lines n WHERE NOT EXISTS (SELECT FROM old o WHERE o.key = n.key)
ORDER BY audience, hour, grid_code, to_grid
