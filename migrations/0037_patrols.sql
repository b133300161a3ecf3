-- Patrol plans: which unit stops where and when, what they were made from, who
-- accepted, edited or refused them, and why. Locks: onemap.task_point, ACCESS
-- EXCLUSIVE for the moment of three columns with constant defaults; else new tables only.

-- +goose Up

-- What a planned patrol's worker must know of a point: when, for how long, and
-- that chance chose it.
ALTER TABLE onemap.task_point
    ADD COLUMN explore boolean NOT NULL DEFAULT false,  -- a stop of random exploration
    ADD COLUMN planned_at timestamptz,
    ADD COLUMN stay_s integer NOT NULL DEFAULT 0 CHECK (stay_s BETWEEN 0 AND 86400);

-- A plan for some units and hours.
CREATE TABLE onemap.patrol_plan (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid       uuid UNIQUE,                -- made by the client: an order sent again is the same order
    content    text NOT NULL DEFAULT '',   -- hash of the order as it was sent
    title      text NOT NULL CHECK (title <> '' AND length(title) <= 200),
    state      text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'accepted', 'refused', 'withdrawn')),
    dept       text NOT NULL DEFAULT '',   -- the department whose units go; '' of no particular one
    area_code  text NOT NULL DEFAULT '',   -- of the organisation that made it
    mode       text NOT NULL DEFAULT 'car' CHECK (mode IN ('car', 'emergency', 'foot')),
    run        bigint,                     -- onemap.forecast_run.id; NULL: its places were picked by hand
    from_at    timestamptz NOT NULL,       -- the earliest shift's beginning
    until_at   timestamptz NOT NULL CHECK (until_at > from_at), -- the latest one's end
    seed       bigint NOT NULL,
    version    integer NOT NULL DEFAULT 1,
    score      double precision NOT NULL,  -- of all stops: see layers/deploy/patrol
    record     jsonb NOT NULL,             -- what it was made from: order, rules, places with scores and caps, the matrix's hash
    travel     bytea NOT NULL,             -- the matrix: seconds, float32, little end first, row after row
    hash       bytea NOT NULL CHECK (length(hash) = 32), -- SHA-256 of record
    notes      text[] NOT NULL DEFAULT '{}', -- what a reader must know: keys of words
    made_by    text NOT NULL,              -- login
    org        text NOT NULL DEFAULT '',
    made_at    timestamptz NOT NULL DEFAULT now(),
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz,
    reason     text NOT NULL DEFAULT '' CHECK (length(reason) <= 2000), -- of the last decision
    CHECK (state = 'draft' OR decided_at IS NOT NULL AND decided_by <> '' AND reason <> '')
);
CREATE INDEX ON onemap.patrol_plan (from_at DESC);
CREATE INDEX ON onemap.patrol_plan (until_at) WHERE state = 'accepted';
ALTER TABLE onemap.patrol_plan ALTER COLUMN travel SET STORAGE EXTERNAL;

-- The places that a plan chose from: hot spots and candidates of exploration.
CREATE TABLE onemap.patrol_place (
    plan     bigint NOT NULL REFERENCES onemap.patrol_plan ON DELETE CASCADE,
    n        smallint NOT NULL CHECK (n >= 1),
    title    text NOT NULL DEFAULT '' CHECK (length(title) <= 200),
    geom     geometry(Point, 4326) NOT NULL,
    grid_code text NOT NULL DEFAULT '',
    cell     integer,                      -- of the forecast run
    rank     integer,                      -- in it
    score    double precision NOT NULL DEFAULT 0 CHECK (score >= 0), -- expected incidents in the plan's hours
    stay_s   integer NOT NULL CHECK (stay_s > 0),
    explore  boolean NOT NULL DEFAULT false,
    by_hand  boolean NOT NULL DEFAULT false, -- a person picked it
    used_min real NOT NULL DEFAULT 0,      -- minutes of accepted plans there in the week, when it was planned
    most     smallint,                     -- stops that its cap still allowed; NULL: no cap
    roads    boolean NOT NULL DEFAULT true, -- some unit can get there
    why_zh   text NOT NULL DEFAULT '', why_en text NOT NULL DEFAULT '',
    PRIMARY KEY (plan, n)
);

CREATE TABLE onemap.patrol_unit (
    plan        bigint NOT NULL REFERENCES onemap.patrol_plan ON DELETE CASCADE,
    n           smallint NOT NULL CHECK (n >= 1),
    name        text NOT NULL CHECK (name <> '' AND length(name) <= 100),
    person      bigint REFERENCES onemap.person ON DELETE SET NULL, -- the worker whose task it becomes
    grid_code   text NOT NULL DEFAULT '',   -- or any worker of this grid
    from_at     timestamptz NOT NULL,
    until_at    timestamptz NOT NULL CHECK (until_at > from_at),
    start_title text NOT NULL DEFAULT '', start_geom geometry(Point, 4326), -- NULL: anywhere
    end_title   text NOT NULL DEFAULT '', end_geom geometry(Point, 4326),
    breaks      jsonb NOT NULL DEFAULT '[]', -- what was asked, and when they are taken
    drive_s     real NOT NULL DEFAULT 0,
    wait_s      real NOT NULL DEFAULT 0,
    back_at     timestamptz NOT NULL,
    line        geometry(LineString, 4326), -- the way by road; NULL where none was drawn
    task        bigint REFERENCES onemap.task ON DELETE SET NULL, -- once it is accepted
    PRIMARY KEY (plan, n)
);
CREATE INDEX ON onemap.patrol_unit (task) WHERE task IS NOT NULL;
CREATE INDEX ON onemap.patrol_unit (person) WHERE person IS NOT NULL;

-- The stops in their order. The n-th of a unit is the n-th point of its task:
-- what was done is read there, and stands nowhere twice.
CREATE TABLE onemap.patrol_stop (
    plan     bigint NOT NULL,
    unit     smallint NOT NULL,
    n        smallint NOT NULL CHECK (n >= 1),
    place    smallint NOT NULL,
    arrive_at timestamptz NOT NULL,
    start_at timestamptz NOT NULL,
    leave_at timestamptz NOT NULL,
    drive_s  real NOT NULL,                -- from where the unit was before
    score    double precision NOT NULL DEFAULT 0,
    visit    smallint NOT NULL DEFAULT 1,  -- the how manieth at the place
    by_hand  boolean NOT NULL DEFAULT false, -- a person put it there
    PRIMARY KEY (plan, unit, n),
    FOREIGN KEY (plan, unit) REFERENCES onemap.patrol_unit ON DELETE CASCADE,
    FOREIGN KEY (plan, place) REFERENCES onemap.patrol_place ON DELETE CASCADE
);
CREATE INDEX ON onemap.patrol_stop (start_at);

-- What happened to a plan, in order; nothing is ever changed here.
CREATE TABLE onemap.patrol_flow (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan    bigint NOT NULL,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,                 -- login
    org     text NOT NULL,
    action  text NOT NULL CHECK (action IN ('make', 'edit', 'accept', 'refuse', 'withdraw')),
    version integer NOT NULL,              -- of the plan after it
    reason  text NOT NULL DEFAULT '' CHECK (length(reason) <= 2000),
    detail  jsonb NOT NULL DEFAULT '{}'    -- what changed: stops before and after
);
CREATE INDEX ON onemap.patrol_flow (plan, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.patrol_flow
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- Minutes that accepted plans may spend in a cell of so many metres in a week; 0: no cap.
INSERT INTO onemap.setting (key, value) VALUES ('patrol.cap', '{"minutes": 300, "cell_m": 150}');
