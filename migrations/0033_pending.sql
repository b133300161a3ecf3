-- What a department asked for and nobody answered travels with live events and
-- exports, so that it waits on every dispatcher's screen at once. One row.

-- +goose Up
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('incident', 'pending', '待批申请', 'Asked for', 'text', 'internal', false, 69);
