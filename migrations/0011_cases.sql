-- Cases: the posts of a command centre, the six stages with verification and
-- check, clocks, tasks in the field. Writes each row of map.incident anew, as
-- the flow tells since when a case is as it is: two minutes or more for a million
-- cases, during which it is held ACCESS EXCLUSIVE; the flow and the roles for
-- the moment.

-- +goose Up

-- 受理员, 值班长 and 派遣员: the posts of a command centre, which the
-- evaluation looks at one by one. The role command_centre may stand in for each.
ALTER TABLE onemap.person_role DROP CONSTRAINT person_role_role_check;
ALTER TABLE onemap.person_role ADD CONSTRAINT person_role_role_check CHECK (role IN ('administrator', 'security_administrator', 'auditor',
    'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner', 'grid_worker'));

-- What a case is at, and its clock. Everything here can be computed anew from
-- onemap.incident_flow; it stands here for the map, the queues and their indexes.
ALTER TABLE map.incident DROP CONSTRAINT incident_state_check;
ALTER TABLE map.incident ADD CONSTRAINT incident_state_check CHECK (state IN (
    'reported', 'verifying', 'self_handled',             -- 信息收集
    'registered',                                        -- 案件建立
    'filed', 'returned', 'disputed',                     -- 任务派遣
    'dispatched', 'handling', 'suspended',               -- 任务处理
    'feedback',                                          -- 处理反馈
    'checking', 'checked',                               -- 核查结案
    'closed', 'rejected', 'void', 'merged'));            -- ended
ALTER TABLE map.incident
    ADD COLUMN number text UNIQUE CHECK (number ~ '^[0-9]{19}$'), -- 6 county + 8 date + 5 serial; ours until the official structure is known
    ADD COLUMN asset bigint,                              -- map.asset.id of the component it is about; no foreign key: a register is replaced as a whole
    ADD COLUMN condition text NOT NULL DEFAULT '',        -- onemap.class_condition.code: the filing condition (立案条件)
    ADD COLUMN area_class text NOT NULL DEFAULT 'B' CHECK (area_class IN ('A', 'B', 'C')), -- of its grid when it was filed
    ADD COLUMN limit_n integer CHECK (limit_n >= 0),      -- the time to handle it; NULL: none is set
    ADD COLUMN limit_unit text CHECK (limit_unit IN ('urgent_hour', 'working_hour', 'working_day', 'natural_day')),
    -- The clock of the state it is in: running since, yellow from warn_at (80 %), red after
    -- due_at. NULL warn_at and due_at: no clock runs. While it is handled the
    -- clock is the handling limit's, with extensions, and without the time that it stood suspended, returned or under check.
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN warn_at timestamptz,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN escalation smallint NOT NULL DEFAULT 0 CHECK (escalation BETWEEN 0 AND 3), -- 0 none, 1 warned, 2 overdue, 3 long overdue
    ADD COLUMN supervised boolean NOT NULL DEFAULT false, -- 督办
    ADD COLUMN handler bigint,                            -- onemap.person.id whom the department assigned
    ADD COLUMN pending text NOT NULL DEFAULT '' CHECK (pending IN ('', 'extension', 'suspension', 'appeal', 'appeal_second')), -- asked for, not yet answered
    ADD COLUMN verified text NOT NULL DEFAULT '' CHECK (verified IN ('', 'true', 'false', 'unknown')), -- 属实 / 不属实 / 无法核实
    ADD COLUMN checked text NOT NULL DEFAULT '' CHECK (checked IN ('', 'passed', 'failed')),
    ADD COLUMN extensions smallint NOT NULL DEFAULT 0 CHECK (extensions BETWEEN 0 AND 2), -- granted
    ADD COLUMN suspensions smallint NOT NULL DEFAULT 0 CHECK (suspensions BETWEEN 0 AND 1),
    ADD COLUMN suspended_until timestamptz,
    ADD COLUMN returns smallint NOT NULL DEFAULT 0,       -- 回退
    ADD COLUMN reworks smallint NOT NULL DEFAULT 0,       -- 返工
    ADD COLUMN dispatches smallint NOT NULL DEFAULT 0,    -- to how many departments it went, one after the other
    ADD COLUMN decided boolean NOT NULL DEFAULT false,    -- the command centre said whose it is: no further return
    ADD COLUMN overdue boolean NOT NULL DEFAULT false,    -- it was, or is, handled beyond the limit: the fact, whatever is granted later
    ADD COLUMN excused boolean NOT NULL DEFAULT false,    -- an appeal was granted: not counted as overdue
    ADD COLUMN forced boolean NOT NULL DEFAULT false,     -- 强制结案
    ADD COLUMN merged_into bigint,                        -- map.incident.id
    ADD COLUMN registered_at timestamptz,                 -- first taken in (受理)
    ADD COLUMN filed_at timestamptz,                      -- first filed (立案)
    ADD COLUMN dispatched_at timestamptz,                 -- last dispatched (派遣)
    ADD COLUMN handled_at timestamptz,                    -- last fed back (反馈)
    ADD COLUMN external_source text NOT NULL DEFAULT '',  -- '12345', '110', '119', 'open311', a sensor platform …
    ADD COLUMN external_id text NOT NULL DEFAULT '';
