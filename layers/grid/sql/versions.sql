-- The versions follow each other: what differs ends on the day and begins anew,
-- what differs from a version of the same day corrects it, and what the file
-- leaves out ends. "begun" joins the count of "ended", so that old versions
-- have ended before the exclusion constraint looks at the new ones.
WITH here AS (
    SELECT t.id, t.grid_code, t.valid_from, t.geom AS old,
           i.line, i.line IS NULL AS absent,
           (t.name, t.area_code, t.area_class, t.crs, t.orig/*,t.extra*/) IS NOT DISTINCT FROM (i.name, i.area_code, i.area_class, @crs::text, i.orig/*,i.extra*/)
             AND t.geom = i.geom AS same
    FROM map.grid t LEFT JOIN pg_temp.incoming_grid i USING (grid_code)
    WHERE t.valid_to IS NULL AND t.source_key LIKE @source || ':%'
), removed AS (
    -- In force since today only: it never was.
    DELETE FROM map.grid t USING here h
    WHERE h.id = t.id AND h.absent AND @close AND h.valid_from = @from::date
    RETURNING t.geom
), ended AS (
    UPDATE map.grid t SET valid_to = @from::date, updated_at = now() FROM here h
    WHERE h.id = t.id AND h.valid_from < @from::date AND (h.absent AND @close OR NOT h.absent AND NOT h.same)
    RETURNING t.id, t.grid_code, t.geom
), corrected AS (
    UPDATE map.grid t SET name = i.name, area_code = i.area_code, area_class = i.area_class/*,set extra*/,
           crs = @crs, orig = i.orig, geom = i.geom, batch = @batch, updated_at = now()
    FROM here h JOIN pg_temp.incoming_grid i USING (grid_code)
    WHERE h.id = t.id AND NOT h.same AND h.valid_from = @from::date
    RETURNING ST_Collect(h.old, t.geom) AS geom
), begun AS (
    INSERT INTO map.grid AS t (source_key, grid_code, name, area_code, area_class/*,extra*/, valid_from, crs, orig, batch, geom)
    SELECT @source || ':' || i.grid_code || ':' || @from, i.grid_code, i.name, i.area_code, i.area_class/*,i.extra*/, @from::date, @crs, i.orig, @batch, i.geom
    FROM pg_temp.incoming_grid i LEFT JOIN here h USING (grid_code) LEFT JOIN (SELECT count(*) AS n FROM ended) e ON true
    WHERE h.id IS NULL OR NOT h.same AND h.valid_from < @from::date AND e.n >= 0
    ORDER BY i.grid_code
    RETURNING t.geom
), touched AS (
    SELECT geom FROM removed UNION ALL SELECT geom FROM ended UNION ALL SELECT geom FROM corrected UNION ALL SELECT geom FROM begun
), extent AS (SELECT ST_Extent(geom) AS e FROM touched)
SELECT (SELECT count(*) FROM begun), (SELECT count(*) FROM corrected), (SELECT count(*) FROM here WHERE same),
       (SELECT count(*) FROM ended) + (SELECT count(*) FROM removed),
       ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
FROM extent
