-- Positions of staff on duty, their history, fences, and who entered and left.
-- Rewrites map.worker, which is small, and holds it ACCESS EXCLUSIVE for the moment.

-- +goose Up

-- Accounts of devices and their platforms (radios, vehicles) that hand in the
-- positions of other people: 位置网关.
ALTER TABLE onemap.person_role DROP CONSTRAINT person_role_role_check;
ALTER TABLE onemap.person_role ADD CONSTRAINT person_role_role_check CHECK (role IN ('administrator', 'security_administrator', 'auditor',
    'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner', 'grid_worker', 'gateway'));

-- Where a worker on duty is. One small row a worker, written every few seconds:
-- no index holds what changes, and a page is half empty, so that an update stays
-- in its page (HOT) and costs no index entry. A window's query reads the whole
-- table, a few hundred pages at most; tiles come from memory.
DROP INDEX map.worker_geom_idx, map.worker_grid_idx, map.worker_area_idx;
ALTER TABLE map.worker SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.5, autovacuum_analyze_scale_factor = 1);
ALTER TABLE map.worker
    ADD COLUMN at timestamptz NOT NULL DEFAULT now(),    -- when the worker was there; seen_at is when the server was told
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(), -- on duty since
    ADD COLUMN fences text[] NOT NULL DEFAULT '{}';      -- the fences that the worker is in, sorted: 'fence/12', 'grid_duty/33078200100101'
-- The writer finds the grid in memory; the trigger is for who leaves it empty.
DROP TRIGGER set_grid_on_move ON map.worker;
CREATE TRIGGER set_grid_on_move BEFORE UPDATE ON map.worker
    FOR EACH ROW WHEN (NEW.grid_code IS NULL OR NEW.area_code IS NULL) EXECUTE FUNCTION map.set_grid();
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('worker', 'at', '定位时间', 'Position of', 'time', 'internal', false, 45),
    ('worker', 'since', '在岗起始', 'On duty since', 'time', 'internal', false, 55);

-- When who was on duty. A position is taken only where its time lies in a duty.
-- Kept as long as the positions.
CREATE TABLE onemap.duty (
    person bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    began  timestamptz NOT NULL,
    ended  timestamptz,                                  -- NULL: goes on
    PRIMARY KEY (person, began),
    CHECK (ended >= began)
);
CREATE UNIQUE INDEX duty_open_idx ON onemap.duty (person) WHERE ended IS NULL;
INSERT INTO onemap.duty (person, began) SELECT person, seen_at FROM map.worker;

-- The history of positions: a partition for each day (UTC), made by the server
-- a few days ahead and dropped as a whole by age. Logged, in no publication,
-- without a spatial index: it is read by person and time only. The key makes a
-- position that is sent again the same one. No foreign key: a deleted account's
-- positions go with their day.
CREATE TABLE onemap.position (
    person     bigint NOT NULL,
    at         timestamptz NOT NULL,                     -- when the worker was there
    received   timestamptz NOT NULL DEFAULT now(),
    lon        double precision NOT NULL,                -- EPSG:4326, degrees
    lat        double precision NOT NULL,
    accuracy_m real NOT NULL,                            -- 0: not known
    grid_code  text NOT NULL,
    area_code  text NOT NULL,
    crs        text NOT NULL,                            -- as declared
    orig       point,                                    -- the coordinates as they came, where they were not longitude and latitude
    PRIMARY KEY (person, at)
) PARTITION BY RANGE (at);

-- Who looked at whose history, and why: the worker is shown it. Beside the audit,
-- which is for auditors.
CREATE TABLE onemap.position_look (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE, -- whose
    at     timestamptz NOT NULL DEFAULT now(),
    name   text NOT NULL,                                -- of who looked
    org    text NOT NULL,
    reason text NOT NULL,
    since  timestamptz NOT NULL,                         -- the time that was looked at
    until  timestamptz NOT NULL
);
CREATE INDEX ON onemap.position_look (person, id);

INSERT INTO onemap.setting (key, value) VALUES
    -- Days that positions, duties and fence events are kept. The worker is told.
    ('position.keep_days', '7'),
    -- The grids that are fences too, beside those drawn: any of grid_unit, grid_duty, grid_community.
    ('position.fence_grids', '["grid_duty"]')
    ON CONFLICT (key) DO NOTHING;

