-- Forecasts: which classes may train one, runs with their records, champions,
-- standing orders, the layer of cells. Locks onemap.class ACCESS EXCLUSIVE for
-- the moment of one column (a constant default) and of a CHECK, which reads its
-- few hundred rows. The rest is new.
--
-- No column of these tables is about a person, and none may be added: an event
-- is a moment and a place (layers/forecast).

-- +goose Up

-- A class that exists because officers went and looked: arrests, stops, raids,
-- warrants, what patrols find. Its counts follow the patrols, so a forecast made
-- of it would send the patrols where they already go. It can never be marked as
-- reported by the public, whoever tries, until somebody says that it is not
-- made by officers.
ALTER TABLE onemap.class ADD COLUMN officer_made boolean NOT NULL DEFAULT false;
UPDATE onemap.class SET officer_made = true
 WHERE standard = 'onemap-calls' AND code IN ('110-203', '110-204')
    OR NOT public_reported AND (name_zh ~ '查处|查获|抓获|逮捕|拘留|拘传|盘查|缉拿|搜查' OR name_en ~* '\m(raid|arrest|warrant|traffic stop|pedestrian stop|detention)\M');
ALTER TABLE onemap.class ADD CONSTRAINT officers_do_not_train CHECK (NOT (officer_made AND public_reported));

-- What runs were made of, by content: the moments and places of a data cut, the
-- ground that cells were laid over. Kept as long as a run that names it has its
-- cells, so that it can be made again, bit by bit, though cases have changed.
CREATE TABLE onemap.forecast_content (
    hash    bytea PRIMARY KEY CHECK (length(hash) = 32), -- SHA-256 of what it unpacks to
    kind    text NOT NULL CHECK (kind IN ('events', 'ground')),
    items   integer NOT NULL,
    content bytea NOT NULL          -- gzip; see layers/forecast/content.go
);
ALTER TABLE onemap.forecast_content ALTER COLUMN content SET STORAGE EXTERNAL; -- it is packed already

-- Standing orders: forecasts that are made again by themselves.
CREATE TABLE onemap.forecast_standing (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title     text NOT NULL CHECK (title <> '' AND length(title) <= 100),
    dept_code text NOT NULL DEFAULT '',
    params    jsonb NOT NULL,
    every     text NOT NULL CHECK (every IN ('shift', 'day', 'week', 'month')),
    next_at   timestamptz NOT NULL,
    made_by   text NOT NULL,         -- login
    made_at   timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz,
    ended_by  text NOT NULL DEFAULT ''
);
CREATE INDEX ON onemap.forecast_standing (next_at) WHERE ended_at IS NULL;

-- A run: one forecast with what it was made of.
CREATE TABLE onemap.forecast_run (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid        uuid UNIQUE,         -- made by the client: an order sent again is the same order
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'withheld')),
    title       text NOT NULL DEFAULT '' CHECK (length(title) <= 100),
    dept_code   text NOT NULL DEFAULT '', -- whose it is: its officers see it; '' those who see all
    classes     jsonb NOT NULL,      -- [{"standard": …, "kind": …, "code": …}], sorted
    class_key   text NOT NULL,       -- of the set of classes
    recipe      text NOT NULL,       -- hash of all but the time: a run takes the place of the last one of its recipe
    horizon     text NOT NULL CHECK (horizon IN ('shift', 'day', 'week', 'month', 'year')),
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL CHECK (to_at > from_at),
    space       text NOT NULL CHECK (space IN ('lattice', 'grid_unit', 'grid_duty', 'grid_community')),
    cell_m      double precision,    -- a lattice's cells, metres
    params      jsonb NOT NULL,      -- all that was asked
    seed        bigint NOT NULL,
    standing    bigint REFERENCES onemap.forecast_standing,
    made_by     text NOT NULL,       -- login
    org         text NOT NULL DEFAULT '',
    made_at     timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    progress    real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    doing       text NOT NULL DEFAULT '', -- the step that it is at: a key of layers/forecast.Steps
    why         text NOT NULL DEFAULT '', -- of a failure, or why it is withheld: for people, in English
    why_zh      text NOT NULL DEFAULT '',
    record      json,                -- data cut, parameters, seed, model, versions: what the hash is of, letter by letter
    hash        bytea CHECK (length(hash) = 32), -- SHA-256 of record
    result_hash bytea CHECK (length(result_hash) = 32), -- SHA-256 of the cells' numbers
    events      bytea REFERENCES onemap.forecast_content DEFERRABLE INITIALLY DEFERRED, -- NULL once retention took them
    ground      bytea REFERENCES onemap.forecast_content DEFERRABLE INITIALLY DEFERRED,
    model       text NOT NULL DEFAULT '',
    cells       integer,             -- how many there are
    hot         integer,             -- how many of them are hot
    expected    double precision,    -- in all
    low         double precision, high double precision,
    summary     jsonb NOT NULL DEFAULT '{}', -- the headline of the backtest and the gate
    withdrawn_at  timestamptz,       -- by a person
    withdrawn_by  text NOT NULL DEFAULT '',
    withdrawn_why text NOT NULL DEFAULT '',
    cells_gone_at timestamptz,       -- by retention: its record stays
    CHECK (state <> 'done' OR hash IS NOT NULL AND result_hash IS NOT NULL)
);
CREATE INDEX ON onemap.forecast_run (made_at DESC);
CREATE INDEX ON onemap.forecast_run (recipe, id DESC);
CREATE INDEX ON onemap.forecast_run (class_key, id DESC);
CREATE INDEX ON onemap.forecast_run (events) WHERE events IS NOT NULL;
CREATE INDEX ON onemap.forecast_run (ground) WHERE ground IS NOT NULL;

