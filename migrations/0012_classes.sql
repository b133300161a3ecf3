-- Classes: editions, what follows what, other names, filing conditions and
-- limits, holidays. Locks onemap.class ACCESS EXCLUSIVE for the moment of the
-- new columns (constant defaults, no rewrite); the rest are new tables and rows.
--
-- The three editions of the national list are cited second-hand: names and
-- codes come from public transcriptions and from cities' own lists, not from the
-- official texts. certainty says how sure each is:
--   sourced   a public transcription, or a list of a city or a program, has it so
--   derived   follows from the numbering of the next edition or from equal names
--   inferred  fits a gap in the numbering; nobody was found to say so
--   own       of this installation
-- Check them against the official texts before calling an installation conformant.

-- +goose Up

-- An edition of a list, and how a city extends it: from the top of the minor
-- codes downwards, never below the floor.
CREATE TABLE onemap.class_edition (
    standard  text PRIMARY KEY,
    title_zh  text NOT NULL,
    title_en  text NOT NULL,
    active    boolean NOT NULL DEFAULT true,   -- new cases may be of it
    since     date,                            -- in force from; NULL: not known
    ended_on  date,                            -- replaced on
    position  integer NOT NULL DEFAULT 0,
    minor_digits smallint CHECK (minor_digits BETWEEN 1 AND 6), -- NULL: not extended by number
    minor_floor  integer CHECK (minor_floor > 0),
    second_hand  boolean NOT NULL DEFAULT false, -- not checked against the official text
    note_zh   text NOT NULL DEFAULT '',
    note_en   text NOT NULL DEFAULT '',
    CHECK (minor_floor < 10 ^ minor_digits)
);

-- A class that ended, or that the city does not use, takes no new cases; old
-- ones keep it. version grows in the order of commits, for clients that keep the list.
CREATE SEQUENCE onemap.class_version;
ALTER TABLE onemap.class
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN ended_on date,                  -- the first day without it
    ADD COLUMN certainty text NOT NULL DEFAULT 'own' CHECK (certainty IN ('sourced', 'derived', 'inferred', 'own')),
    ADD COLUMN extension boolean NOT NULL DEFAULT false, -- a city's own code in an edition's list
    ADD COLUMN version bigint NOT NULL DEFAULT 0;
UPDATE onemap.class SET certainty = 'sourced' WHERE standard = 'GB/T 47678.5-2026';

-- Numbers of a sequence are not in the order of commits unless writers wait for
-- each other. The lock is taken before any row's, so that they cannot block in a circle.
-- +goose StatementBegin
CREATE FUNCTION onemap.class_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('onemap.class', 0));
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.class_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := nextval('onemap.class_version');
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER class_lock BEFORE INSERT OR UPDATE OR DELETE ON onemap.class FOR EACH STATEMENT EXECUTE FUNCTION onemap.class_lock();
CREATE TRIGGER class_stamp BEFORE INSERT OR UPDATE ON onemap.class FOR EACH ROW EXECUTE FUNCTION onemap.class_stamp();

-- Other names and codes: of everyday speech, of older lists, of programs.
CREATE TABLE onemap.class_alias (
    standard text NOT NULL,
    kind     text NOT NULL,
    class    text NOT NULL,
    alias    text NOT NULL CHECK (alias <> '' AND length(alias) <= 60),
    PRIMARY KEY (standard, kind, class, alias),
    FOREIGN KEY (standard, kind, class) REFERENCES onemap.class
);

-- Which class of a later list a class became. A class may go on as several, and
-- several as one.
CREATE TABLE onemap.class_crosswalk (
    from_standard text NOT NULL, from_kind text NOT NULL, from_code text NOT NULL,
    to_standard   text NOT NULL, to_kind   text NOT NULL, to_code   text NOT NULL,
    certainty text NOT NULL CHECK (certainty IN ('sourced', 'derived', 'inferred', 'own')),
    note      text NOT NULL DEFAULT '',
    PRIMARY KEY (from_standard, from_kind, from_code, to_standard, to_kind, to_code),
    FOREIGN KEY (from_standard, from_kind, from_code) REFERENCES onemap.class,
    FOREIGN KEY (to_standard, to_kind, to_code) REFERENCES onemap.class
);
CREATE INDEX class_crosswalk_to_idx ON onemap.class_crosswalk (to_standard, to_kind, to_code);

-- What an administrator changed, with what was there before and after it, so
-- that it can be looked at and put back. Append-only.
CREATE TABLE onemap.class_history (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    login    text NOT NULL,
    what     text NOT NULL CHECK (what IN ('class', 'condition', 'rule', 'crosswalk', 'calendar', 'office', 'edition')),
    standard text NOT NULL DEFAULT '', kind text NOT NULL DEFAULT '', class text NOT NULL DEFAULT '',
    key      text NOT NULL DEFAULT '',         -- condition: its code; rule: its number; calendar: the year
    before   jsonb,                            -- NULL: it was not there
    after    jsonb,                            -- NULL: it is gone
    reason   text NOT NULL DEFAULT ''
);
CREATE INDEX class_history_class_idx ON onemap.class_history (standard, kind, class, id);

-- The rules of one class that are in force are found by its key; those of a grid by the grid.
CREATE INDEX class_rule_grid_idx ON onemap.class_rule (grid_code) WHERE ended_at IS NULL AND grid_code <> '';
CREATE INDEX class_rule_dept_idx ON onemap.class_rule (dept) WHERE ended_at IS NULL;

ALTER TABLE onemap.class_condition ADD COLUMN made_by text NOT NULL DEFAULT 'default';  -- 'default': ours, to be set by the city
ALTER TABLE onemap.calendar_day ADD COLUMN source text NOT NULL DEFAULT '';

ALTER PUBLICATION onemap ADD TABLE onemap.class_edition, onemap.class_crosswalk, onemap.class_alias;

-- The city's date: what ended there has ended, whatever the server's own zone is.
-- +goose StatementBegin
CREATE FUNCTION onemap.city_date() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (now() AT TIME ZONE coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai'))::date
$$;
-- What a class is now: its successors that take new cases, in words. None
-- for one that goes on itself.
CREATE FUNCTION onemap.class_next(in_standard text, in_kind text, in_code text, OUT next text) LANGUAGE sql STABLE AS $$
    SELECT string_agg(t.standard || ' ' || t.code || ' ' || t.name_zh, ', ' ORDER BY t.standard DESC, t.code)
    FROM onemap.class_crosswalk x
    JOIN onemap.class t ON t.standard = x.to_standard AND t.kind = x.to_kind AND t.code = x.to_code
    LEFT JOIN onemap.class_edition e ON e.standard = t.standard
    WHERE x.from_standard = in_standard AND x.from_kind = in_kind AND x.from_code = in_code
      AND t.active AND coalesce(e.active, true) AND (t.ended_on IS NULL OR t.ended_on > onemap.city_date())
$$;
-- +goose StatementEnd
