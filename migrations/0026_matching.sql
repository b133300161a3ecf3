-- Matching of registers of legal persons and places. Locks nothing: new tables.
--
-- A link says that a row of one layer and a row of another are the same
-- establishment. It names both by source_key, not by id, so it outlives a
-- re-import, and a layer that was dropped and made anew; for the same reason
-- plans name layers without a foreign key.
--
-- What people decided is appended and never changed. What the machine found is
-- replaced by each run. Which links hold is the view onemap.match_link over
-- both: it is stored nowhere.
--
-- No values of the registers are copied here: scores and reasons are of levels
-- ("the name is the same but for its legal form"); the values are read by right
-- when somebody looks.
--
-- Registers of persons are refused by layers/match, which looks at the names
-- of the columns and at the values: see its package comment.

-- +goose Up

-- Two registers that are matched, and how.
CREATE TABLE onemap.match_plan (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'),
    title_zh    text NOT NULL CHECK (title_zh <> ''),
    title_en    text NOT NULL CHECK (title_en <> ''),
    owner       text REFERENCES onemap.organisation, -- who made it and works its queue; NULL: the operator
    left_layer  text NOT NULL,
    right_layer text NOT NULL,
    -- Which columns of each layer are compared as what:
    -- {"names": ["name", "aka"], "address": ["address"], "code": "uscc", "numbers": ["licence"]}
    left_roles  jsonb NOT NULL CHECK (jsonb_typeof(left_roles) = 'object'),
    right_roles jsonb NOT NULL CHECK (jsonb_typeof(right_roles) = 'object'),
    -- one_to_one: each register has one row per establishment. many_to_one: the
    -- left register has several rows of one (inspections against licences).
    shape       text NOT NULL DEFAULT 'one_to_one' CHECK (shape IN ('one_to_one', 'many_to_one')),
    -- Probabilities from which a pair is linked, and from which it is put
    -- before a person.
    link_at     real NOT NULL DEFAULT 0.95 CHECK (link_at BETWEEN 0.5 AND 1),
    review_at   real NOT NULL DEFAULT 0.5 CHECK (review_at BETWEEN 0 AND 1),
    follow      boolean NOT NULL DEFAULT true, -- run again by itself when a batch has changed one of the layers
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (left_layer <> right_layer),
    CHECK (review_at <= link_at)
);

-- One item, one source (一数一源): which register is authoritative for what both
-- of them say, and by what rule.
CREATE TABLE onemap.match_item (
    plan        text NOT NULL REFERENCES onemap.match_plan ON DELETE CASCADE,
    name        text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'),
    title_zh    text NOT NULL CHECK (title_zh <> ''),
    title_en    text NOT NULL CHECK (title_en <> ''),
    left_field  text NOT NULL, -- 'geom': the place itself
    right_field text NOT NULL,
    compare     text NOT NULL CHECK (compare IN ('exact', 'name', 'address', 'code', 'number', 'date', 'place')),
    tolerance   double precision NOT NULL DEFAULT 0 CHECK (tolerance >= 0), -- metres for a place, the field's unit for a number, days for a date
    authority   text CHECK (authority IN ('left', 'right')), -- NULL: not settled
    basis       text NOT NULL DEFAULT '',                    -- the rule that says so
    position    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (plan, name),
    CHECK (authority IS NULL OR basis <> '')
);

-- Each run, for the record of what was compared and what came of it.
CREATE TABLE onemap.match_run (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan        text NOT NULL REFERENCES onemap.match_plan ON DELETE CASCADE,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    failure     text NOT NULL DEFAULT '', -- in words for people; '': none
    left_batch  bigint NOT NULL DEFAULT 0, -- the newest batches that it saw
    right_batch bigint NOT NULL DEFAULT 0,
    counts      jsonb NOT NULL DEFAULT '{}' -- rows, pairs compared, linked, to review, kept by people, gone, conflicts
);
CREATE INDEX ON onemap.match_run (plan, id DESC);

