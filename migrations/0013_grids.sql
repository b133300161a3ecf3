-- Grids: drafts, their editing, publishing as versions; dedicated and micro
-- grids; codes that are never given to another place. Adds two columns with
-- constant defaults to map.grid_community and triggers to the three grid
-- tables: each is held ACCESS EXCLUSIVE for the moment. Reads the grids once.

-- +goose Up

-- 专属网格 (dedicated: a market, a campus, an industrial park) and 微网格 (micro,
-- part of a community grid) beside the general ones.
ALTER TABLE map.grid_community
    ADD COLUMN kind text NOT NULL DEFAULT 'general' CHECK (kind IN ('general', 'dedicated', 'micro')),
    ADD COLUMN parent text NOT NULL DEFAULT '' CHECK (parent ~ '^[0-9A-Za-z._-]{0,40}$'), -- the community grid that a micro grid is part of
    ADD CONSTRAINT grid_community_micro_check CHECK (kind <> 'micro' OR parent <> '');
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('grid_community', 'kind', '网格类型', 'Kind', 'text', 'public', true, 25),
    ('grid_community', 'parent', '上级网格', 'Part of', 'text', 'internal', true, 27);

-- How new codes are made: the division's code, what comes between, how many
-- digits the number has. The pattern that codes are held against is
-- grid.<kind>.code_pattern (grid.micro and grid.dedicated for those kinds).
INSERT INTO onemap.setting (key, value) VALUES
    ('grid.unit.code_form', '{"between": "", "digits": 3}'),
    ('grid.duty.code_form', '{"between": "-Z", "digits": 2}'),
    ('grid.community.code_form', '{"between": "", "digits": 2}')
ON CONFLICT (key) DO NOTHING;