-- Fences (电子围栏): an area that is told of when a worker on duty enters or leaves it.
SELECT map.feature_table('fence', 'MultiPolygon', $$
    name text NOT NULL CHECK (name <> '' AND length(name) <= 100),
    kind text NOT NULL DEFAULT 'temporary' CHECK (kind IN ('temporary', 'site')), -- 临时管控区 / 固定场所; grids are fences without a row here
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to timestamptz CHECK (valid_to > valid_from),  -- exclusive; NULL: until it is ended
    orgs text[] NOT NULL DEFAULT '{}',                   -- whose workers it is for, with the organisations below them; empty: all
    made_by text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1$$);

-- Who entered and left which fence. Kept as long as the positions.
SELECT map.feature_table('fence_event', 'Point', $$
    person bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    name text NOT NULL, org text NOT NULL,
    fence text NOT NULL,                                 -- 'fence/12', 'grid_duty/33078200100101'
    fence_name text NOT NULL,
    what text NOT NULL CHECK (what IN ('enter', 'leave')),
    -- moved: the worker did. off_duty, silent: the worker left the map. fence: the fence ended or was changed.
    why text NOT NULL CHECK (why IN ('moved', 'off_duty', 'silent', 'fence')),
    accuracy_m real NOT NULL DEFAULT 0,
    at timestamptz NOT NULL$$);
CREATE INDEX fence_event_at_idx ON map.fence_event (at);
CREATE INDEX fence_event_fence_idx ON map.fence_event (fence, at);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis, minzoom, detail_zoom, dept_field, time_field, class_field, k_floor, update_cycle, position)
    SELECT v.name, v.zh, v.en, 'emergency', v.geometry, w.owner, 'conditional', '履行城市运行管理职责 (for the duties of city operation management)',
           v.minzoom, NULL, NULL, v.time_field, v.class_field, NULL, 'real_time', v.position
    FROM (VALUES ('fence', '电子围栏', 'Fences', 'MultiPolygon', 8, NULL, 'kind', 192),
                 ('fence_event', '围栏事件', 'Fence events', 'Point', 10, 'at', 'what', 194)) v (name, zh, en, geometry, minzoom, time_field, class_field, position),
         (SELECT max(owner) AS owner FROM onemap.layer WHERE name = 'worker') w;
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('fence', 'grid_code', '网格编码', 'Grid code', 'text', 'public', true, 10),
    ('fence', 'name', '名称', 'Name', 'text', 'internal', true, 20),
    ('fence', 'kind', '类别', 'Kind', 'text', 'internal', true, 30),
    ('fence', 'note', '说明', 'Note', 'text', 'internal', false, 40),
    ('fence', 'valid_from', '生效时间', 'From', 'time', 'internal', true, 50),
    ('fence', 'valid_to', '失效时间', 'Until', 'time', 'internal', true, 60),
    ('fence', 'made_by', '划定人', 'Drawn by', 'text', 'internal', false, 70),
    ('fence', 'area_code', '区划代码', 'Area code', 'text', 'public', false, 80),
    ('fence_event', 'grid_code', '网格编码', 'Grid code', 'text', 'public', true, 10),
    ('fence_event', 'name', '姓名', 'Name', 'text', 'sensitive', false, 20),
    ('fence_event', 'org', '单位', 'Organisation', 'text', 'internal', true, 30),
    ('fence_event', 'fence', '围栏', 'Fence', 'text', 'internal', true, 40),
    ('fence_event', 'fence_name', '围栏名称', 'Fence name', 'text', 'internal', true, 50),
    ('fence_event', 'what', '进出', 'Enter or leave', 'text', 'internal', true, 60),
    ('fence_event', 'why', '原因', 'Why', 'text', 'internal', true, 70),
    ('fence_event', 'at', '时间', 'At', 'time', 'internal', true, 80),
    ('fence_event', 'accuracy_m', '精度(米)', 'Accuracy (m)', 'number', 'internal', false, 90),
    ('fence_event', 'area_code', '区划代码', 'Area code', 'text', 'public', false, 100);
-- Whom the city let see its workers may see their fences too.
INSERT INTO onemap.layer_grant (layer, org, area_code, reason, granted_by, ends_at)
    SELECT n.name, g.org, g.area_code, g.reason, g.granted_by, g.ends_at FROM onemap.layer_grant g, (VALUES ('fence'), ('fence_event')) n (name)
    WHERE g.layer = 'worker' AND g.revoked_at IS NULL AND g.fields IS NULL;
ALTER PUBLICATION onemap ADD TABLE map.fence, map.fence_event;
