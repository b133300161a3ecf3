-- A report becomes an incident. The grid is found by the table's trigger, as
-- for every writer. The uuid is the reporter's, the external id another
-- system's: sent again, the row is there already, nothing is written and no
-- row comes back (a report of the same that is just being committed is waited
-- for). Where the case stands is written after it, see Standing.
INSERT INTO map.incident (uuid, class_standard, class_code, severity, description, place, source, state,
    reporter, occurred_at, reported_at, attributes, asset, external_source, external_id, crs, orig, geom)
SELECT @uuid, @standard, @class, @severity, @description, @place, @source, @state,
    @reporter::bigint, coalesce(@occurred_at::timestamptz, t.at), t.at, jsonb_build_object('content', @content::text), @asset::bigint, @external_source, @external_id,
    @crs, CASE WHEN @x::float8 IS NULL THEN NULL ELSE ST_SetSRID(ST_MakePoint(@x, @y), @srid::int) END, @geom
FROM (SELECT coalesce(@now::timestamptz, clock_timestamp()) AS at) t
ON CONFLICT DO NOTHING
RETURNING id, reported_at, grid_code, area_code
