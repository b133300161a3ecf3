-- The latest place of each worker of a batch. Their rows are locked.
UPDATE map.worker w
SET name = u.name, org = u.org, accuracy_m = u.accuracy, crs = u.crs, geom = ST_Point(u.lon, u.lat, 4326),
    orig = CASE WHEN u.ox IS NOT NULL THEN ST_Point(u.ox, u.oy, u.srid) END,
    at = u.at, grid_code = u.grid, area_code = u.area, fences = string_to_array(u.fences, ' '),
    seen_at = now(), updated_at = now()
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::real[], $5::text[], $6::float8[], $7::float8[], $8::timestamptz[],
            $9::text[], $10::text[], $11::text[], $12::int[], $13::float8[], $14::float8[])
     AS u (person, name, org, accuracy, crs, lon, lat, at, grid, area, fences, srid, ox, oy)
WHERE w.person = u.person
