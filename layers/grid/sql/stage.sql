-- Not ON COMMIT DROP alone: a second import on the same connection begins anew.
DROP TABLE IF EXISTS pg_temp.incoming_grid;
CREATE TEMP TABLE incoming_grid (
    line integer NOT NULL, grid_code text NOT NULL, name text NOT NULL, area_code text NOT NULL,
    duty_code text NOT NULL, community_code text NOT NULL, area_class text NOT NULL,
    orig geometry, geom geometry(MultiPolygon, 4326) NOT NULL
) ON COMMIT DROP
