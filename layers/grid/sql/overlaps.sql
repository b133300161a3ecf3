-- Ground that two grids share. Below a square metre it is rounding of
-- coordinates. A sliver is much longer than wide: area under a hundredth of
-- what a square of its outline would have.
SELECT a.grid_code, b.grid_code, o.m2, o.m2 < 0.01 * (o.m / 4) ^ 2
FROM pg_temp.incoming_grid a
JOIN pg_temp.incoming_grid b ON a.grid_code < b.grid_code AND a.geom && b.geom,
LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS g) x,
LATERAL (SELECT ST_Area(g::geography) AS m2, ST_Perimeter(g::geography) AS m) o
WHERE NOT ST_IsEmpty(g) AND o.m2 >= 1
ORDER BY o.m2 DESC, 1, 2
