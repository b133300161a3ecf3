-- Grants name the request that they answer, and may be cut to grids. Holds
-- onemap.layer_grant ACCESS EXCLUSIVE for a moment: columns without a default.

-- +goose Up
ALTER TABLE onemap.layer_grant
    -- Codes of grids of any kind; NULL: all of the grant's area. They narrow
    -- area_code, they do not widen it.
    ADD COLUMN grids   text[] CHECK (cardinality(grids) BETWEEN 1 AND 500 AND array_position(grids, NULL) IS NULL),
    -- The request that it answers (onemap.share_request); NULL: given by hand.
    ADD COLUMN request bigint;
CREATE INDEX layer_grant_request_idx ON onemap.layer_grant (request) WHERE request IS NOT NULL;