-- Cases that are there already: what their columns can say of their flow.
UPDATE map.incident i SET since = coalesce(f.since, i.closed_at, i.updated_at), filed_at = f.filed_at, dispatched_at = f.dispatched_at, handled_at = f.handled_at,
       returns = coalesce(f.returns, 0), reworks = coalesce(f.reworks, 0)
  FROM map.incident x
  LEFT JOIN (SELECT incident, max(at) FILTER (WHERE from_state <> to_state) AS since, min(at) FILTER (WHERE action = 'file') AS filed_at,
                    max(at) FILTER (WHERE action = 'dispatch') AS dispatched_at, max(at) FILTER (WHERE action = 'feedback') AS handled_at,
                    count(*) FILTER (WHERE action = 'return') AS returns, count(*) FILTER (WHERE action = 'rework') AS reworks
               FROM onemap.incident_flow GROUP BY incident) f ON f.incident = x.id
 WHERE i.id = x.id;
CREATE INDEX incident_due_idx ON map.incident (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX incident_updated_idx ON map.incident (updated_at);
CREATE UNIQUE INDEX incident_external_idx ON map.incident (external_source, external_id) WHERE external_source <> '';
DROP INDEX map.incident_state_idx;
CREATE INDEX incident_state_idx ON map.incident (state, since) WHERE state NOT IN ('closed', 'rejected', 'void', 'merged');

INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('incident', 'number', '案卷号', 'Case number', 'text', 'internal', false, 25),
    ('incident', 'asset', '部件号', 'Component', 'integer', 'internal', false, 45),
    ('incident', 'since', '状态起始', 'In this state since', 'time', 'internal', false, 61),
    ('incident', 'warn_at', '预警时间', 'Yellow from', 'time', 'internal', true, 62),
    ('incident', 'due_at', '截止时间', 'Due', 'time', 'internal', true, 63),
    ('incident', 'escalation', '升级', 'Escalation', 'integer', 'internal', true, 64),
    ('incident', 'supervised', '督办', 'Supervised', 'boolean', 'internal', true, 65),
    ('incident', 'returns', '回退次数', 'Returns', 'integer', 'internal', false, 66),
    ('incident', 'reworks', '返工次数', 'Reworks', 'integer', 'internal', false, 67),
    ('incident', 'overdue', '超时', 'Overdue', 'boolean', 'internal', false, 68),
    ('incident', 'updated_at', '更新时间', 'Updated', 'time', 'internal', false, 125);

-- The flow record says more: which post acted, what it cost, and the details
-- from which clocks and counts are computed anew.
ALTER TABLE onemap.incident_flow
    ADD COLUMN uuid uuid UNIQUE,                     -- made by the client: an action sent again is the same action
    ADD COLUMN post text NOT NULL DEFAULT '',        -- the role in which it was done: acceptor, shift_leader, dispatcher, …; 'system'
    ADD COLUMN dept text NOT NULL DEFAULT '',        -- the department that the case is with after it
    ADD COLUMN used_s bigint,                        -- seconds of the clock that the state before it took
    ADD COLUMN limit_s bigint,                       -- and how many it had; NULL: no limit
    ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';   -- condition, limit, until, blame (the department named by a return), into, handler, worker, result …
CREATE INDEX ON onemap.incident_flow (at);

-- Work in the field that has a place, a time and somebody to do it: verification
-- (核实), check (核查), patrol, visit, re-check of a hazard. One row a task.
CREATE TABLE onemap.task (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid       uuid UNIQUE,                          -- of what finished it, made by the client
    kind       text NOT NULL CHECK (kind IN ('verify', 'check', 'patrol', 'visit', 'recheck')),
    title      text NOT NULL DEFAULT '',
    incident   bigint,                               -- map.incident.id, for verify and check
    enterprise bigint,                               -- map.enterprise.id, for visit and recheck
    hazard     bigint,                               -- onemap.hazard.id, for recheck
    person     bigint REFERENCES onemap.person ON DELETE SET NULL, -- whose it is; NULL: of any worker of its grid
    grid_code  text NOT NULL DEFAULT '',             -- unit grid, or for patrols the responsibility grid
    area_code  text NOT NULL DEFAULT '',
    geom       geometry(Point, 4326),
    made_by    text NOT NULL,                        -- login, or 'system'
    made_at    timestamptz NOT NULL DEFAULT now(),
    warn_at    timestamptz,
    due_at     timestamptz,
    done_at    timestamptz,
    done_by    text,
    result     text NOT NULL DEFAULT '',             -- verify: true, false, unknown; check: passed, failed; others: done, failed; '' while open; 'cancelled'
    opinion    text NOT NULL DEFAULT '' CHECK (length(opinion) <= 2000),
    version    integer NOT NULL DEFAULT 1,
    detail     jsonb NOT NULL DEFAULT '{}',          -- patrol: points; visit: checklist and answers
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX task_person_idx ON onemap.task (person, due_at) WHERE done_at IS NULL;
CREATE INDEX task_grid_idx ON onemap.task (grid_code) WHERE done_at IS NULL;
CREATE INDEX task_incident_idx ON onemap.task (incident) WHERE incident IS NOT NULL;
CREATE INDEX task_made_idx ON onemap.task (made_at);
ALTER TABLE onemap.task REPLICA IDENTITY FULL;
ALTER PUBLICATION onemap ADD TABLE onemap.task;

-- Office hours and days, for the clocks. Times are of the city's time zone
-- (setting 'city.time_zone'). Dates: holidays and the working days that make up for them (调休).
CREATE TABLE onemap.calendar_day (
    day     date PRIMARY KEY,
    working boolean NOT NULL,
    name    text NOT NULL DEFAULT ''
);
INSERT INTO onemap.setting (key, value) VALUES
    ('city.time_zone', '"Asia/Shanghai"'),
    ('city.office_hours', '[["08:00", "12:00"], ["14:00", "18:00"]]'),
    -- How long each step of the command centre may take: the handling limit is the class's.
    -- Minutes that each step of the command centre may take, and of which clock: urgent is continuous,
    -- working counts office hours. The handling limit is the class's.
    ('case.stage_limits', '{"reported": [30, "urgent"], "verifying": [1440, "urgent"], "self_handled": [1440, "urgent"], "registered": [30, "urgent"], "filed": [30, "urgent"],
        "returned": [30, "urgent"], "disputed": [240, "working"], "feedback": [30, "urgent"], "checking": [120, "urgent"], "checked": [30, "urgent"]}'),
    ('case.duplicate', '{"metres": 50, "hours": 24}'),
    ('case.warn_percent', '80'),
    -- A case goes on from filing to the department that a rule names, without waiting for the dispatcher.
    ('case.dispatch_by_rule', 'true');

-- Whose matter it is (权责清单): the most particular rule wins: class and grid
-- before class and area before class. '' is any. learnt: from a decision of the command centre.
CREATE TABLE onemap.class_rule (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    standard  text NOT NULL,
    code      text NOT NULL,
    grid_code text NOT NULL DEFAULT '',  -- unit, responsibility or community grid
    area_code text NOT NULL DEFAULT '',  -- prefix
    dept      text NOT NULL REFERENCES onemap.organisation,
    learnt    boolean NOT NULL DEFAULT false,
    incident  bigint,                    -- the case whose decision taught it
    reason    text NOT NULL DEFAULT '',
    made_by   text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz
);
CREATE UNIQUE INDEX class_rule_key ON onemap.class_rule (standard, code, grid_code, area_code) WHERE ended_at IS NULL;

-- Filing conditions (立案条件) and limits of a class, by area class. original
-- keeps the limit's words as the source has them.
CREATE TABLE onemap.class_condition (
    standard  text NOT NULL,
    kind      text NOT NULL DEFAULT 'matter' CHECK (kind = 'matter'),
    class     text NOT NULL,
    code      text NOT NULL CHECK (code ~ '^[0-9A-Za-z._-]{1,24}$'),
    position  integer NOT NULL DEFAULT 0,
    text_zh   text NOT NULL,
    text_en   text NOT NULL DEFAULT '',
    close_zh  text NOT NULL DEFAULT '',  -- 结案标准
    limit_n   integer NOT NULL CHECK (limit_n >= 0),
    limit_unit text NOT NULL CHECK (limit_unit IN ('urgent_hour', 'working_hour', 'working_day', 'natural_day')),
    limits    jsonb NOT NULL DEFAULT '{}', -- {"A": [1, "working_hour"], "C": …}: where an area class has its own
    original  text NOT NULL DEFAULT '',
    active    boolean NOT NULL DEFAULT true,
    PRIMARY KEY (standard, kind, class, code),
    FOREIGN KEY (standard, kind, class) REFERENCES onemap.class
);
ALTER PUBLICATION onemap ADD TABLE onemap.class_rule, onemap.class_condition, onemap.calendar_day;