-- Documents of a run: backtest, hours, changes, exposure, sensitivity.
CREATE TABLE onemap.forecast_part (
    run  bigint NOT NULL REFERENCES onemap.forecast_run ON DELETE CASCADE,
    name text NOT NULL CHECK (name ~ '^[a-z_]{1,32}$'),
    body jsonb NOT NULL,
    PRIMARY KEY (run, name)
);

-- Which model has been trusted for which classes, and until when. One row in
-- force for each set of classes, department, space and horizon.
CREATE TABLE onemap.forecast_champion (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    class_key   text NOT NULL,
    dept_code   text NOT NULL DEFAULT '',
    frame       text NOT NULL,       -- the space and the horizon
    model       text NOT NULL,
    run         bigint NOT NULL REFERENCES onemap.forecast_run, -- whose backtest crowned it
    crowned_at  timestamptz NOT NULL DEFAULT now(),
    why         text NOT NULL,
    why_zh      text NOT NULL,
    dethroned_at timestamptz,
    dethroned_by bigint REFERENCES onemap.forecast_run
);
CREATE UNIQUE INDEX forecast_champion_in_force ON onemap.forecast_champion (class_key, dept_code, frame) WHERE dethroned_at IS NULL;

-- The layer: the cells of runs. All runs lie on top of each other, so whoever
-- draws asks for one (filter=run=7); who does not is shown those in force.
SELECT map.feature_table('forecast', 'MultiPolygon', $$
    run bigint NOT NULL,                    -- onemap.forecast_run.id
    cell integer NOT NULL,                  -- its number in the run's space
    rank integer NOT NULL CHECK (rank > 0), -- 1: the densest
    expected double precision NOT NULL CHECK (expected >= 0), -- incidents from from_at to to_at
    low integer NOT NULL, high integer NOT NULL, -- between which they will be in nine of ten cases
    share double precision NOT NULL,        -- of the run's total
    density double precision NOT NULL,      -- times the city's average
    change double precision NOT NULL DEFAULT 0, -- expected less what the same model would have expected a month before
    area_m2 double precision NOT NULL CHECK (area_m2 > 0),
    zone integer NOT NULL DEFAULT 0,        -- whose hours of the week it has
    hot boolean NOT NULL DEFAULT false,     -- in the share of the area, or the number of cells, that was asked for
    current boolean NOT NULL DEFAULT true,  -- the latest of its recipe
    classes text NOT NULL DEFAULT '',       -- what of, in words
    why_zh text NOT NULL DEFAULT '', why_en text NOT NULL DEFAULT '', -- of hot cells: what drives it
    model text NOT NULL DEFAULT '',
    from_at timestamptz NOT NULL, to_at timestamptz NOT NULL,
    dept_code text NOT NULL DEFAULT ''$$);
