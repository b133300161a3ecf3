INSERT INTO map.fence_event (person, name, org, fence, fence_name, what, why, accuracy_m, at, geom, grid_code, area_code, crs)
SELECT person, name, org, fence, title, what, why, accuracy, at, ST_Point(lon, lat, 4326), grid, area, crs
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::real[], $9::timestamptz[],
            $10::float8[], $11::float8[], $12::text[], $13::text[], $14::text[])
     AS u (person, name, org, fence, title, what, why, accuracy, at, lon, lat, grid, area, crs)
