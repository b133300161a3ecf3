-- Lengths on the ellipsoid, and costs in seconds from them: pgRouting takes a
-- negative cost for a closed direction.
INSERT INTO %[2]s (id, road, source, target, length_m, cost, reverse_cost, foot_cost, class, geom)
SELECT id, road, source, target, m,
       CASE WHEN forward_kmh > 0 THEN m * 3.6 / forward_kmh ELSE -1 END,
       CASE WHEN backward_kmh > 0 THEN m * 3.6 / backward_kmh ELSE -1 END,
       CASE WHEN foot_kmh > 0 THEN m * 3.6 / foot_kmh ELSE -1 END,
       class, geom
  FROM (SELECT *, ST_Length(geom::geography) AS m FROM %[1]s) r
