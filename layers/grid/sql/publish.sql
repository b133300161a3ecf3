-- The versions of the communities of a draft follow each other as in
-- versions.sql, but by community, not by source: all that is in force there
-- and is not in the draft ends. A grid whose outline differs by rounding only
-- and in nothing else stays as it is.
WITH new AS (
    SELECT c.code AS grid_code, c.name, c.community AS area_code, c.area_class, c.kind, c.parent, c.geom,
           coalesce((SELECT u.grid_code FROM map.grid_duty u WHERE u.valid_to IS NULL AND ST_Covers(u.geom, p.at) ORDER BY 1 LIMIT 1), '') AS duty_code,
           coalesce((SELECT u.grid_code FROM map.grid_community u WHERE u.valid_to IS NULL AND u.kind <> 'micro' AND ST_Covers(u.geom, p.at) ORDER BY 1 LIMIT 1), '') AS community_code
    FROM onemap.grid_draft_cell c, LATERAL (SELECT ST_PointOnSurface(c.geom) AS at) p
    WHERE c.draft = @draft
), source AS ( -- whose the community's grids are now; ours where nobody's
    SELECT DISTINCT ON (area_code) area_code, split_part(source_key, ':', 1) AS source
    FROM map.grid t WHERE valid_to IS NULL AND area_code = ANY(@communities) AND source_key IS NOT NULL AND source_key NOT LIKE 'simulate:%'
    GROUP BY 1, 2 ORDER BY 1, count(*) DESC, 2
), here AS (
    SELECT t.id, t.grid_code, t.valid_from, t.geom AS old, n.grid_code IS NULL AS absent,
           (t.name, t.area_code, t.area_class/*,t.extra*/) IS NOT DISTINCT FROM (n.name, n.area_code, n.area_class/*,n.extra*/)
             AND ST_Normalize(ST_SnapToGrid(t.geom, 1e-7)) = ST_Normalize(ST_SnapToGrid(n.geom, 1e-7)) AS same
    FROM map.grid t LEFT JOIN new n USING (grid_code)
    WHERE t.valid_to IS NULL AND (t.area_code = ANY(@communities) OR n.grid_code IS NOT NULL)
), removed AS (
    DELETE FROM map.grid t USING here h WHERE h.id = t.id AND h.absent AND h.valid_from = @from::date RETURNING t.grid_code, t.geom
), ended AS (
    UPDATE map.grid t SET valid_to = @from::date, updated_at = now() FROM here h
    WHERE h.id = t.id AND h.valid_from < @from::date AND (h.absent OR NOT h.same)
    RETURNING t.id, t.grid_code, t.geom
), corrected AS (
    UPDATE map.grid t SET name = n.name, area_code = n.area_code, area_class = n.area_class/*,set extra*/, crs = 'WGS84', orig = NULL, geom = n.geom, updated_at = now()
    FROM here h JOIN new n USING (grid_code)
    WHERE h.id = t.id AND NOT h.same AND h.valid_from = @from::date
    RETURNING ST_Collect(h.old, t.geom) AS geom
), begun AS (
    INSERT INTO map.grid AS t (source_key, grid_code, name, area_code, area_class/*,extra*/, valid_from, crs, geom)
    SELECT coalesce(s.source, 'onemap') || ':' || n.grid_code || ':' || @from, n.grid_code, n.name, n.area_code, n.area_class/*,n.extra*/, @from::date, 'WGS84', n.geom
    FROM new n LEFT JOIN source s USING (area_code) LEFT JOIN here h USING (grid_code)
    LEFT JOIN (SELECT count(*) AS n FROM ended) e ON true LEFT JOIN (SELECT count(*) AS n FROM removed) r ON true
    WHERE h.id IS NULL OR NOT h.same AND h.valid_from < @from::date AND e.n >= 0 AND r.n >= 0
    ORDER BY n.grid_code
    RETURNING t.geom
), touched AS (
    SELECT geom FROM removed UNION ALL SELECT geom FROM ended UNION ALL SELECT geom FROM corrected UNION ALL SELECT geom FROM begun
), lost AS (
    SELECT grid_code FROM here WHERE absent
), extent AS (SELECT ST_Extent(geom) AS e FROM touched)
SELECT (SELECT count(*) FROM begun), (SELECT count(*) FROM corrected), (SELECT count(*) FROM here WHERE same),
       (SELECT count(*) FROM ended) + (SELECT count(*) FROM removed), (SELECT count(*) FROM lost),
       (SELECT count(*) FROM onemap.person_grid p JOIN lost USING (grid_code)),
       (SELECT count(*) FROM onemap.class_rule r JOIN lost l ON l.grid_code = r.grid_code WHERE r.ended_at IS NULL),
       ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
FROM extent
