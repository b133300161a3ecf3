-- Addresses are found by their text. Builds indexes on the base library's
-- addresses, roads, places of interest, buildings and boundaries, and on the
-- grids: each table is closed to writers while its indexes are built, a few
-- seconds for a large city.
--
-- Nothing is copied: what is found is the layers' rows themselves, so that an
-- address changed by anyone's SQL is found by its new text at once.

-- +goose Up

-- address_grams are the pairs of neighbouring characters of a text, small
-- letters, with '^' before each word: a text holds another only if it has all
-- of its grams, and words that begin with a character have '^' and that. Pairs,
-- because Chinese names have two characters, where trigrams find nothing.
-- +goose StatementBegin
CREATE FUNCTION onemap.address_grams(t text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT AS $$
    SELECT coalesce(array_agg(DISTINCT g), '{}') FROM (
        SELECT substr(s, i, 2) AS g
        FROM (SELECT '^' || regexp_replace(lower(btrim(left(t, 120))), '\s+', '^', 'g') AS s) q, generate_series(1, length(s) - 1) i) p
    WHERE g !~ '\^$'
$$;

-- house_number is the number of a house as a number: 12 of "12号", "12-1" and
-- "12A"; NULL where there is none.
CREATE FUNCTION onemap.house_number(t text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURNS NULL ON NULL INPUT AS $$
    SELECT substring(t FROM '[0-9]{1,6}')::integer
$$;
-- +goose StatementEnd

CREATE INDEX base_address_street_idx ON map.base_address (street text_pattern_ops, onemap.house_number(number)) WHERE street <> '';
CREATE INDEX base_address_name_idx ON map.base_address USING gin (onemap.address_grams(name)) WHERE name <> '';
CREATE INDEX base_road_name_idx ON map.base_road USING gin (onemap.address_grams(name || ' ' || name_en)) WHERE name <> '';
CREATE INDEX base_road_exact_idx ON map.base_road (name text_pattern_ops) WHERE name <> '';
CREATE INDEX base_poi_name_idx ON map.base_poi USING gin (onemap.address_grams(name || ' ' || name_en)) WHERE name <> '';
CREATE INDEX base_building_name_idx ON map.base_building USING gin (onemap.address_grams(name)) WHERE name <> '';
CREATE INDEX base_boundary_name_idx ON map.base_boundary USING gin (onemap.address_grams(name || ' ' || name_en)) WHERE name <> '';
CREATE INDEX grid_unit_name_idx ON map.grid_unit USING gin (onemap.address_grams(name || ' ' || grid_code)) WHERE valid_to IS NULL;
CREATE INDEX grid_duty_name_idx ON map.grid_duty USING gin (onemap.address_grams(name || ' ' || grid_code)) WHERE valid_to IS NULL;
CREATE INDEX grid_community_name_idx ON map.grid_community USING gin (onemap.address_grams(name || ' ' || grid_code)) WHERE valid_to IS NULL;
