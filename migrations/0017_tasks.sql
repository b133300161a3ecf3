-- Patrols, visits with checklists, hazards: work in the field beside the cases.
-- New tables, but for onemap.task, which gets columns with constant defaults
-- and is held ACCESS EXCLUSIVE for the moment.

-- +goose Up

ALTER TABLE onemap.task
    ADD COLUMN dept text NOT NULL DEFAULT '',            -- the department for which it is done; '' of no particular one
    ADD COLUMN content text NOT NULL DEFAULT '',         -- hash of what finished it: sent again, it is the same
    ADD COLUMN asked uuid UNIQUE,                        -- made by the client that made the task: made again, it is the same
    ADD COLUMN checklist text,                           -- onemap.checklist, of a visit
    ADD COLUMN checklist_version integer,
    ADD COLUMN schedule bigint,                          -- onemap.patrol_schedule.id of a patrol that comes again
    ADD COLUMN day date,                                 -- and its day
    ADD COLUMN cancelled_why text NOT NULL DEFAULT '' CHECK (length(cancelled_why) <= 2000);
-- A visit that is open is not made a second time, by whichever node.
CREATE UNIQUE INDEX task_visit_open_key ON onemap.task (enterprise) WHERE kind = 'visit' AND done_at IS NULL;
CREATE UNIQUE INDEX task_recheck_open_key ON onemap.task (hazard) WHERE kind = 'recheck' AND done_at IS NULL;
CREATE UNIQUE INDEX task_schedule_key ON onemap.task (schedule, day) WHERE schedule IS NOT NULL;
CREATE INDEX task_enterprise_idx ON onemap.task (enterprise, done_at) WHERE enterprise IS NOT NULL;
CREATE INDEX task_done_by_idx ON onemap.task (done_by) WHERE done_by IS NOT NULL; -- who did it goes on seeing what it was about
CREATE INDEX task_due_idx ON onemap.task (due_at) WHERE done_at IS NULL;
CREATE INDEX task_area_idx ON onemap.task (area_code text_pattern_ops) WHERE done_at IS NULL;

-- The points of a patrol, in their order. A visit far from the point is noted
-- with its distance, not refused: the map may be wrong, and so may the GPS.
CREATE TABLE onemap.task_point (
    task       bigint NOT NULL REFERENCES onemap.task ON DELETE CASCADE,
    n          smallint NOT NULL CHECK (n >= 1),
    title      text NOT NULL DEFAULT '' CHECK (length(title) <= 200),
    geom       geometry(Point, 4326) NOT NULL,
    near_m     real NOT NULL DEFAULT 50 CHECK (near_m > 0), -- metres within which a visit counts as at the point
    uuid       uuid UNIQUE,                -- of the visit, made by the client
    content    text NOT NULL DEFAULT '',   -- hash of the visit as it was sent
    visited_at timestamptz,                -- by our clock; what the phone's clock said is in detail
    visited_by text,
    distance_m real,                       -- of the visit from the point; NULL: the phone had no position
    skipped    text NOT NULL DEFAULT '' CHECK (length(skipped) <= 500), -- why it was left out
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    detail     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (task, n)
);
CREATE TABLE onemap.task_photo (
    task     bigint NOT NULL REFERENCES onemap.task ON DELETE CASCADE,
    position smallint NOT NULL,
    kind     text NOT NULL DEFAULT 'near' CHECK (kind IN ('near', 'far', 'reference', 'before', 'after')),
    photo    text NOT NULL REFERENCES onemap.photo,
    subject  text NOT NULL DEFAULT '',     -- the point's number or the checklist's item; '': the whole task
    PRIMARY KEY (task, position)
);
CREATE INDEX ON onemap.task_photo (photo);

-- A patrol that comes again: a sweep makes each day's task.
CREATE TABLE onemap.patrol_schedule (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked     uuid UNIQUE,                 -- made by the client
    title     text NOT NULL CHECK (title <> '' AND length(title) <= 200),
    dept      text NOT NULL DEFAULT '',
    person    bigint REFERENCES onemap.person ON DELETE SET NULL,
    grid_code text NOT NULL DEFAULT '',
    area_code text NOT NULL DEFAULT '',
    weekdays  smallint[] NOT NULL CHECK (array_length(weekdays, 1) BETWEEN 1 AND 7 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]), -- ISO: 1 is Monday
    from_time time NOT NULL DEFAULT '00:00', -- of the city's clock; the task is due at until_time
    until_time time NOT NULL DEFAULT '24:00' CHECK (until_time > from_time),
    points    jsonb NOT NULL CHECK (jsonb_typeof(points) = 'array'), -- [{"title", "lon", "lat", "near_m"}]
    made_by   text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    ends_on   date,                        -- the last day; NULL: until it is ended
    ended_at  timestamptz
);

