-- Deviations of counts from their expectation, places that come again.
-- Locks nothing: new tables only.

-- +goose Up

INSERT INTO onemap.setting (key, value) VALUES
    -- Which grids counts are held against their expectation in: grid_unit,
    -- grid_duty or grid_community; the share of chance among what is told at most
    -- (FDR); how many incidents it takes; how near each other incidents of one
    -- place are, within how many days, and how many make it a place that repeats.
    ('deviation', '{"grid": "grid_duty", "fdr": 0.1, "least": 3, "radius_m": 40, "days": 90, "repeats": 4}')
ON CONFLICT (key) DO NOTHING;

-- Each time counts were judged: what of, what was told, what could not be judged.
CREATE TABLE onemap.deviation_run (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    until   timestamptz NOT NULL,   -- the last full hour: days are of 24 hours and end at it
    tests   integer NOT NULL,       -- counts that were judged
    told    integer NOT NULL,
    chance  double precision NOT NULL,          -- of those told, expected to be chance at most
    repeats integer NOT NULL,
    classes jsonb NOT NULL,         -- each with its state
    params  jsonb NOT NULL,
    events  integer NOT NULL,
    seconds real NOT NULL
);

-- What is told now: a class in a grid, or in the whole city (no grid name).
SELECT map.feature_table('deviation', 'Point', $$
    class_standard text NOT NULL, class_code text NOT NULL,
    class_zh text NOT NULL DEFAULT '', class_en text NOT NULL DEFAULT '',
    grid_name text NOT NULL DEFAULT '',
    whole_city boolean NOT NULL DEFAULT false,
    window_days smallint NOT NULL,              -- of 24 hours each, up to until
    n integer NOT NULL,
    expected double precision NOT NULL,
    low integer NOT NULL, high integer NOT NULL, -- 90 %: what would not have surprised
    ratio double precision NOT NULL,
    q double precision NOT NULL,                -- FDR at which it is told
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 4), -- by q: 1 below 0.001, 2 below 0.01, 3 below 0.05, 4
    until timestamptz NOT NULL,                 -- the last full hour
    first_told timestamptz NOT NULL DEFAULT now(),
    answer text NOT NULL DEFAULT '' CHECK (answer IN ('', 'known', 'acting')), -- of a person: it is explained; something is done
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    answered_by text NOT NULL DEFAULT '',
    answered_at timestamptz,
    dept_code text NOT NULL DEFAULT ''$$);

-- Places where incidents of a family of classes come again and again.
SELECT map.feature_table('repeat_place', 'Point', $$
    major text NOT NULL, major_zh text NOT NULL DEFAULT '', major_en text NOT NULL DEFAULT '',
    n integer NOT NULL,                         -- within the days of the setting
    n28 integer NOT NULL, n365 integer NOT NULL,
    around double precision NOT NULL,           -- expected there by the density within 400 m
    first_day date NOT NULL, last_day date NOT NULL,
    place text NOT NULL DEFAULT '',             -- nearest address
    open integer NOT NULL DEFAULT 0,            -- cases that are not closed
    incidents bigint[] NOT NULL DEFAULT '{}',
    dept_code text NOT NULL DEFAULT ''$$);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis, minzoom, detail_zoom, dept_field, class_field, update_cycle, position)
    SELECT v.name, v.zh, v.en, 'emergency', 'Point', w.owner, 'conditional', '履行城市运行管理职责 (for the duties of city operation management)',
           0, NULL, 'dept_code', v.class, 'daily', v.position
    FROM (VALUES ('deviation', '数量异常', 'Deviations', 'level', 280), ('repeat_place', '重复多发地点', 'Repeat locations', 'major', 282)) v (name, zh, en, class, position),
         (SELECT max(owner) AS owner FROM onemap.layer WHERE name = 'incident') w;
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('deviation', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('deviation', 'class_standard', '标准', 'Standard', 'text', 'internal', false, 20),
    ('deviation', 'class_code', '类别', 'Class', 'text', 'internal', true, 30),
    ('deviation', 'class_zh', '类别名称', 'Class (Chinese)', 'text', 'internal', true, 40),
    ('deviation', 'class_en', '类别英文名', 'Class name', 'text', 'internal', true, 50),
    ('deviation', 'grid_name', '网格', 'Grid', 'text', 'internal', true, 60),
    ('deviation', 'whole_city', '全市', 'Whole city', 'boolean', 'internal', true, 70),
    ('deviation', 'window_days', '天数', 'Days', 'integer', 'internal', true, 80),
    ('deviation', 'n', '起数', 'Incidents', 'integer', 'internal', true, 90),
    ('deviation', 'expected', '预期', 'Expected', 'number', 'internal', true, 100),
    ('deviation', 'low', '下限', 'Low', 'integer', 'internal', false, 110),
    ('deviation', 'high', '上限', 'High', 'integer', 'internal', false, 120),
    ('deviation', 'ratio', '倍数', 'Ratio', 'number', 'internal', true, 130),
    ('deviation', 'q', '错报率', 'FDR', 'number', 'internal', false, 140),
    ('deviation', 'level', '级别', 'Level', 'integer', 'internal', true, 150),
    ('deviation', 'until', '截至', 'Until', 'time', 'internal', false, 160),
    ('deviation', 'first_told', '首次提示', 'First told', 'time', 'internal', false, 170),
    ('deviation', 'answer', '处置', 'Answer', 'text', 'internal', true, 180),
    ('deviation', 'note', '说明', 'Note', 'text', 'internal', false, 190),
    ('deviation', 'dept_code', '主管部门', 'Department', 'text', 'internal', false, 200),
    ('deviation', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 210),
    ('repeat_place', 'grid_code', '网格编码', 'Grid code', 'text', 'internal', true, 10),
    ('repeat_place', 'major', '大类', 'Major class', 'text', 'internal', true, 20),
    ('repeat_place', 'major_zh', '大类名称', 'Major class (Chinese)', 'text', 'internal', true, 30),
    ('repeat_place', 'major_en', '大类英文名', 'Major class name', 'text', 'internal', true, 40),
    ('repeat_place', 'n', '起数', 'Incidents', 'integer', 'internal', true, 50),
    ('repeat_place', 'n28', '近 28 天', 'In 28 days', 'integer', 'internal', true, 60),
    ('repeat_place', 'n365', '近一年', 'In a year', 'integer', 'internal', false, 70),
    ('repeat_place', 'around', '周边预期', 'Expected by surroundings', 'number', 'internal', false, 80),
    ('repeat_place', 'first_day', '首次', 'First', 'date', 'internal', false, 90),
    ('repeat_place', 'last_day', '最近', 'Last', 'date', 'internal', true, 100),
    ('repeat_place', 'place', '位置', 'Place', 'text', 'internal', true, 110),
    ('repeat_place', 'open', '未结', 'Open', 'integer', 'internal', true, 120),
    ('repeat_place', 'dept_code', '主管部门', 'Department', 'text', 'internal', false, 130),
    ('repeat_place', 'area_code', '区划代码', 'Area code', 'text', 'internal', false, 140);
ALTER PUBLICATION onemap ADD TABLE map.deviation, map.repeat_place;
