-- Requests of Open311 are listed by the time of their report, by anyone: without
-- an index each such list reads all cases. Blocks writers of map.incident while
-- it is built, about two seconds for a million cases.

-- +goose Up
CREATE INDEX incident_reported_idx ON map.incident (reported_at, id);
