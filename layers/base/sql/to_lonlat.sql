-- A geometry as longitude and latitude; NULL where PROJ cannot, or gives what
-- is not on Earth. One feature's fault must not stop the rest.
CREATE OR REPLACE FUNCTION pg_temp.to_lonlat(g geometry) RETURNS geometry LANGUAGE plpgsql AS $$
DECLARE
    r geometry;
BEGIN
    r := ST_Transform(g, 4326);
    -- NaN is larger than every number here, so it fails too.
    RETURN CASE WHEN ST_XMin(r) >= -180 AND ST_XMax(r) <= 180 AND ST_YMin(r) >= -90 AND ST_YMax(r) <= 90 THEN r END;
EXCEPTION WHEN internal_error THEN
    RETURN NULL;
END $$
