-- What a layer's tiles need to be honest at low zooms: the field that counts
-- are broken down by, the field that says which features matter most, and how
-- large a tile's layer may become.
-- Locks the registry for a moment.

-- +goose Up
ALTER TABLE onemap.layer
    -- The field that a cell's counts are given by, and that the filter "class" means.
    ADD COLUMN class_field text,
    -- Where not all features fit, those with the smallest value stay; NULL is last.
    ADD COLUMN rank_field text,
    -- Of the layer in one tile, before compression. NULL: 256.
    ADD COLUMN tile_kib integer CHECK (tile_kib BETWEEN 1 AND 4096);

UPDATE onemap.layer l SET class_field = f.name
FROM (SELECT DISTINCT ON (layer) layer, name FROM onemap.layer_field
      WHERE name IN ('class_code', 'class', 'kind', 'industry')
      ORDER BY layer, array_position(ARRAY['class_code', 'class', 'kind', 'industry'], name)) f
WHERE f.layer = l.name;

UPDATE onemap.layer SET rank_field = 'risk' WHERE name IN ('enterprise', 'inspection');
UPDATE onemap.layer SET rank_field = 'severity' WHERE name = 'incident';
UPDATE onemap.layer SET rank_field = 'level' WHERE name = 'base_boundary';
