-- Rows that are pushed by departments' systems, and sources that onemap pulls
-- from by a schedule. Locks nothing: new tables.

-- +goose Up

-- A push that bore an Idempotency-Key: sent again, it is answered as then. Kept for a week.
CREATE TABLE onemap.push (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org     text NOT NULL,
    layer   text NOT NULL,
    key     text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    params  text NOT NULL,           -- how it was to be read: the same key with others is another push
    sha256  bytea NOT NULL CHECK (length(sha256) = 32), -- of the body
    answer  bytea NOT NULL,          -- lines, gzip; of a very large one the last line only
    at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (org, layer, key)
);
CREATE INDEX ON onemap.push (at);

-- A source of a department: where rows come from, into which layer, how often.
-- It acts with the rights that its keeper has at each run.
CREATE TABLE onemap.pull (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org        text NOT NULL REFERENCES onemap.organisation,
    title      text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    kind       text NOT NULL CHECK (kind IN ('postgres', 'ogc', 'arcgis', 'file')),
    place      jsonb NOT NULL CHECK (jsonb_typeof(place) = 'object' AND pg_column_size(place) <= 65536), -- address, database, query; never a secret
    layer      text NOT NULL DEFAULT '',  -- '': not known yet, it was not mapped
    plan       jsonb,                     -- how rows become the layer's; NULL: as the organisation last read such columns
    every      interval NOT NULL CHECK (every BETWEEN interval '1 minute' AND interval '31 days'),
    active     boolean NOT NULL DEFAULT true,
    keeper     bigint NOT NULL REFERENCES onemap.person,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    next_at    timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    -- What the source said of its last state, so as not to be asked twice.
    etag       text NOT NULL DEFAULT '',
    modified   text NOT NULL DEFAULT '',
    sha256     bytea,
    batch      bigint,                    -- the last one that was applied
    heard_at   timestamptz NOT NULL DEFAULT now(), -- it last answered well; at first, when it was set up
    news_at    timestamptz NOT NULL DEFAULT now()  -- it last had something new
);
CREATE INDEX pull_due_idx ON onemap.pull (next_at) WHERE active AND ended_at IS NULL;
CREATE INDEX pull_org_idx ON onemap.pull (org);

-- What a source asks for before it answers. No API reads it back, and no dump
-- for others should hold it.
CREATE TABLE onemap.pull_secret (
    pull   bigint PRIMARY KEY REFERENCES onemap.pull ON DELETE CASCADE,
    login  text NOT NULL DEFAULT '',
    secret text NOT NULL DEFAULT ''
);

CREATE TABLE onemap.pull_run (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pull      bigint NOT NULL REFERENCES onemap.pull ON DELETE CASCADE,
    attempt   integer NOT NULL DEFAULT 1,
    by        text NOT NULL DEFAULT '',   -- login of who asked for it; '': the schedule
    begun_at  timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz,
    -- waiting: it would take away so much that a person has to look at the preview.
    state     text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'changed', 'unchanged', 'waiting', 'failed')),
    rows      bigint NOT NULL DEFAULT 0,
    bytes     bigint NOT NULL DEFAULT 0,
    inserted  bigint NOT NULL DEFAULT 0,
    updated   bigint NOT NULL DEFAULT 0,
    deleted   bigint NOT NULL DEFAULT 0,
    rejected  bigint NOT NULL DEFAULT 0,
    kept_out  bigint NOT NULL DEFAULT 0,
    batch     bigint,
    error     text NOT NULL DEFAULT '' CHECK (length(error) <= 1000),
    CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE INDEX pull_run_idx ON onemap.pull_run (pull, id DESC);

-- A source that was silent beyond its update cycle: told to its owner.
CREATE TABLE onemap.pull_alarm (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pull     bigint NOT NULL REFERENCES onemap.pull ON DELETE CASCADE,
    kind     text NOT NULL CHECK (kind IN ('unreachable', 'stale')), -- it does not answer; it answers, with nothing new
    since    timestamptz NOT NULL,        -- when it was last heard of
    at       timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX pull_alarm_open_idx ON onemap.pull_alarm (pull, kind) WHERE ended_at IS NULL;
