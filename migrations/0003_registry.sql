-- The layer registry, grants, import batches, classes. Locks nothing: new tables.

-- +goose Up
CREATE TABLE onemap.layer (
    name         text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'), -- also its table's name in schema map
    title_zh     text NOT NULL,
    title_en     text NOT NULL,
    subject      text NOT NULL CHECK (subject IN ('base', 'grid', 'population', 'enterprise', 'asset', 'emergency', 'forecast', 'other')),
    geometry     text NOT NULL CHECK (geometry IN ('Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon')),
    owner        text REFERENCES onemap.organisation,
    share        text NOT NULL DEFAULT 'none' CHECK (share IN ('unconditional', 'conditional', 'none')), -- 无条件 / 有条件 / 不予共享
    share_basis  text NOT NULL DEFAULT '',     -- the law behind 'none', the condition behind 'conditional'
    open         boolean NOT NULL DEFAULT false, -- the public may see it
    minzoom      smallint NOT NULL DEFAULT 0 CHECK (minzoom BETWEEN 0 AND 22),
    maxzoom      smallint NOT NULL DEFAULT 22 CHECK (maxzoom BETWEEN 0 AND 22),
    -- Points are served one by one from this zoom on; below it they are counted
    -- by cell. NULL: never counted.
    detail_zoom  smallint CHECK (detail_zoom BETWEEN 0 AND 22),
    style        jsonb NOT NULL DEFAULT '{}',
    update_cycle text NOT NULL DEFAULT 'real_time' CHECK (update_cycle IN ('real_time', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'irregular')),
    -- The column that names the department a row belongs to, where rows have one:
    -- a department sees its own rows of a layer that is not shared with it.
    dept_field   text,
    time_field   text,  -- the column that ?datetime= filters, where there is one
    k_floor      integer CHECK (k_floor > 1), -- counts below it are never served
    position     integer NOT NULL DEFAULT 0,
    CHECK (open = false OR share = 'unconditional'),
    CHECK (share <> 'none' OR share_basis <> '' OR owner IS NULL)
);

CREATE TABLE onemap.layer_field (
    layer       text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    name        text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'), -- the column's name
    title_zh    text NOT NULL,
    title_en    text NOT NULL,
    type        text NOT NULL CHECK (type IN ('text', 'integer', 'number', 'boolean', 'date', 'time')),
    -- public: whoever may see the layer. internal: signed-in staff. sensitive:
    -- the owner, and those granted the field by name. Never in tiles if sensitive.
    sensitivity text NOT NULL DEFAULT 'internal' CHECK (sensitivity IN ('public', 'internal', 'sensitive')),
    in_tile     boolean NOT NULL DEFAULT true,
    position    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (layer, name),
    CHECK (NOT (in_tile AND sensitivity = 'sensitive'))
);

CREATE TABLE onemap.layer_grant (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer      text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    org        text NOT NULL REFERENCES onemap.organisation ON DELETE CASCADE,
    fields     text[],                         -- NULL: all that are not sensitive
    area_code  text NOT NULL DEFAULT '',       -- prefix; '': the area of whoever uses the grant
    reason     text NOT NULL CHECK (reason <> ''),
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ON onemap.layer_grant (layer, org);

-- An import is one change: what came, from where, and what became of it.
CREATE TABLE onemap.batch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer       text NOT NULL,
    file_name   text NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    crs         text NOT NULL CHECK (onemap.crs_ok(crs)),
    mapping     text NOT NULL DEFAULT '',
    imported_by text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    rows_read   bigint NOT NULL DEFAULT 0,
    inserted    bigint NOT NULL DEFAULT 0,
    updated     bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0
);
CREATE INDEX ON onemap.batch (layer, started_at);

-- The classes of components (部件) and matters (事项). The three together are
-- the key: in GB/T 47678.5-2026 both kinds use the same digits.
CREATE TABLE onemap.class (
    standard  text NOT NULL,          -- 'GB/T 47678.5-2026', or the name of an imported list
    kind      text NOT NULL CHECK (kind IN ('component', 'matter')),
    code      text NOT NULL CHECK (code ~ '^[0-9A-Za-z._-]{1,24}$'),
    major     text NOT NULL,          -- code of the major class
    major_zh  text NOT NULL,
    major_en  text NOT NULL,
    name_zh   text NOT NULL,
    name_en   text NOT NULL,
    initials  text NOT NULL DEFAULT '', -- pinyin initials of name_zh, lower case, for search
    severity  smallint NOT NULL DEFAULT 3 CHECK (severity BETWEEN 1 AND 4), -- 1 red, 2 orange, 3 yellow, 4 blue
    dept      text REFERENCES onemap.organisation, -- who is responsible by default
    -- Whether reports of this class come from the public. Only these may ever
    -- train a forecast.
    public_reported boolean NOT NULL DEFAULT false,
    PRIMARY KEY (standard, kind, code)
);
