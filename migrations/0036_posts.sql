-- Where forces should stand: how fast roads are by hour, plans of stationing with
-- what they were made from, who accepted or refused them, and the layer of posts.
-- Locks: map.road_edge for a moment, to give it a trigger; else new tables only.

-- +goose Up

-- The version of the road network and of its speeds: what a node made of them in
-- memory counts as long as these stand. A network that is replaced as a whole is
-- another table; its trigger goes with it.
CREATE TABLE onemap.road_version (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    roads  bigint NOT NULL DEFAULT 0,
    speeds bigint NOT NULL DEFAULT 0
);
INSERT INTO onemap.road_version DEFAULT VALUES;

-- How many times as fast as the network's own costs a mode passes a class of road.
CREATE TABLE onemap.road_speed (
    mode      text NOT NULL CHECK (mode IN ('car', 'emergency')),
    class     text NOT NULL CHECK (char_length(class) <= 40), -- highway=*; '': every class without a line of its own
    days      text NOT NULL CHECK (days IN ('all', 'workday', 'weekend')),
    from_hour smallint NOT NULL CHECK (from_hour BETWEEN 0 AND 23),
    to_hour   smallint NOT NULL CHECK (to_hour > from_hour AND to_hour <= 24),
    factor    double precision NOT NULL CHECK (factor BETWEEN 0.05 AND 3),
    PRIMARY KEY (mode, class, days, from_hour)
);
-- To begin with: peak hours slow main roads, blue lights help. Assumptions, until
-- the city puts its measured speeds in their place.
INSERT INTO onemap.road_speed (mode, class, days, from_hour, to_hour, factor)
SELECT mode, class, 'workday', hours.f, hours.t, CASE mode WHEN 'car' THEN slow ELSE 1.2 * (1 + slow) / 2 END
FROM (VALUES ('car'), ('emergency')) m (mode),
     (VALUES ('motorway', 0.75), ('trunk', 0.65), ('primary', 0.6), ('secondary', 0.65), ('tertiary', 0.75)) c (class, slow),
     (VALUES (7, 9), (17, 19)) hours (f, t)
UNION ALL VALUES ('emergency', '', 'all', 0, 24, 1.2);

-- +goose StatementBegin
CREATE FUNCTION onemap.count_roads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE onemap.road_version SET roads = roads + 1;
    RETURN NULL;
END $$;
CREATE FUNCTION onemap.count_speeds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE onemap.road_version SET speeds = speeds + 1;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER count_roads AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON map.road_edge
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.count_roads();
CREATE TRIGGER count_speeds AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON onemap.road_speed
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.count_speeds();

-- A plan of stationing: what was asked, of which demand, and what was proposed. It
-- is never changed: whoever moves a post makes another plan, of this one.
CREATE TABLE onemap.stationing (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid     uuid NOT NULL UNIQUE,           -- made by the client: the same plan sent again is the same plan
    title    text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    org      text NOT NULL,                  -- whose forces
    area_code text NOT NULL DEFAULT '',      -- of whoever made it: those of a smaller area do not see it
    model    text NOT NULL CHECK (model IN ('mclp', 'pmedian', 'mexclp', 'dsm')),
    parent   bigint REFERENCES onemap.stationing, -- the plan that a person changed
    question jsonb NOT NULL CHECK (jsonb_typeof(question) = 'object'),
    answer   jsonb NOT NULL CHECK (jsonb_typeof(answer) = 'object'),
    -- Demand and candidates as they were, JSON, gzip: with question and seed the answer can be made again.
    data     bytea NOT NULL,
    seed     bigint NOT NULL,
    hash     text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'), -- SHA-256 of question and data
    made_by  text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON onemap.stationing (org, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.stationing FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- What a person decided. A plan's state is its last decision; without one it is proposed.
CREATE TABLE onemap.stationing_decision (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan       bigint NOT NULL REFERENCES onemap.stationing,
    decision   text NOT NULL CHECK (decision IN ('accepted', 'refused', 'ended')),
    reason     text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 2000),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    CHECK (decision = 'accepted' OR reason <> '')
);
CREATE INDEX ON onemap.stationing_decision (plan, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.stationing_decision FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- The posts of accepted plans, for the map.
SELECT map.feature_table('post', 'Point', $$
    plan bigint NOT NULL, number integer NOT NULL CHECK (number > 0),
    name text NOT NULL DEFAULT '', units integer NOT NULL DEFAULT 1 CHECK (units > 0),
    fixed boolean NOT NULL DEFAULT false, -- it stood there before
    demand double precision NOT NULL DEFAULT 0, minutes double precision,
    dept_code text NOT NULL DEFAULT '', accepted_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (plan, number)$$);
INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share, share_basis, minzoom, detail_zoom, dept_field, time_field, class_field, update_cycle, position, style) VALUES
    ('post', '力量驻点', 'Posts', 'emergency', 'Point', 'conditional', '履行城市运行管理职责 (for the duties of city operation management)', 0, NULL, 'dept_code', 'accepted_at', NULL, 'irregular', 195, '{}');
-- In a city that has departments already: of whoever the incidents are of.
UPDATE onemap.layer SET owner = (SELECT owner FROM onemap.layer WHERE name = 'incident') WHERE name = 'post';
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('post', 'grid_code', '网格编码', 'Grid code', 'text', 'public', true, 10),
    ('post', 'plan', '布警方案', 'Plan', 'integer', 'internal', true, 20),
    ('post', 'number', '序号', 'Number', 'integer', 'internal', true, 30),
    ('post', 'name', '名称', 'Name', 'text', 'internal', true, 40),
    ('post', 'units', '力量数', 'Units', 'integer', 'internal', true, 50),
    ('post', 'fixed', '既有驻点', 'Existing', 'boolean', 'internal', true, 60),
    ('post', 'demand', '覆盖需求', 'Demand served', 'number', 'internal', true, 70),
    ('post', 'minutes', '平均到达分钟', 'Mean minutes', 'number', 'internal', true, 80),
    ('post', 'dept_code', '部门', 'Department', 'text', 'internal', true, 90),
    ('post', 'accepted_at', '采纳时间', 'Accepted', 'time', 'internal', true, 100),
    ('post', 'area_code', '区划代码', 'Area code', 'text', 'public', false, 110);
ALTER PUBLICATION onemap ADD TABLE map.post;