-- Checklists of visits. A version is never changed: an answer stays readable as
-- it was asked. The current one is the largest version.
CREATE TABLE onemap.checklist (
    code       text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    version    integer NOT NULL CHECK (version >= 1),
    name_zh    text NOT NULL CHECK (name_zh <> '' AND length(name_zh) <= 100),
    name_en    text NOT NULL CHECK (name_en <> '' AND length(name_en) <= 200),
    industries text[] NOT NULL DEFAULT '{}', -- of the enterprises that it is for; empty: of those that no other is for
    active     boolean NOT NULL DEFAULT true,
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (code, version)
);
CREATE TABLE onemap.checklist_item (
    checklist  text NOT NULL,
    version    integer NOT NULL,
    position   smallint NOT NULL,
    code       text NOT NULL CHECK (code ~ '^[0-9A-Za-z._-]{1,24}$'),
    text_zh    text NOT NULL CHECK (text_zh <> '' AND length(text_zh) <= 500),
    text_en    text NOT NULL DEFAULT '' CHECK (length(text_en) <= 1000),
    kind       text NOT NULL CHECK (kind IN ('yes_no', 'number', 'text', 'photo')),
    required   boolean NOT NULL DEFAULT true,
    at_least   double precision,            -- of a number; outside of the two it fails
    at_most    double precision,
    law        text NOT NULL DEFAULT '' CHECK (length(law) <= 200), -- where it comes from
    fail_opens text NOT NULL DEFAULT '' CHECK (fail_opens IN ('', 'general', 'major')), -- the hazard that a failure suggests
    PRIMARY KEY (checklist, version, code),
    FOREIGN KEY (checklist, version) REFERENCES onemap.checklist ON DELETE CASCADE
);
-- What was answered on a visit.
CREATE TABLE onemap.task_answer (
    task   bigint NOT NULL REFERENCES onemap.task ON DELETE CASCADE,
    item   text NOT NULL,
    value  text NOT NULL DEFAULT '' CHECK (length(value) <= 2000), -- yes, no, na; a number; words
    note   text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    failed boolean NOT NULL DEFAULT false,
    hazard bigint,                          -- map.hazard.id that it opened
    PRIMARY KEY (task, item)
);

-- Hazards (安全隐患): found, registered, assessed, rectified, checked again, closed.
SELECT map.feature_table('hazard', 'Point', $$
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), -- the finder's client makes it
    level text NOT NULL DEFAULT 'general' CHECK (level IN ('general', 'major')), -- 一般 / 重大
    state text NOT NULL CHECK (state IN ('found', 'registered', 'rectifying', 'rectified', 'rechecking', 'rechecked', 'closed', 'void')),
    kind text NOT NULL DEFAULT '' CHECK (length(kind) <= 100),
    title text NOT NULL CHECK (title <> '' AND length(title) <= 200),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
    place text NOT NULL DEFAULT '' CHECK (length(place) <= 256),
    enterprise bigint,                      -- map.enterprise.id; no foreign key: a register is replaced as a whole
    enterprise_name text NOT NULL DEFAULT '',
    task bigint,                            -- onemap.task.id of the visit that found it
    item text NOT NULL DEFAULT '',          -- and the checklist's item
    incident bigint,                        -- map.incident.id it came from
    dept_code text NOT NULL DEFAULT '',     -- the department that oversees its rectification
    finder bigint,                          -- onemap.person.id; never served to others
    rectifier bigint,                       -- onemap.person.id who reported the rectification; may not close a major one
    found_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    term_at timestamptz,                    -- 时限: until when it is to be rectified
    since timestamptz NOT NULL DEFAULT now(), -- in its state
    warn_at timestamptz, due_at timestamptz, -- of its state: yellow, red
    escalation smallint NOT NULL DEFAULT 0 CHECK (escalation BETWEEN 0 AND 3), -- 0 none, 1 warned, 2 overdue, 3 long overdue
    overdue boolean NOT NULL DEFAULT false, -- the term passed before it was rectified: the fact, whatever came later
    supervised boolean NOT NULL DEFAULT false, -- 挂牌督办
    supervisor text NOT NULL DEFAULT '',    -- organisation that supervises
    extensions smallint NOT NULL DEFAULT 0,
    rechecks smallint NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    attributes jsonb NOT NULL DEFAULT '{}'$$);
