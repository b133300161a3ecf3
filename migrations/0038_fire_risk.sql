-- Risk of places by fire, lists of inspections, gaps of water and of response.
-- Locks nothing: new tables only.
--
-- A place is a building or an enterprise. No column here is about a person, and
-- none may be added (layers/forecast/firerisk).

-- +goose Up

INSERT INTO onemap.setting (key, value) VALUES
    -- Which classes of matters are fires: standard and code; a code may end in *.
    ('fire.classes', '[{"standard": "onemap-calls", "code": "119-1*"}]'),
    -- Metres around a hydrant that it covers (GB 50974-2014, 7.3.3: 150 m), and
    -- seconds from the alarm's passing on to the arrival that a station is to keep
    -- (建标 152-2017: five minutes),
    -- of which so many pass until the engine leaves.
    ('fire.limits', '{"water_m": 150, "response_s": 300, "turnout_s": 60}')
ON CONFLICT (key) DO NOTHING;

-- A run: every place of a kind scored, and how good such scores were before.
CREATE TABLE onemap.fire_run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'withheld')),
    kind         text NOT NULL CHECK (kind IN ('enterprise', 'building')),
    until        timestamptz NOT NULL,   -- the data cut: what was known then
    horizon_days integer NOT NULL CHECK (horizon_days BETWEEN 28 AND 1096),
    visits       integer NOT NULL CHECK (visits BETWEEN 1 AND 100000), -- that a crew can make within the horizon: recall is told at it
    seed         bigint NOT NULL,
    made_by      text NOT NULL,          -- login; system: by itself
    org          text NOT NULL DEFAULT '',
    made_at      timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    progress     real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    why          text NOT NULL DEFAULT '', -- of a failure, or why the scores are withheld
    why_zh       text NOT NULL DEFAULT '',
    record       jsonb,                  -- data cut, parameters, coefficients: what the hash is of
    hash         bytea CHECK (length(hash) = 32),
    trial        jsonb,                  -- past days played again, see model.Trial
    places       integer NOT NULL DEFAULT 0,
    fires        integer NOT NULL DEFAULT 0
);
CREATE INDEX ON onemap.fire_run (kind, id DESC);

-- The layer: each place's score by the latest run of its kind.
SELECT map.feature_table('fire_risk', 'Point', $$
    run bigint NOT NULL,                     -- onemap.fire_run.id
    kind text NOT NULL CHECK (kind IN ('enterprise', 'building')),
    place bigint NOT NULL,                   -- map.enterprise.id or map.base_building.id
    name text NOT NULL DEFAULT '',
    use text NOT NULL DEFAULT '',
    rank integer NOT NULL CHECK (rank > 0),  -- 1: the highest of its kind
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 4), -- 1 the first 1 % of places, 2 to 5 %, 3 to 20 %, 4 the rest
    expected double precision NOT NULL CHECK (expected >= 0), -- fires within the horizon
    low double precision NOT NULL, high double precision NOT NULL, -- of expected, 90 %
    likely double precision NOT NULL CHECK (likely BETWEEN 0 AND 1), -- probability of at least one
    why_zh text NOT NULL DEFAULT '', why_en text NOT NULL DEFAULT '', -- up to three drivers
    last_inspected_on date, next_due_on date,
    dept_code text NOT NULL DEFAULT '',
    UNIQUE (kind, place)$$);
CREATE INDEX fire_risk_rank_idx ON map.fire_risk (kind, rank);

