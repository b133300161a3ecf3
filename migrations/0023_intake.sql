-- Files that departments bring in: uploads, mappings that are remembered, and
-- batches that are previewed, applied and undone. Locks onemap.batch (ACCESS
-- EXCLUSIVE) for a moment: its new columns have constant defaults, so no row is
-- rewritten. Everything else is new.

-- +goose Up

-- What has been read and not yet applied, and what an undo needs:
--   import.batch_N   the rows of batch N: the layer's columns, row_number (the
--                    line of the file). Unlogged: after a crash the preview is made anew.
--   import.before_N  the layer's rows that batch N changed or took away, as they were.
CREATE SCHEMA IF NOT EXISTS import;

CREATE TABLE onemap.upload (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200), -- as its sender called it; never a path of ours
    key        text NOT NULL UNIQUE CHECK (key ~ '^[0-9a-f]{32}$'),      -- the file's name in our folder
    bytes      bigint NOT NULL CHECK (bytes > 0),
    sha256     bytea NOT NULL CHECK (length(sha256) = 32),
    format     text NOT NULL,
    found      jsonb NOT NULL DEFAULT '{}',   -- sheets, columns and first rows as they were guessed
    person     bigint,                        -- NULL: the command line
    login      text NOT NULL,
    org        text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at  timestamptz                    -- when the file went; the row stays for its batches
);
CREATE INDEX ON onemap.upload (org, created_at DESC);
CREATE INDEX ON onemap.upload (created_at) WHERE erased_at IS NULL;

-- How an organisation's files become a layer's rows. A file with the same
-- columns finds it again.
CREATE TABLE onemap.intake_plan (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org      text NOT NULL DEFAULT '',
    layer    text NOT NULL,
    columns  text[] NOT NULL,                 -- the file's, sorted
    plan     jsonb NOT NULL,
    used_at  timestamptz NOT NULL DEFAULT now(),
    used     integer NOT NULL DEFAULT 1,
    UNIQUE (org, layer, columns)
);

-- finished_at stays NULL until a batch is applied.
ALTER TABLE onemap.batch
    ADD COLUMN state      text NOT NULL DEFAULT 'applied' CHECK (state IN ('staging', 'previewed', 'applied', 'undone', 'dropped')),
    ADD COLUMN mode       text NOT NULL DEFAULT 'merge' CHECK (mode IN ('merge', 'full')), -- full: what the file has not is taken away
    ADD COLUMN upload     bigint REFERENCES onemap.upload,
    ADD COLUMN org        text NOT NULL DEFAULT '',
    ADD COLUMN plan       jsonb,              -- how the file was read; NULL: by the named mapping
    ADD COLUMN made_layer boolean NOT NULL DEFAULT false, -- the layer came into being with it
    ADD COLUMN staged     bigint NOT NULL DEFAULT 0,  -- rows that were read well
    ADD COLUMN skipped    bigint NOT NULL DEFAULT 0,
    ADD COLUMN deleted    bigint NOT NULL DEFAULT 0,
    ADD COLUMN kept_out   bigint NOT NULL DEFAULT 0,  -- into quarantine
    ADD COLUMN xid        xid8,               -- the transaction that applied it
    ADD COLUMN undone_by  text NOT NULL DEFAULT '',
    ADD COLUMN undone_at  timestamptz,
    ADD COLUMN summary    jsonb NOT NULL DEFAULT '{}';
CREATE INDEX batch_upload_idx ON onemap.batch (upload) WHERE upload IS NOT NULL;

-- The rows of a batch that could not be read, the first ten thousand of them.
CREATE TABLE onemap.batch_reject (
    batch      bigint NOT NULL REFERENCES onemap.batch ON DELETE CASCADE,
    row_number bigint NOT NULL,
    field      text NOT NULL DEFAULT '',
    value      text NOT NULL DEFAULT '',
    reason     text NOT NULL,
    row        text NOT NULL DEFAULT ''
);
CREATE INDEX ON onemap.batch_reject (batch, row_number);
