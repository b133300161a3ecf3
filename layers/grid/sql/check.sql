-- What may be wrong with grids: pg_temp.checked (code, cell, community, stated,
-- kind, geom) on the ground pg_temp.checked_ground (community, geom). Each
-- answer is kind, cell, code, other, square metres, a place. Areas are on the
-- ellipsoid. A centimetre is rounding: what is nowhere wider counts as nothing.
WITH plain AS (
    SELECT * FROM pg_temp.checked WHERE kind <> 'micro'
), wide AS MATERIALIZED ( -- pieces of ground that are more than rounding
    SELECT x.kind, x.community, x.g, ST_Area(x.g::geography) AS m2
    FROM (
        SELECT CASE WHEN side = 1 THEN 'gap' ELSE 'outside' END AS kind, u.community,
               (ST_Dump(CASE WHEN side = 1 THEN ST_Difference(u.ground, u.cells) ELSE ST_Difference(u.cells, u.ground) END)).geom AS g
        FROM (SELECT g.community, g.geom AS ground, coalesce(ST_Union(p.geom), ST_SetSRID('POLYGON EMPTY'::geometry, 4326)) AS cells
              FROM pg_temp.checked_ground g LEFT JOIN plain p USING (community) GROUP BY g.community, g.geom) u,
        LATERAL (VALUES (1), (2)) s(side)
    ) x
    WHERE ST_Dimension(x.g) = 2 AND NOT ST_IsEmpty(x.g) AND ST_Area(x.g::geography) > greatest(0.5, 0.015 * ST_Perimeter(x.g::geography))
), size AS (
    SELECT code, cell, geom, ln(ST_Area(geom::geography)) AS l, stated, ST_Area(geom::geography) AS m2 FROM plain WHERE NOT ST_IsEmpty(geom)
), spread AS (
    SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY l) AS q1, percentile_cont(0.75) WITHIN GROUP (ORDER BY l) AS q3 FROM size
), road AS ( -- roads end at a cell's edge or run along it
    SELECT p.cell, p.code, p.geom FROM plain p
    WHERE EXISTS (SELECT FROM map.base_road)
      AND NOT EXISTS (SELECT FROM map.base_road r WHERE r.geom && ST_Expand(p.geom, 0.00005) AND ST_DWithin(r.geom, p.geom, 0.00005))
), found AS (
    SELECT kind, NULL::bigint AS cell, community AS code, '' AS other, m2, ST_PointOnSurface(g) AS at FROM wide
    UNION ALL
    SELECT 'overlap', a.cell, a.code, b.code, ST_Area(o.g::geography), ST_PointOnSurface(o.g)
    FROM plain a JOIN plain b ON a.cell < b.cell AND a.geom && b.geom AND ST_Relate(a.geom, b.geom, '2********'),
    LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS g) o
    WHERE NOT ST_IsEmpty(o.g) AND ST_Area(o.g::geography) > greatest(0.5, 0.015 * ST_Perimeter(o.g::geography))
    UNION ALL
    SELECT 'overlap', a.cell, a.code, b.code, ST_Area(o.g::geography), ST_PointOnSurface(o.g)
    FROM pg_temp.checked a JOIN pg_temp.checked b ON a.cell < b.cell AND a.kind = 'micro' AND b.kind = 'micro' AND a.geom && b.geom AND ST_Relate(a.geom, b.geom, '2********'),
    LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS g) o
    WHERE NOT ST_IsEmpty(o.g) AND ST_Area(o.g::geography) > greatest(0.5, 0.015 * ST_Perimeter(o.g::geography))
    UNION ALL -- nowhere four metres wide
    SELECT 'sliver', cell, code, '', ST_Area(geom::geography), ST_PointOnSurface(geom) FROM plain
    WHERE ST_IsEmpty(ST_Buffer(ST_Scale(geom, 111320 * cos(radians(ST_YMin(geom))), 110900), -2, 'quad_segs=2'))
    UNION ALL
    SELECT 'in_parts', cell, code, '', ST_Area(geom::geography), ST_PointOnSurface(geom) FROM plain WHERE ST_NumGeometries(geom) > 1
    UNION ALL
    SELECT 'invalid', cell, code, ST_IsValidReason(geom), 0, ST_PointN(ST_ExteriorRing(ST_GeometryN(geom, 1)), 1) FROM pg_temp.checked WHERE NOT ST_IsValid(geom)
    UNION ALL
    SELECT 'code_prefix', cell, code, community, 0, ST_PointOnSurface(geom) FROM pg_temp.checked WHERE NOT code ^@ community
    UNION ALL
    SELECT 'code_community', c.cell, c.code, g.community, 0, ST_PointOnSurface(c.geom) FROM pg_temp.checked c
    JOIN pg_temp.checked_ground g ON g.community <> c.community AND ST_Covers(g.geom, ST_PointOnSurface(c.geom))
    UNION ALL
    SELECT 'code_twice', max(cell), code, '', 0, ST_PointOnSurface((array_agg(geom))[1]) FROM pg_temp.checked GROUP BY code HAVING count(*) > 1
    UNION ALL
    SELECT 'code_form', cell, code, @pattern, 0, ST_PointOnSurface(geom) FROM pg_temp.checked WHERE @pattern <> '' AND code !~ @pattern
    UNION ALL
    SELECT 'stated_area', cell, code, '', m2, ST_PointOnSurface(geom) FROM size WHERE stated > 0 AND abs(stated - m2) > greatest(1, 0.002 * m2)
    UNION ALL -- three times the spread of the middle half, by ratio
    SELECT CASE WHEN l < q1 THEN 'area_small' ELSE 'area_large' END, cell, code, '', m2, ST_PointOnSurface(geom) FROM size, spread
    WHERE l < q1 - 3 * greatest(q3 - q1, 0.3) OR l > q3 + 3 * greatest(q3 - q1, 0.3)
    UNION ALL
    SELECT 'cuts_building', NULL, min(x.code), max(x.code) || ' #' || b.id, min(x.m2), ST_PointOnSurface(b.geom)
    FROM map.base_building b JOIN LATERAL (
        SELECT p.code, p.community, ST_Area(ST_Intersection(p.geom, b.geom)::geography) AS m2 FROM plain p WHERE p.geom && b.geom AND ST_Intersects(p.geom, b.geom) AND NOT ST_Covers(p.geom, b.geom)
    ) x ON x.m2 > 0.5
    WHERE @buildings AND b.geom && (SELECT ST_SetSRID(ST_Extent(geom)::geometry, 4326) FROM plain)
    GROUP BY b.id, b.geom, x.community HAVING count(*) > 1
    UNION ALL
    SELECT 'no_road', cell, code, '', 0, ST_PointOnSurface(geom) FROM road
    UNION ALL
    SELECT 'micro_parent', c.cell, c.code, c.parent, 0, ST_PointOnSurface(c.geom) FROM pg_temp.checked c
    WHERE c.kind = 'micro' AND NOT EXISTS (SELECT FROM pg_temp.checked p WHERE p.code = c.parent AND p.kind <> 'micro' AND ST_Covers(p.geom, ST_PointOnSurface(c.geom)))
)
SELECT kind, coalesce(cell, 0), code, other, round(m2::numeric, 2)::float8, at FROM found ORDER BY kind, m2 DESC, code, cell
