-- Open data: the rule by which a layer is shown to the public, the copies made
-- by these rules, and the public's keys. Locks onemap.layer for a moment, to add
-- a column; the rest is new. Nothing is shown to the public by this alone: the
-- setting open.portal is off.

-- +goose Up
-- A published copy names the layer that it was made of.
ALTER TABLE onemap.layer ADD COLUMN copy_of text REFERENCES onemap.layer ON DELETE CASCADE;

-- How a layer that is open is shown to the public. A layer without a rule is not.
CREATE TABLE onemap.open_rule (
    layer         text PRIMARY KEY REFERENCES onemap.layer ON DELETE CASCADE,
    as_is         boolean NOT NULL,          -- the layer itself, its public fields; else a copy, onemap.layer.copy_of
    fields        text[] NOT NULL DEFAULT '{}', -- that the copy has: what is not named is left out, one added later too
    cell_m        integer CHECK (cell_m BETWEEN 10 AND 100000),    -- each feature is the middle of its cell
    simplify_m    integer CHECK (simplify_m BETWEEN 1 AND 100000), -- lines and areas, on a lattice of this
    delay_hours   integer NOT NULL DEFAULT 0 CHECK (delay_hours BETWEEN 0 AND 87600),
    floor         integer NOT NULL DEFAULT 1 CHECK (floor BETWEEN 1 AND 1000), -- cells with fewer features are left out
    refresh_hours integer NOT NULL DEFAULT 24 CHECK (refresh_hours BETWEEN 1 AND 8784),
    licence       text NOT NULL DEFAULT '',
    revision      integer NOT NULL DEFAULT 1,
    built         integer,                   -- the revision that the copy is of
    built_at      timestamptz,
    rows          bigint,
    failed        text NOT NULL DEFAULT '',
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL DEFAULT now(),
    CHECK (cell_m IS NULL OR simplify_m IS NULL),
    CHECK (floor = 1 OR cell_m IS NOT NULL),
    CHECK (NOT as_is OR (cell_m IS NULL AND simplify_m IS NULL AND delay_hours = 0 AND fields = '{}'))
);

-- Keys of the public. They give no right, only a larger share of the server.
CREATE TABLE onemap.open_key (
    prefix     text PRIMARY KEY,
    key_hash   bytea NOT NULL,
    name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    per_minute integer NOT NULL CHECK (per_minute > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    used_at    timestamptz
);

INSERT INTO onemap.setting (key, value) VALUES ('open.portal', 'false') ON CONFLICT DO NOTHING;

-- Whoever follows the log hears of a changed registry, and so asks again who
-- may see what: nodes, and open live connections.
-- +goose StatementBegin
CREATE FUNCTION onemap.open_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE onemap.layer SET open = open WHERE open;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER open_changed AFTER INSERT OR UPDATE ON onemap.setting FOR EACH ROW WHEN (NEW.key = 'open.portal') EXECUTE FUNCTION onemap.open_changed();
CREATE TRIGGER open_changed_away AFTER DELETE ON onemap.setting FOR EACH ROW WHEN (OLD.key = 'open.portal') EXECUTE FUNCTION onemap.open_changed();
CREATE TRIGGER open_changed AFTER INSERT OR UPDATE OF as_is, revision, built OR DELETE ON onemap.open_rule FOR EACH STATEMENT EXECUTE FUNCTION onemap.open_changed();
