-- A day's rows of the layer population become those of new_counts; equal rows
-- are not written, and a row keeps the id of its key.
WITH old AS MATERIALIZED (
    SELECT id, source_key AS key FROM map.population WHERE hour >= @from AND hour < @to
), gone AS (
    DELETE FROM map.population p USING old o WHERE p.id = o.id AND NOT EXISTS (SELECT FROM new_counts n WHERE n.key = o.key)
), changed AS (
    UPDATE map.population p SET n = c.n, density_km2 = c.n / c.km2, area_code = c.area_code, batch = @batch,
        geom = ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326)
    FROM old o JOIN new_counts c USING (key)
    WHERE p.id = o.id AND (p.n, p.density_km2, p.area_code, ST_X(p.geom), ST_Y(p.geom)) IS DISTINCT FROM (c.n, (c.n / c.km2)::real, c.area_code, c.lon, c.lat)
)
INSERT INTO map.population (source_key, audience, hour, n, density_km2, grid_code, area_code, batch, geom)
SELECT key, audience, hour, n, n / km2, grid_code, area_code, @batch, ST_SetSRID(ST_MakePoint(lon, lat), 4326)
FROM new_counts n WHERE NOT EXISTS (SELECT FROM old o WHERE o.key = n.key)
ORDER BY audience, hour, grid_code