CREATE INDEX hazard_state_idx ON map.hazard (state, since) WHERE state NOT IN ('closed', 'void');
CREATE INDEX hazard_due_idx ON map.hazard (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX hazard_enterprise_idx ON map.hazard (enterprise) WHERE enterprise IS NOT NULL;
CREATE INDEX hazard_found_idx ON map.hazard (found_at);

-- 五落实: what is done, who is responsible, with which money, until when, and what
-- is done if it goes wrong meanwhile. Apart from the layer: it is for those
-- who handle the hazard. responsible is a post at the enterprise in words; it
-- is erased some time after the hazard is closed (setting hazard.responsible_days).
CREATE TABLE onemap.hazard_plan (
    hazard      bigint PRIMARY KEY,
    measure     text NOT NULL DEFAULT '' CHECK (length(measure) <= 4000),
    responsible text NOT NULL DEFAULT '' CHECK (length(responsible) <= 100),
    money_yuan  numeric(14, 2) CHECK (money_yuan >= 0),
    contingency text NOT NULL DEFAULT '' CHECK (length(contingency) <= 4000),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
-- What happened to a hazard, in order; nothing is ever changed here.
CREATE TABLE onemap.hazard_flow (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hazard     bigint NOT NULL,
    uuid       uuid UNIQUE,                 -- made by the client: an action sent again is the same action
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,               -- login, or 'system'
    org        text NOT NULL,
    action     text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    opinion    text NOT NULL DEFAULT '' CHECK (length(opinion) <= 2000),
    detail     jsonb NOT NULL DEFAULT '{}'  -- level, term, dept, worker, result; the client's time; the content's hash
);
CREATE INDEX ON onemap.hazard_flow (hazard, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.hazard_flow
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TABLE onemap.hazard_photo (
    hazard   bigint NOT NULL,
    position smallint NOT NULL,
    kind     text NOT NULL DEFAULT 'near' CHECK (kind IN ('near', 'far', 'reference', 'before', 'after')),
    photo    text NOT NULL REFERENCES onemap.photo,
    step     bigint,                        -- onemap.hazard_flow.id that it came with
    PRIMARY KEY (hazard, position)
);
CREATE INDEX ON onemap.hazard_photo (photo);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share, share_basis, minzoom, detail_zoom, dept_field, time_field, class_field, update_cycle, position, style) VALUES
    ('hazard', '安全隐患', 'Hazards', 'emergency', 'Point', 'conditional', '履行城市运行管理职责 (for the duties of city operation management)', 0, 14, 'dept_code', 'found_at', 'level', 'real_time', 185,
     '{"colours": {"major": "#d92d27", "general": "#e3b800"}}');
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('hazard', 'grid_code', '网格编码', 'Grid code', 'text', 'public', true, 10),
    ('hazard', 'uuid', '登记号', 'Report number', 'text', 'internal', false, 20),
    ('hazard', 'level', '隐患等级', 'Level', 'text', 'internal', true, 30),
    ('hazard', 'state', '状态', 'State', 'text', 'internal', true, 40),
    ('hazard', 'kind', '类别', 'Kind', 'text', 'internal', false, 50),
    ('hazard', 'title', '隐患内容', 'Hazard', 'text', 'internal', true, 60),
    ('hazard', 'description', '描述', 'Description', 'text', 'internal', false, 70),
    ('hazard', 'place', '位置', 'Place', 'text', 'internal', false, 80),
    ('hazard', 'enterprise', '企业号', 'Enterprise', 'integer', 'internal', true, 90),
    ('hazard', 'enterprise_name', '企业名称', 'Enterprise name', 'text', 'internal', false, 100),
    ('hazard', 'found_at', '发现时间', 'Found', 'time', 'internal', true, 110),
    ('hazard', 'term_at', '整改时限', 'Term', 'time', 'internal', true, 120),
    ('hazard', 'since', '状态起始', 'In this state since', 'time', 'internal', false, 130),
    ('hazard', 'warn_at', '预警时间', 'Yellow from', 'time', 'internal', true, 140),
    ('hazard', 'due_at', '截止时间', 'Due', 'time', 'internal', true, 150),
    ('hazard', 'escalation', '升级', 'Escalation', 'integer', 'internal', true, 160),
    ('hazard', 'overdue', '超期', 'Overdue', 'boolean', 'internal', true, 170),
    ('hazard', 'supervised', '挂牌督办', 'Supervised', 'boolean', 'internal', true, 180),
    ('hazard', 'closed_at', '销号时间', 'Closed', 'time', 'internal', false, 190),
    ('hazard', 'version', '版本', 'Version', 'integer', 'internal', false, 200),
    ('hazard', 'dept_code', '监管部门', 'Department', 'text', 'internal', true, 210),
    ('hazard', 'area_code', '区划代码', 'Area code', 'text', 'public', false, 220);
ALTER PUBLICATION onemap ADD TABLE map.hazard, onemap.checklist;

INSERT INTO onemap.setting (key, value) VALUES
    -- Days before a visit is due that its task is made; how long after one that did not take place it is made again; whether tasks are made at all.
    ('visit.tasks', '{"make": true, "ahead_days": 7, "again_days": 7}'),
    -- Natural days that each state of a hazard may take. While it is rectified, its own term counts.
    ('hazard.limits', '{"found": 1, "registered": 3, "rectified": 3, "rechecking": 3, "rechecked": 3}'),
    ('hazard.warn_percent', '80'),
    -- Days after its closing that the post of who was responsible at the enterprise is kept.
    ('hazard.responsible_days', '90'),
    -- A visit of a patrol's point counts as at the point within these metres, where the point says nothing else.
    ('patrol.near_m', '50'),
    -- A report further than so many kilometres from every grid is refused: its coordinate system is wrong. 0: none is.
    ('report.far_km', '50'),
    -- What the phone keeps for working without signal.
    ('phone.keep', '{"tiles": 300, "margin_m": 200}');

-- Two checklists to begin with, in onemap's own words. They are no official
-- form, and the articles of law beside them are not checked against the official
-- text: a city replaces them by its own (PUT /api/v1/checklists/{code}).
INSERT INTO onemap.checklist (code, version, name_zh, name_en, industries, made_by) VALUES
    ('small-place-fire', 1, '九小场所消防安全检查', 'Fire safety of small places', '{餐饮服务,宾馆旅店,娱乐场所,商贸市场,养老托育,小餐饮,小商店,小旅馆,小学校,小医院,小网吧,小美容洗浴,小生产加工}', 'onemap'),
    ('work-safety', 1, '安全生产一般检查', 'General work safety', '{}', 'onemap');
INSERT INTO onemap.checklist_item (checklist, version, position, code, text_zh, text_en, kind, required, at_least, at_most, law, fail_opens) VALUES
    ('small-place-fire', 1, 1, 'exit', '疏散通道、安全出口畅通,未锁闭、未堵塞', 'Ways out and exits are clear, neither locked nor blocked', 'yes_no', true, NULL, NULL, '消防法 28', 'major'),
    ('small-place-fire', 1, 2, 'sleeping', '生产、经营、仓储区内无违规住人', 'Nobody sleeps where goods are made, sold or stored', 'yes_no', true, NULL, NULL, '消防法 19', 'major'),
    ('small-place-fire', 1, 3, 'windows', '门窗未设影响逃生和救援的栅栏、广告牌', 'No bars or signs on windows and doors that would hinder escape or rescue', 'yes_no', true, NULL, NULL, '消防法 28', 'general'),
    ('small-place-fire', 1, 4, 'extinguishers', '灭火器数量(具)', 'Number of extinguishers', 'number', true, 2, NULL, '消防法 16', 'general'),
    ('small-place-fire', 1, 5, 'extinguisher-ok', '灭火器压力正常、在有效期内、取用方便', 'Extinguishers have pressure, are in date and within reach', 'yes_no', true, NULL, NULL, '消防法 16', 'general'),
    ('small-place-fire', 1, 6, 'wiring', '无私拉乱接电线,电线穿管保护', 'No improvised wiring; cables run in conduits', 'yes_no', true, NULL, NULL, '消防法 27', 'general'),
    ('small-place-fire', 1, 7, 'ebikes', '室内和疏散通道内无电动自行车停放、充电', 'No electric bicycle stands or charges indoors or in the ways out', 'yes_no', true, NULL, NULL, '', 'major'),
    ('small-place-fire', 1, 8, 'gas', '燃气具、软管完好,用气场所装有可燃气体报警器', 'Gas appliances and hoses are sound; a gas alarm is fitted where gas is used', 'yes_no', true, NULL, NULL, '安全生产法 36', 'general'),
    ('small-place-fire', 1, 9, 'lights', '应急照明、疏散指示标志完好', 'Emergency lights and exit signs work', 'yes_no', true, NULL, NULL, '消防法 16', 'general'),
    ('small-place-fire', 1, 10, 'staff', '从业人员会报警、会用灭火器、会组织疏散', 'Staff know how to call the fire brigade, use an extinguisher and lead people out', 'yes_no', true, NULL, NULL, '消防法 6', ''),
    ('small-place-fire', 1, 11, 'picture', '场所现场照片', 'A photo of the place', 'photo', false, NULL, NULL, '', ''),
    ('small-place-fire', 1, 12, 'remarks', '其他情况', 'Anything else', 'text', false, NULL, NULL, '', ''),
    ('work-safety', 1, 1, 'licence', '证照齐全、在有效期内', 'Licences are there and in date', 'yes_no', true, NULL, NULL, '', ''),
    ('work-safety', 1, 2, 'responsibility', '建立全员安全生产责任制,明确安全负责人', 'Everyone''s part in safety is laid down and somebody is in charge of it', 'yes_no', true, NULL, NULL, '安全生产法 22', 'general'),
    ('work-safety', 1, 3, 'training', '从业人员经安全培训,特种作业持证上岗', 'Staff are trained; special work is done by certified people only', 'yes_no', true, NULL, NULL, '安全生产法 28, 30', 'general'),
    ('work-safety', 1, 4, 'self-check', '定期自查隐患并有记录', 'Hazards are looked for regularly, with a record', 'yes_no', true, NULL, NULL, '安全生产法 41', ''),
    ('work-safety', 1, 5, 'exits', '生产经营场所出口、疏散通道畅通', 'Exits and ways out of the premises are clear', 'yes_no', true, NULL, NULL, '安全生产法 42', 'major'),
    ('work-safety', 1, 6, 'guards', '机械设备传动、危险部位有防护', 'Moving and dangerous parts of machines are guarded', 'yes_no', true, NULL, NULL, '安全生产法 36', 'general'),
    ('work-safety', 1, 7, 'electric', '电气线路、配电箱完好,无过载、裸露', 'Wiring and distribution boxes are sound, not overloaded, nothing bare', 'yes_no', true, NULL, NULL, '安全生产法 36', 'general'),
    ('work-safety', 1, 8, 'chemicals', '危险物品分类存放、专人管理,未超量', 'Dangerous goods are stored apart, under somebody''s care and within the amount allowed', 'yes_no', true, NULL, NULL, '安全生产法 39', 'major'),
    ('work-safety', 1, 9, 'confined', '有限空间有标识、先通风再检测后作业', 'Confined spaces are marked; work there only after airing and measuring', 'yes_no', true, NULL, NULL, '', 'major'),
    ('work-safety', 1, 10, 'fire', '消防设施、器材完好有效', 'Fire equipment is in order', 'yes_no', true, NULL, NULL, '消防法 16', 'general'),
    ('work-safety', 1, 11, 'ppe', '从业人员正确佩戴劳动防护用品', 'Staff wear their protective equipment', 'yes_no', true, NULL, NULL, '安全生产法 45', 'general'),
    ('work-safety', 1, 12, 'plan', '有应急预案并演练', 'There is an emergency plan, and it is practised', 'yes_no', true, NULL, NULL, '安全生产法 81', ''),
    ('work-safety', 1, 13, 'picture', '现场照片', 'A photo of the premises', 'photo', false, NULL, NULL, '', ''),
    ('work-safety', 1, 14, 'remarks', '其他情况', 'Anything else', 'text', false, NULL, NULL, '', '');
