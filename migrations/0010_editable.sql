-- Which layers' features are written one by one, by their owner, over the API.
-- The others have their own ways: incidents are reported and handled, workers
-- tell where they are, grids come in versions, population as a release; roads
-- and boundaries have a network and areas made from them.
-- Locks the registry for a moment.

-- +goose Up
ALTER TABLE onemap.layer ADD COLUMN editable boolean NOT NULL DEFAULT false;
UPDATE onemap.layer SET editable = true WHERE name IN (
    'base_landuse', 'base_water', 'base_waterway', 'base_building', 'base_address', 'base_poi',
    'enterprise', 'inspection', 'asset', 'place');
