-- Extensions, the two schemas, and the helpers that every table uses.
-- Locks nothing: the database is new.
--
-- onemap: who, by what right, and what happened (people, registry, audit).
-- map:    one real table a layer, for QGIS, ogr2ogr and SQL as for onemap.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pgrouting;
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE SCHEMA IF NOT EXISTS onemap;
CREATE SCHEMA IF NOT EXISTS map;

-- What an administrator sets for the whole city, such as the pattern of unit
-- grid codes.
CREATE TABLE onemap.setting (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);
INSERT INTO onemap.setting (key, value) VALUES
    ('city.name', '{"zh": "未命名", "en": "Unnamed"}'),
    -- GB/T 30428.1: 6 county + 3 town + 3 community + 3 sequence.
    ('grid.unit.code_pattern', '"^[0-9]{15}$"');

-- +goose StatementBegin
CREATE FUNCTION onemap.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd

-- crs_ok says whether a declared coordinate system has a name onemap knows.
CREATE FUNCTION onemap.crs_ok(crs text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN crs IN ('WGS84', 'CGCS2000', 'GCJ02', 'BD09') OR crs ~ '^EPSG:[0-9]{4,6}$';
