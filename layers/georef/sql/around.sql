-- What is around some places: metres to the middle of the nearest road and to
-- the nearest building (NULL: none near), whether the road that the row names
-- is near (NULL: it names none).
--
-- Distances are in a plane whose longitudes are shrunk to the place's latitude:
-- over a hundred metres it is as good as the ellipsoid and far faster. The
-- box finds candidates by the index; beyond it nothing counts.
SELECT road.m, building.m, CASE WHEN p.road <> '' THEN coalesce(road.named, false) END
FROM (
    SELECT n, road, cos(radians(y)) AS k, ST_SetSRID(ST_MakePoint(x * cos(radians(y)), y), 4326) AS plane,
           ST_MakeEnvelope(x - @far::float8 / 111320 / cos(radians(y)), y - @far::float8 / 111320, x + @far::float8 / 111320 / cos(radians(y)), y + @far::float8 / 111320, 4326) AS far,
           ST_MakeEnvelope(x - @near::float8 / 111320 / cos(radians(y)), y - @near::float8 / 111320, x + @near::float8 / 111320 / cos(radians(y)), y + @near::float8 / 111320, 4326) AS near
    FROM unnest(@lon::float8[], @lat::float8[], @road::text[]) WITH ORDINALITY AS q(x, y, road, n)
    OFFSET 0 -- the boxes are made once a place
) p
LEFT JOIN LATERAL (
    SELECT min(d) AS m, bool_or(p.road <> '' AND r.name = p.road AND d <= @far) AS named
    FROM (SELECT name, ST_Distance(ST_Scale(r.geom, p.k, 1), p.plane) * 111320 AS d FROM map.base_road r WHERE r.geom && p.far OFFSET 0) r
) road ON true
LEFT JOIN LATERAL (
    SELECT min(ST_Distance(ST_Scale(b.geom, p.k, 1), p.plane)) * 111320 AS m FROM map.base_building b WHERE b.geom && p.near
) building ON true
ORDER BY p.n
