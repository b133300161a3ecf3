-- The flow of cases: numbers without a row that all filings would wait for, and
-- what the second wave of columns of map.incident lacked. Holds map.incident
-- ACCESS EXCLUSIVE for a moment (a column with a constant default) and builds
-- small partial indexes.

-- +goose Up

-- The serial of a case's number (案卷号). It goes round: 99,999 filings lie
-- between two uses of a serial, and county and day stand before it.
CREATE SEQUENCE onemap.case_serial MINVALUE 1 MAXVALUE 99999 CYCLE CACHE 1;

ALTER TABLE map.incident ADD COLUMN appealed boolean NOT NULL DEFAULT false; -- 申诉: once a case
-- What the sweep looks at every half minute: clocks that are yellow or red and not told of to the end.
CREATE INDEX incident_warn_idx ON map.incident (warn_at) WHERE warn_at IS NOT NULL AND escalation < 3;
CREATE INDEX incident_merged_idx ON map.incident (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX incident_pending_idx ON map.incident (pending) WHERE pending <> '';

-- Photos say when and where they were taken, where the phone told it: they are
-- stripped of what the camera wrote into them.
ALTER TABLE onemap.incident_photo
    ADD COLUMN taken_at timestamptz,
    ADD COLUMN geom geometry(Point, 4326),
    ADD COLUMN by text NOT NULL DEFAULT '';  -- login of who attached it; '' the reporter

-- A case is long overdue when it has taken its limit a second time, and at
-- least these minutes.
INSERT INTO onemap.setting (key, value) VALUES ('case.long_overdue_minutes', '60') ON CONFLICT DO NOTHING;