CREATE INDEX forecast_run_idx ON map.forecast (run, rank);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share, share_basis, minzoom, dept_field, time_field, rank_field, update_cycle, position) VALUES
    ('forecast', '热点预测', 'Forecast', 'forecast', 'MultiPolygon', 'conditional', '警情、火情预测只供承担巡防部署职责的人员使用 (for those whose duty is the deployment of patrols)', 0, 'dept_code', NULL, 'rank', 'irregular', 260);
-- In a city that has departments already: of whoever the incidents are of.
UPDATE onemap.layer SET owner = (SELECT owner FROM onemap.layer WHERE name = 'incident') WHERE name = 'forecast';
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('forecast', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('forecast', 'run', '预测号', 'Forecast', 'integer', 'internal', true, 20),
    ('forecast', 'cell', '单元号', 'Cell', 'integer', 'internal', true, 30),
    ('forecast', 'rank', '名次', 'Rank', 'integer', 'internal', true, 40),
    ('forecast', 'expected', '预计起数', 'Expected', 'number', 'internal', true, 50),
    ('forecast', 'low', '下限', 'Low', 'integer', 'internal', true, 60),
    ('forecast', 'high', '上限', 'High', 'integer', 'internal', true, 70),
    ('forecast', 'share', '占比', 'Share', 'number', 'internal', false, 80),
    ('forecast', 'density', '相对全市密度', 'Density against the city', 'number', 'internal', true, 90),
    ('forecast', 'change', '较上月变化', 'Change on last month', 'number', 'internal', true, 100),
    ('forecast', 'area_m2', '面积(平方米)', 'Area (m²)', 'number', 'internal', false, 110),
    ('forecast', 'zone', '时段分区', 'Zone of hours', 'integer', 'internal', true, 120),
    ('forecast', 'hot', '热点', 'Hot', 'boolean', 'internal', true, 130),
    ('forecast', 'current', '现行', 'In force', 'boolean', 'internal', true, 140),
    ('forecast', 'classes', '类别', 'Classes', 'text', 'internal', false, 150),
    ('forecast', 'why_zh', '成因', 'Drivers (Chinese)', 'text', 'internal', false, 160),
    ('forecast', 'why_en', '成因(英文)', 'Drivers', 'text', 'internal', false, 170),
    ('forecast', 'model', '模型', 'Model', 'text', 'internal', false, 180),
    ('forecast', 'from_at', '起', 'From', 'time', 'internal', false, 190),
    ('forecast', 'to_at', '止', 'To', 'time', 'internal', false, 200),
    ('forecast', 'dept_code', '部门', 'Department', 'text', 'internal', false, 210),
    ('forecast', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 220);
ALTER PUBLICATION onemap ADD TABLE map.forecast;

INSERT INTO onemap.setting (key, value) VALUES
    -- The kill switch: false, and no forecast is made, shown or planned on.
    ('forecast.enabled', 'true'),
    -- How long the cells of a run are kept that another one took the place of, and of how many runs at most.
    ('forecast.keep', '{"days": 35, "runs": 24}'),
    -- When the shifts begin, by the city's clock.
    ('forecast.shifts', '[0, 8, 16]'),
    -- What a backtest must show, or its forecast is withheld: see layers/forecast/gate.go.
    ('forecast.gate', '{"origins": 12, "events": 100, "ig_over_uniform": 0, "pai_of_best": 0.9, "interval_points": 7}')
ON CONFLICT DO NOTHING;

-- Nodes and open connections hear of a changed registry, so the switch holds at
-- once, everywhere (layers/sql/registry.sql leaves the layer out).
-- +goose StatementBegin
CREATE FUNCTION onemap.forecast_switched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE onemap.layer SET position = position WHERE name = 'forecast';
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER forecast_switched AFTER INSERT OR UPDATE ON onemap.setting FOR EACH ROW WHEN (NEW.key = 'forecast.enabled') EXECUTE FUNCTION onemap.forecast_switched();
CREATE TRIGGER forecast_switched_away AFTER DELETE ON onemap.setting FOR EACH ROW WHEN (OLD.key = 'forecast.enabled') EXECUTE FUNCTION onemap.forecast_switched();
