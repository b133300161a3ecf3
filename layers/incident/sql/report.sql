-- A report becomes an incident. The grid is found by the table's trigger, as
-- for every writer. The uuid is the reporter's: sent again, the row is there
-- already, nothing is written and no row comes back (a report of the same uuid
-- that is just being committed is waited for).
INSERT INTO map.incident (uuid, class_standard, class_code, severity, description, place, source, state, dept_code,
    reporter, occurred_at, attributes, crs, orig, geom)
VALUES (@uuid, @standard, @class, @severity, @description, @place, @source, 'reported', @dept,
    @reporter, coalesce(@occurred_at::timestamptz, now()), jsonb_build_object('content', @content::text),
    @crs, CASE WHEN @x::float8 IS NULL THEN NULL ELSE ST_SetSRID(ST_MakePoint(@x, @y), @srid::int) END, @geom)
ON CONFLICT (uuid) DO NOTHING
RETURNING id
