-- From which zoom on each class of a base layer is drawn, so that the tile of
-- a whole city holds its main roads and rivers. Locks nothing of length.

-- +goose Up
UPDATE onemap.layer SET style = style || '{"class_minzoom": {
    "motorway_link": 9, "trunk_link": 9, "primary": 8, "primary_link": 11, "secondary": 10, "secondary_link": 12,
    "tertiary": 11, "tertiary_link": 13, "unclassified": 12, "residential": 12, "living_street": 13, "road": 13,
    "service": 14, "track": 14, "pedestrian": 13, "footway": 15, "cycleway": 14, "path": 15, "steps": 15, "bridleway": 15,
    "corridor": 16, "elevator": 16, "platform": 16, "construction": 14, "proposed": 15, "raceway": 14, "bus_stop": 16}}'
WHERE name = 'base_road';
UPDATE onemap.layer SET style = style || '{"class_minzoom": {"canal": 10, "stream": 13, "ditch": 14, "drain": 14, "tidal_channel": 12}}'
WHERE name = 'base_waterway';
