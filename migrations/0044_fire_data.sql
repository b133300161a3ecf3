-- What runs of fire risk were made of is kept, so that they can be made again.
-- Locks nothing for long: the table of runs is short.

-- +goose Up

-- Data cuts by content: places, what happened to them, fires; no column about a
-- person. Kept as long as a run that names it.
CREATE TABLE onemap.fire_content (
    hash    bytea PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of what it unpacks to
    content bytea NOT NULL          -- gzip; see layers/forecast/firerisk/data.go
);
ALTER TABLE onemap.fire_content ALTER COLUMN content SET STORAGE EXTERNAL; -- it is packed already

ALTER TABLE onemap.fire_run
    ALTER COLUMN record TYPE json,  -- letter by letter: the hash is of it
    ADD COLUMN data bytea REFERENCES onemap.fire_content DEFERRABLE INITIALLY DEFERRED, -- NULL: of before, or nothing was read
    ADD COLUMN result_hash bytea CHECK (length(result_hash) = 32); -- SHA-256 of trial and scores
CREATE INDEX ON onemap.fire_run (data) WHERE data IS NOT NULL;
