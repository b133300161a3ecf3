-- Workers who could be sent to a place: those who answer for its grid, on duty
-- or not, and the nearest others on duty. Metres are as the crow flies.
WITH grids AS (
    SELECT @grid::text AS code WHERE @grid::text <> ''
    UNION SELECT unnest(ARRAY[duty_code, community_code]) FROM map.grid_unit WHERE grid_code = @grid::text
), of_grid AS (
    SELECT DISTINCT g.person FROM onemap.person_grid g JOIN grids ON g.grid_code = grids.code
), around AS (
    SELECT person, ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(@lon, @lat), 4326)::geography) AS metres FROM map.worker
)
SELECT p.id, p.login, p.name, a.person IS NOT NULL, o.person IS NOT NULL, a.metres
FROM (SELECT person FROM of_grid UNION (SELECT person FROM around ORDER BY metres LIMIT @n)) c
JOIN onemap.person p ON p.id = c.person AND p.active
LEFT JOIN of_grid o ON o.person = p.id
LEFT JOIN around a ON a.person = p.id
WHERE EXISTS (SELECT FROM onemap.person_role r WHERE r.person = p.id AND r.role = 'grid_worker')
ORDER BY o.person IS NULL, a.metres NULLS LAST, p.login
LIMIT 2 * @n
