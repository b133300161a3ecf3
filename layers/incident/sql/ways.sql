-- Seconds on foot from workers to a place, by the road network within the box
-- that holds them all and a kilometre more. Nobody walks on a motorway
-- (foot_cost below 0). Each starts at the crossing next to them.
WITH place AS (
    SELECT ST_SetSRID(ST_MakePoint(@lon, @lat), 4326) AS geom
), w AS (
    SELECT person, geom FROM map.worker WHERE person = ANY(@persons)
), box AS (
    SELECT ST_Expand(ST_Extent(geom), 0.01)::text AS text FROM (SELECT geom FROM w UNION ALL SELECT geom FROM place) x
), goal AS (
    SELECT n.id, ST_Distance(n.geom::geography, place.geom::geography) AS metres
    FROM place, LATERAL (SELECT id, geom FROM map.road_node ORDER BY geom <-> place.geom LIMIT 1) n
), start AS (
    SELECT w.person, n.id, ST_Distance(n.geom::geography, w.geom::geography) AS metres
    FROM w, LATERAL (SELECT id, geom FROM map.road_node ORDER BY geom <-> w.geom LIMIT 1) n
)
SELECT s.person, coalesce(c.agg_cost, 0) + (s.metres + g.metres) * 3.6 / 5
FROM start s CROSS JOIN goal g
LEFT JOIN (SELECT start_vid, agg_cost FROM pgr_dijkstraCost(
    format('SELECT id, source, target, foot_cost AS cost, foot_cost AS reverse_cost FROM map.road_edge
            WHERE foot_cost >= 0 AND geom && ST_SetSRID(%L::box2d::geometry, 4326)', (SELECT text FROM box)),
    (SELECT array_agg(DISTINCT id) FROM start), (SELECT array_agg(id) FROM goal))) c ON c.start_vid = s.id
WHERE c.agg_cost IS NOT NULL OR s.id = g.id
