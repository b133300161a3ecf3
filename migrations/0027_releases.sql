-- Protected releases: layers of counts of people are served from one release
-- per audience and day, and from nothing else (layers/release).
-- Holds map.population, map.population_od and onemap.layer_field ACCESS
-- EXCLUSIVE for a moment: the new columns have a constant default, no row is
-- written; the indexes on hours are built anew, about a second per million rows.
--
-- What was released before this stays as the release "internal", until
-- `onemap release make` makes the releases of those days.

-- +goose Up

-- Who sees which release, and how it is protected. A floor may be raised, and
-- counts for the releases made after; it may not go below what is written here.
CREATE TABLE onemap.audience (
    name     text PRIMARY KEY CHECK (name IN ('internal', 'staff', 'public')),
    position smallint NOT NULL UNIQUE, -- from the finest release; each is made of the one before
    title_zh text NOT NULL,
    title_en text NOT NULL,
    floor    integer NOT NULL CHECK (floor >= CASE name WHEN 'internal' THEN 10 WHEN 'staff' THEN 20 ELSE 50 END AND floor <= 100000),
    rounding integer NOT NULL CHECK (rounding >= CASE name WHEN 'public' THEN 10 ELSE 5 END AND rounding <= 1000),
    -- Whether the hours from 22 to 6 are shown: they tell where people sleep.
    night    boolean NOT NULL
);
INSERT INTO onemap.audience (name, position, title_zh, title_en, floor, rounding, night) VALUES
    ('internal', 1, '业务内部', 'Those whose duty it is', 10, 5, true),
    ('staff', 2, '跨部门', 'Other departments', 20, 5, true),
    ('public', 3, '公众', 'The public', 50, 10, false);

-- One row a release. A day is released once: a second release of the same day
-- would show what changed between the two. Whoever makes one again withdraws
-- the first, says why, and stands in the audit.
CREATE TABLE onemap.release (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer        text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    audience     text NOT NULL REFERENCES onemap.audience,
    day          date NOT NULL,        -- of the city
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at > starts_at), -- exclusive
    floor        integer NOT NULL,
    rounding     integer NOT NULL,
    shown        integer NOT NULL,     -- counts that it shows
    below        integer NOT NULL,     -- left out: below the floor
    secondary    integer NOT NULL,     -- left out so that no sum tells another
    unplaced     integer NOT NULL,     -- left out: no place, or no line, to show them; at night, for the public
    -- SHA-256 of the counts that it was made of: says whether they changed since.
    digest       bytea NOT NULL CHECK (length(digest) = 32),
    made_at      timestamptz NOT NULL DEFAULT now(),
    made_by      text NOT NULL,
    reason       text NOT NULL DEFAULT '' CHECK (length(reason) <= 400), -- why the day was released again
    withdrawn_at timestamptz,          -- another one took its place
    CONSTRAINT release_once EXCLUDE USING gist (layer WITH =, audience WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (withdrawn_at IS NULL)
);
CREATE INDEX release_day_idx ON onemap.release (layer, day DESC);

ALTER TABLE map.population ADD COLUMN audience text NOT NULL DEFAULT 'internal' CHECK (audience IN ('internal', 'staff', 'public'));
ALTER TABLE map.population_od ADD COLUMN audience text NOT NULL DEFAULT 'internal' CHECK (audience IN ('internal', 'staff', 'public'));
DROP INDEX map.population_hour_idx, map.population_od_hour_idx; -- everyone asks for one audience
CREATE INDEX population_hour_idx ON map.population (audience, hour);
CREATE INDEX population_od_hour_idx ON map.population_od (audience, hour);
CREATE INDEX population_count_hour_idx ON onemap.population_count (hour);
CREATE INDEX population_flow_hour_idx ON onemap.population_flow (hour);

INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('population', 'audience', '发布对象', 'Released for', 'text', 'public', false, 5),
    ('population_od', 'audience', '发布对象', 'Released for', 'text', 'public', false, 5);