-- What the last run found: pairs that it links, and pairs for people to look at.
CREATE TABLE onemap.match_pair (
    plan      text NOT NULL REFERENCES onemap.match_plan ON DELETE CASCADE,
    left_key  text NOT NULL,
    right_key text NOT NULL,
    verdict   text NOT NULL CHECK (verdict IN ('link', 'review')),
    score     real NOT NULL CHECK (score BETWEEN 0 AND 1), -- probability that they are the same
    -- [{"field": "name", "level": "same_but_form", "bits": 9.1}, …]: no values.
    reasons   jsonb NOT NULL,
    rank      smallint NOT NULL DEFAULT 1, -- among the candidates of the left row, 1 is the best
    digest    bytea NOT NULL,              -- of all that was compared, both sides
    since     timestamptz NOT NULL DEFAULT now(), -- when this verdict was first found
    run       bigint NOT NULL,
    PRIMARY KEY (plan, left_key, right_key)
);
CREATE INDEX match_pair_right_idx ON onemap.match_pair (plan, right_key);
CREATE INDEX match_pair_queue_idx ON onemap.match_pair (plan, score DESC) WHERE verdict = 'review';

-- What people decided. The latest decision of a pair counts; 'open' takes the
-- one before back.
CREATE TABLE onemap.match_decision (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan       text NOT NULL,
    left_key   text NOT NULL CHECK (left_key <> ''),
    right_key  text NOT NULL CHECK (right_key <> ''),
    verdict    text NOT NULL CHECK (verdict IN ('same', 'different', 'open')),
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    digest     bytea, -- of what was compared when they looked; NULL: the pair was theirs alone
    decided_by text NOT NULL,
    org        text NOT NULL DEFAULT '',
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX match_decision_pair_idx ON onemap.match_decision (plan, left_key, right_key, id DESC);
CREATE INDEX match_decision_right_idx ON onemap.match_decision (plan, right_key);

-- +goose StatementBegin
CREATE FUNCTION onemap.match_decision_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions on pairs are appended, not changed' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER match_decision_stays BEFORE UPDATE OR DELETE ON onemap.match_decision
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.match_decision_stays();
CREATE TRIGGER match_decision_stays_whole BEFORE TRUNCATE ON onemap.match_decision
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.match_decision_stays();

-- The decisions that count.
CREATE VIEW onemap.match_decided AS
SELECT DISTINCT ON (plan, left_key, right_key) *
FROM onemap.match_decision ORDER BY plan, left_key, right_key, id DESC;

-- The links that hold: what people said is the same, and what the machine
-- linked where no person said otherwise. A person's link of a row takes the
-- place of the machine's link of it.
CREATE VIEW onemap.match_link AS
SELECT d.plan, d.left_key, d.right_key, 'person' AS how, p.score, d.decided_at AS since,
       p.digest IS DISTINCT FROM d.digest AND d.digest IS NOT NULL AS changed_since
FROM onemap.match_decided d
LEFT JOIN onemap.match_pair p USING (plan, left_key, right_key)
WHERE d.verdict = 'same'
UNION ALL
SELECT p.plan, p.left_key, p.right_key, 'machine', p.score, p.since, false
FROM onemap.match_pair p JOIN onemap.match_plan m ON m.name = p.plan
WHERE p.verdict = 'link' AND NOT EXISTS (
    SELECT FROM onemap.match_decided d WHERE d.plan = p.plan AND (
        d.left_key = p.left_key AND d.right_key = p.right_key AND d.verdict <> 'open'
        OR d.verdict = 'same' AND (d.left_key = p.left_key OR m.shape = 'one_to_one' AND d.right_key = p.right_key)));

-- Where linked rows say different things, as the last run found it. The values
-- are read when somebody looks.
CREATE TABLE onemap.match_conflict (
    plan      text NOT NULL,
    item      text NOT NULL,
    left_key  text NOT NULL,
    right_key text NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    run       bigint NOT NULL,
    PRIMARY KEY (plan, item, left_key, right_key),
    FOREIGN KEY (plan, item) REFERENCES onemap.match_item ON DELETE CASCADE
);
