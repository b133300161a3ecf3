-- Organisations, people, roles, sessions, keys, audit. Locks nothing: new tables.
--
-- Persons appear in onemap only as its users. There is no other table of
-- people, and none may be added (ARCHITECTURE.md, "People").

-- +goose Up
CREATE TABLE onemap.organisation (
    code      text PRIMARY KEY CHECK (code ~ '^[0-9A-Za-z_-]{1,32}$'),
    parent    text REFERENCES onemap.organisation,
    level     text NOT NULL CHECK (level IN ('province', 'city', 'county', 'town', 'community')),
    kind      text NOT NULL CHECK (kind IN ('government', 'department', 'command_centre')),
    -- The administrative division it answers for: a prefix of the area_code of
    -- every feature in it. Empty means everywhere (a city of foreign codes).
    area_code text NOT NULL CHECK (area_code ~ '^[0-9A-Za-z_-]{0,20}$'),
    name_zh   text NOT NULL CHECK (name_zh <> ''),
    name_en   text NOT NULL CHECK (name_en <> ''),
    -- 统一社会信用代码, GB 32100-2015.
    uscc      text CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
    CHECK (parent <> code)
);
CREATE INDEX ON onemap.organisation (parent);

-- A division's outline, for the conditions that a tile inside it can drop.
CREATE TABLE onemap.area (
    code    text PRIMARY KEY CHECK (code ~ '^[0-9A-Za-z_-]{1,20}$'),
    parent  text REFERENCES onemap.area,
    level   text NOT NULL CHECK (level IN ('province', 'city', 'county', 'town', 'community')),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    geom    geometry(MultiPolygon, 4326) CHECK (ST_IsValid(geom))
);
CREATE INDEX ON onemap.area USING gist (geom);

CREATE TABLE onemap.person (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login         text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    name          text NOT NULL CHECK (name <> ''),
    org           text NOT NULL REFERENCES onemap.organisation,
    password_hash text NOT NULL, -- argon2id, PHC string format; '' signs nobody in
    active        boolean NOT NULL DEFAULT true,
    failures      integer NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON onemap.person (org);

CREATE TABLE onemap.person_role (
    person bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    role   text NOT NULL CHECK (role IN ('administrator', 'security_administrator', 'auditor',
             'command_centre', 'department_officer', 'planner', 'grid_worker')),
    PRIMARY KEY (person, role)
);

-- The grids a grid worker answers for: unit, responsibility or community
-- grids by code.
CREATE TABLE onemap.person_grid (
    person    bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    grid_code text NOT NULL,
    PRIMARY KEY (person, grid_code)
);
CREATE INDEX ON onemap.person_grid (grid_code);

CREATE TABLE onemap.session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256
    person     bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON onemap.session (person);
CREATE INDEX ON onemap.session (expires_at);

CREATE TABLE onemap.api_key (
    prefix     text PRIMARY KEY CHECK (prefix ~ '^om_[0-9A-Za-z]{8}$'),
    key_hash   bytea NOT NULL CHECK (length(key_hash) = 32), -- SHA-256 of the whole key
    person     bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ON onemap.api_key (person);

-- Who saw or changed what, why, from where, with what result. It holds no
-- sensitive value and no secret.
CREATE TABLE onemap.audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    person  bigint,              -- no foreign key: the record outlives the account
    login   text NOT NULL,
    org     text NOT NULL,
    action  text NOT NULL,       -- 'sign-in', 'incident.create', 'layer.export', …
    object  text NOT NULL,       -- 'incident/42', 'layer/asset'
    result  text NOT NULL CHECK (result IN ('done', 'refused', 'failed')),
    reason  text NOT NULL DEFAULT '',
    address inet,
    detail  jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON onemap.audit (at);
CREATE INDEX ON onemap.audit (login, at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.audit
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.audit
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();