-- A list of inspections, and the decision of a person on each line.
CREATE TABLE onemap.inspection_list (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid       uuid UNIQUE,              -- made by the client: sent again, it is the same list
    content    text NOT NULL DEFAULT '', -- hash of what was sent
    run        bigint REFERENCES onemap.fire_run, -- NULL: no scores were to be had
    kind       text NOT NULL CHECK (kind IN ('enterprise', 'building')),
    title      text NOT NULL DEFAULT '' CHECK (length(title) <= 100),
    area_code  text NOT NULL DEFAULT '', -- prefix: where the places were taken from
    from_day   date NOT NULL,
    per_day    smallint NOT NULL CHECK (per_day BETWEEN 1 AND 50), -- visits of a unit on a day
    random     double precision NOT NULL CHECK (random BETWEEN 0.05 AND 0.10), -- share drawn from all: always some
    overdue    double precision NOT NULL CHECK (overdue BETWEEN 0 AND 1),
    seed       bigint NOT NULL,
    pool       integer NOT NULL,         -- places that could be drawn
    scored     boolean NOT NULL,         -- false: the scores were withheld, and say nothing here
    measure    text NOT NULL CHECK (measure IN ('road', 'straight')), -- what the tours were laid by
    made_by    text NOT NULL,
    org        text NOT NULL DEFAULT '',
    made_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE onemap.inspection_line (
    list       bigint NOT NULL REFERENCES onemap.inspection_list ON DELETE CASCADE,
    n          integer NOT NULL CHECK (n > 0),
    place      bigint NOT NULL,
    name       text NOT NULL DEFAULT '',
    use        text NOT NULL DEFAULT '',
    reason     text NOT NULL CHECK (reason IN ('risk', 'overdue', 'random', 'longest')),
    chance     double precision,         -- of random: with which probability it was drawn
    rank       integer, expected double precision, low double precision, high double precision, likely double precision, -- NULL: no score
    why_zh     text NOT NULL DEFAULT '',
    why_en     text NOT NULL DEFAULT '',
    last_inspected_on date,
    due_on     date,                     -- by law
    unit       bigint,                   -- map.place.id of the fire station that is suggested
    unit_name  text NOT NULL DEFAULT '',
    unit_s     real,                     -- seconds by road from it
    on_day     date NOT NULL,
    stop       smallint NOT NULL,        -- in the tour of that unit on that day, from 1
    grid_code  text NOT NULL DEFAULT '',
    area_code  text NOT NULL DEFAULT '',
    dept_code  text NOT NULL DEFAULT '',
    geom       geometry(Point, 4326) NOT NULL,
    decision   text NOT NULL DEFAULT '' CHECK (decision IN ('', 'accepted', 'refused')),
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz,
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 500), -- why it was refused
    task       bigint,                   -- onemap.task.id of the visit
    PRIMARY KEY (list, n),
    UNIQUE (list, place),
    CHECK ((decision = '') = (decided_at IS NULL)),
    CHECK (decision <> 'refused' OR note <> '')
);
CREATE INDEX ON onemap.inspection_line (task) WHERE task IS NOT NULL;

-- Where water is far, and where a station is: cells of 150 m with buildings.
SELECT map.feature_table('water_gap', 'MultiPolygon', $$
    distance_m real NOT NULL,                -- of the building that is farthest from a hydrant in use
    mean_m real NOT NULL,                    -- of all its buildings
    buildings integer NOT NULL, beyond integer NOT NULL, -- of them farther than limit_m
    limit_m real NOT NULL,
    measure text NOT NULL DEFAULT 'straight' CHECK (measure IN ('road', 'straight')),
    gap boolean NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()$$);