-- Every code that was ever in force, and its last place.
CREATE TABLE onemap.grid_code (
    layer     text NOT NULL CHECK (layer IN ('grid_unit', 'grid_duty', 'grid_community')),
    grid_code text NOT NULL,
    area_code text NOT NULL,
    first_on  date NOT NULL,
    geom      geometry(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (layer, grid_code)
);
CREATE INDEX ON onemap.grid_code (layer, area_code text_pattern_ops);

-- +goose StatementBegin
-- keep_grid_code refuses a code for another place, and remembers it for good: a
-- grid keeps its code only while it shares at least a tenth of the smaller
-- area with what the code meant last.
CREATE FUNCTION map.keep_grid_code() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was geometry;
BEGIN
    INSERT INTO onemap.grid_code AS c (layer, grid_code, area_code, first_on, geom)
    VALUES (TG_TABLE_NAME, NEW.grid_code, NEW.area_code, NEW.valid_from, NEW.geom)
    ON CONFLICT (layer, grid_code) DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    SELECT geom INTO was FROM onemap.grid_code WHERE layer = TG_TABLE_NAME AND grid_code = NEW.grid_code;
    IF was = NEW.geom THEN
        RETURN NULL;
    END IF;
    IF ST_Area(ST_Intersection(was, NEW.geom)) < 0.1 * least(ST_Area(was), ST_Area(NEW.geom)) THEN
        RAISE EXCEPTION 'the code % belonged to another place; codes are never used again', NEW.grid_code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'grid_code_never_reused';
    END IF;
    UPDATE onemap.grid_code SET geom = NEW.geom, area_code = NEW.area_code WHERE layer = TG_TABLE_NAME AND grid_code = NEW.grid_code;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- remember_grid_codes takes in the codes of tables that were filled as a whole,
-- where no trigger fires.
CREATE FUNCTION map.remember_grid_codes() RETURNS void LANGUAGE sql AS $$
    INSERT INTO onemap.grid_code (layer, grid_code, area_code, first_on, geom)
    SELECT DISTINCT ON (layer, grid_code) layer, grid_code, area_code, min(valid_from) OVER (PARTITION BY layer, grid_code), geom
    FROM (SELECT 'grid_unit' AS layer, grid_code, area_code, valid_from, geom FROM map.grid_unit
          UNION ALL SELECT 'grid_duty', grid_code, area_code, valid_from, geom FROM map.grid_duty
          UNION ALL SELECT 'grid_community', grid_code, area_code, valid_from, geom FROM map.grid_community) g
    ORDER BY layer, grid_code, valid_from DESC
    ON CONFLICT (layer, grid_code) DO UPDATE SET geom = EXCLUDED.geom, area_code = EXCLUDED.area_code, first_on = least(grid_code.first_on, EXCLUDED.first_on)
$$;
SELECT map.remember_grid_codes();
CREATE TRIGGER keep_grid_code AFTER INSERT OR UPDATE OF grid_code, geom ON map.grid_unit FOR EACH ROW EXECUTE FUNCTION map.keep_grid_code();
CREATE TRIGGER keep_grid_code AFTER INSERT OR UPDATE OF grid_code, geom ON map.grid_duty FOR EACH ROW EXECUTE FUNCTION map.keep_grid_code();
CREATE TRIGGER keep_grid_code AFTER INSERT OR UPDATE OF grid_code, geom ON map.grid_community FOR EACH ROW EXECUTE FUNCTION map.keep_grid_code();

-- A draft: cells of one kind that are edited together, then published as a version.
CREATE TABLE onemap.grid_draft (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    layer       text NOT NULL CHECK (layer IN ('grid_unit', 'grid_duty', 'grid_community')),
    source      text NOT NULL CHECK (source IN ('draw', 'current', 'empty')),
    ground      jsonb NOT NULL,                 -- which communities
    options     jsonb NOT NULL DEFAULT '{}',
    communities text[] NOT NULL DEFAULT '{}',   -- their codes
    state       text NOT NULL CHECK (state IN ('drawing', 'open', 'failed', 'publishing', 'published', 'deleted')),
    step        text NOT NULL DEFAULT '',
    progress    real NOT NULL DEFAULT 0,
    alive_at    timestamptz NOT NULL DEFAULT now(), -- of the work on it: one that stood still was broken off
    error       text NOT NULL DEFAULT '',
    version     integer NOT NULL DEFAULT 1,
    report      jsonb,
    next_cell   bigint NOT NULL DEFAULT 1,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL DEFAULT '',
    published_at timestamptz,
    valid_from  date,
    reason      text NOT NULL DEFAULT '',       -- of publishing
    result      jsonb,                          -- of publishing: how many began, ended, stayed
    reassigned  bigint,                         -- features given their new grid; NULL: not begun
    reassigned_at timestamptz                   -- when all were
);

-- The ground of each community as it was when the draft was made.
CREATE TABLE onemap.grid_draft_ground (
    draft     bigint NOT NULL REFERENCES onemap.grid_draft ON DELETE CASCADE,
    community text NOT NULL,
    geom      geometry(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (draft, community)
);

CREATE TABLE onemap.grid_draft_cell (
    draft      bigint NOT NULL REFERENCES onemap.grid_draft ON DELETE CASCADE,
    cell       bigint NOT NULL,
    code       text NOT NULL DEFAULT '',   -- '' gets one when the draft is numbered
    fresh      boolean NOT NULL,           -- the code is new: publishing may still give another
    was        text NOT NULL DEFAULT '',   -- the grid in force that it comes from
    community  text NOT NULL,
    name       text NOT NULL DEFAULT '',
    area_class text NOT NULL DEFAULT 'B' CHECK (area_class IN ('A', 'B', 'C')),
    kind       text NOT NULL DEFAULT 'general' CHECK (kind IN ('general', 'dedicated', 'micro')),
    parent     text NOT NULL DEFAULT '',
    flags      text[] NOT NULL DEFAULT '{}',
    area_m2    double precision NOT NULL,
    geom       geometry(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (draft, cell)
);
CREATE INDEX ON onemap.grid_draft_cell USING gist (geom);

-- Who did what to a draft, and why. Undoing marks a row, it removes none.
CREATE TABLE onemap.grid_draft_op (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draft     bigint NOT NULL REFERENCES onemap.grid_draft ON DELETE CASCADE,
    op        text NOT NULL,
    detail    jsonb NOT NULL,
    reason    text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
    by_login  text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    undone_by text NOT NULL DEFAULT '',
    undone_at timestamptz,
    dropped   boolean NOT NULL DEFAULT false -- undone, and something else done since: it cannot be done again
);
CREATE INDEX ON onemap.grid_draft_op (draft, id);

-- The cells that an operation touched, before it and after it: what undo and redo put back.
CREATE TABLE onemap.grid_draft_image (
    op      bigint NOT NULL REFERENCES onemap.grid_draft_op ON DELETE CASCADE,
    after   boolean NOT NULL,
    image   onemap.grid_draft_cell NOT NULL
);
CREATE INDEX ON onemap.grid_draft_image (op);
