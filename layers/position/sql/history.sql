-- Every position of a batch. One that was sent before is there already.
INSERT INTO onemap.position (person, at, lon, lat, accuracy_m, grid_code, area_code, crs, orig)
SELECT person, at, lon, lat, accuracy, grid, area, crs, CASE WHEN ox IS NOT NULL THEN point(ox, oy) END
FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[], $4::float8[], $5::real[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::float8[])
     AS u (person, at, lon, lat, accuracy, grid, area, crs, ox, oy)
ON CONFLICT DO NOTHING