SELECT map.feature_table('response_gap', 'MultiPolygon', $$
    seconds real,                            -- until an engine of the nearest station in service arrives, with its turning out; NULL: no road leads there
    station text NOT NULL DEFAULT '',
    buildings integer NOT NULL,
    limit_s real NOT NULL,
    measure text NOT NULL CHECK (measure IN ('road', 'straight')),
    gap boolean NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()$$);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis, minzoom, detail_zoom, dept_field, rank_field, class_field, update_cycle, position)
    SELECT v.name, v.zh, v.en, 'forecast', v.geometry, w.owner, 'conditional', '只供承担消防监督和火灾预防职责的人员使用 (for those whose duty is the prevention of fires)',
           v.minzoom, NULL, v.dept, v.rank, v.class, v.cycle, v.position
    FROM (VALUES ('fire_risk', '火灾风险', 'Fire risk', 'Point', 10, 'dept_code', 'rank', 'kind', 'daily', 270),
                 ('water_gap', '消防水源盲区', 'Gaps of fire water', 'MultiPolygon', 8, NULL, NULL, NULL, 'daily', 272),
                 ('response_gap', '消防到场时间盲区', 'Gaps of fire response', 'MultiPolygon', 8, NULL, NULL, NULL, 'daily', 274)) v (name, zh, en, geometry, minzoom, dept, rank, class, cycle, position),
         (SELECT max(owner) AS owner FROM onemap.layer WHERE name = 'place') w;
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('fire_risk', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('fire_risk', 'run', '评估号', 'Run', 'integer', 'internal', false, 20),
    ('fire_risk', 'kind', '种类', 'Kind', 'text', 'internal', true, 30),
    ('fire_risk', 'place', '处所号', 'Place', 'integer', 'internal', true, 40),
    ('fire_risk', 'name', '名称', 'Name', 'text', 'internal', true, 50),
    ('fire_risk', 'use', '用途', 'Use', 'text', 'internal', true, 60),
    ('fire_risk', 'rank', '名次', 'Rank', 'integer', 'internal', true, 70),
    ('fire_risk', 'level', '档次', 'Level', 'integer', 'internal', true, 80),
    ('fire_risk', 'expected', '预计起数', 'Expected', 'number', 'internal', true, 90),
    ('fire_risk', 'low', '下限', 'Low', 'number', 'internal', false, 100),
    ('fire_risk', 'high', '上限', 'High', 'number', 'internal', false, 110),
    ('fire_risk', 'likely', '起火概率', 'Probability', 'number', 'internal', true, 120),
    ('fire_risk', 'why_zh', '主要因素', 'Drivers (Chinese)', 'text', 'internal', false, 130),
    ('fire_risk', 'why_en', '主要因素(英文)', 'Drivers', 'text', 'internal', false, 140),
    ('fire_risk', 'last_inspected_on', '最近检查', 'Last inspected', 'date', 'internal', false, 150),
    ('fire_risk', 'next_due_on', '下次应查', 'Next due', 'date', 'internal', false, 160),
    ('fire_risk', 'dept_code', '主管部门', 'Department', 'text', 'internal', false, 170),
    ('fire_risk', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 180),
    ('water_gap', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('water_gap', 'distance_m', '最远距离(米)', 'Farthest (m)', 'number', 'internal', true, 20),
    ('water_gap', 'mean_m', '平均距离(米)', 'Mean (m)', 'number', 'internal', true, 30),
    ('water_gap', 'buildings', '建筑数', 'Buildings', 'integer', 'internal', true, 40),
    ('water_gap', 'beyond', '超距建筑数', 'Buildings beyond', 'integer', 'internal', true, 50),
    ('water_gap', 'limit_m', '限值(米)', 'Limit (m)', 'number', 'internal', false, 60),
    ('water_gap', 'measure', '距离口径', 'Measured', 'text', 'internal', true, 70),
    ('water_gap', 'gap', '盲区', 'Gap', 'boolean', 'internal', true, 80),
    ('water_gap', 'made_at', '计算时间', 'Made', 'time', 'internal', false, 90),
    ('water_gap', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 100),
    ('response_gap', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('response_gap', 'seconds', '到场时间(秒)', 'Seconds', 'number', 'internal', true, 20),
    ('response_gap', 'station', '最近消防站', 'Nearest station', 'text', 'internal', true, 30),
    ('response_gap', 'buildings', '建筑数', 'Buildings', 'integer', 'internal', true, 40),
    ('response_gap', 'limit_s', '限值(秒)', 'Limit (s)', 'number', 'internal', false, 50),
    ('response_gap', 'measure', '时间口径', 'Measured', 'text', 'internal', true, 60),
    ('response_gap', 'gap', '盲区', 'Gap', 'boolean', 'internal', true, 70),
    ('response_gap', 'made_at', '计算时间', 'Made', 'time', 'internal', false, 80),
    ('response_gap', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 90);
ALTER PUBLICATION onemap ADD TABLE map.fire_risk, map.water_gap, map.response_gap;
