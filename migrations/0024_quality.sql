-- Quality of data (GB/T 36344-2018): rules of layers, what each run found,
-- rows kept out, and corrections that users ask for (校核纠错). Locks nothing: new tables.

-- +goose Up

-- A rule of a layer. A rule is never changed: it ends and another takes its
-- place, so that what an old run found keeps its meaning.
CREATE TABLE onemap.quality_rule (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer      text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    indicator  text NOT NULL CHECK (indicator ~ '^(normative|completeness|accuracy|consistency|timeliness|accessibility)\.[a-z_]{1,40}$'), -- layers/quality has the list
    kind       text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'), -- how it is tested, see layers/quality
    field      text NOT NULL DEFAULT '',                      -- the column it is about; '': the row, or the layer
    params     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(params) = 'object' AND pg_column_size(params) <= 65536),
    condition  text NOT NULL DEFAULT '' CHECK (length(condition) <= 2000), -- which rows are assessed, CQL2; '': all
    weight     real NOT NULL DEFAULT 1 CHECK (weight > 0 AND weight <= 100),
    quarantine boolean NOT NULL DEFAULT false,                -- an import keeps rows that fail it out of the layer
    title_zh   text NOT NULL CHECK (title_zh <> '' AND length(title_zh) <= 200),
    title_en   text NOT NULL CHECK (title_en <> '' AND length(title_en) <= 200),
    basis      text NOT NULL DEFAULT '' CHECK (length(basis) <= 500), -- the standard or document behind it
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    ended_by   text,
    ended_at   timestamptz,
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX quality_rule_layer_idx ON onemap.quality_rule (layer) WHERE ended_at IS NULL;

-- A run of a layer's rules over the layer itself, or over a batch's rows
-- before they are in it.
CREATE TABLE onemap.quality_run (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer   text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    batch   bigint,                      -- onemap.batch; NULL: the layer as it stood
    owner   text,                        -- who owned the layer then: the department's score over time
    at      timestamptz NOT NULL DEFAULT now(),
    rows    bigint NOT NULL CHECK (rows >= 0),
    took_ms integer NOT NULL DEFAULT 0 CHECK (took_ms >= 0)
);
CREATE INDEX quality_run_layer_idx ON onemap.quality_run (layer, at DESC) WHERE batch IS NULL;
CREATE INDEX quality_run_batch_idx ON onemap.quality_run (batch, at DESC) WHERE batch IS NOT NULL;
CREATE INDEX quality_run_at_idx ON onemap.quality_run (at);

-- What a run found of a rule: X = A / B.
CREATE TABLE onemap.quality_result (
    run    bigint NOT NULL REFERENCES onemap.quality_run ON DELETE CASCADE,
    rule   bigint NOT NULL REFERENCES onemap.quality_rule ON DELETE CASCADE,
    a      bigint NOT NULL CHECK (a >= 0),
    b      bigint NOT NULL CHECK (b >= a), -- 0: nothing to assess, or not assessed
    -- Why it was not assessed: 'no_column', 'no_table', 'no_right', 'too_slow', 'failed', 'not_here'; '': it was.
    skipped text NOT NULL DEFAULT '',
    PRIMARY KEY (run, rule)
);
CREATE INDEX quality_result_rule_idx ON onemap.quality_result (rule);

-- The rows that failed in the latest run of a layer or batch. Numbers only:
-- what the row says is read from where it is, by right. row is the feature's
-- id, or of a batch's run the line of its file.
CREATE TABLE onemap.quality_failure (
    run  bigint NOT NULL REFERENCES onemap.quality_run ON DELETE CASCADE,
    rule bigint NOT NULL REFERENCES onemap.quality_rule ON DELETE CASCADE,
    row  bigint NOT NULL,
    PRIMARY KEY (run, rule, row)
);
CREATE INDEX quality_failure_rule_idx ON onemap.quality_failure (rule);

-- Rows that an import kept out of a layer, until they are mended, let in or
-- dropped. content has the layer's columns by name, without the geometry. Read
-- by the layer's owner only.
CREATE TABLE onemap.quarantine (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer      text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    batch      bigint NOT NULL,
    row_number bigint NOT NULL,
    rules      bigint[] NOT NULL CHECK (cardinality(rules) > 0), -- that it failed
    content    jsonb NOT NULL,
    geom       geometry(Geometry, 4326),
    orig       geometry,
    held_at    timestamptz NOT NULL DEFAULT now(),
    state      text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'let_in', 'mended', 'dropped', 'undone')),
    feature    bigint,                   -- what it became
    decided_by text,
    decided_at timestamptz,
    reason     text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    UNIQUE (batch, row_number),
    CHECK ((state = 'held') = (decided_at IS NULL))
);
CREATE INDEX quarantine_layer_idx ON onemap.quarantine (layer, id) WHERE state = 'held';

-- A correction that a user asks of a layer's provider. It never changes; what
-- happens to it are its steps.
CREATE TABLE onemap.correction (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid     uuid NOT NULL UNIQUE,       -- made by the client: sent again, it is the same
    layer    text NOT NULL REFERENCES onemap.layer ON DELETE CASCADE,
    feature  bigint,                     -- NULL: the layer as a whole, as a feature that is missing
    version  text NOT NULL DEFAULT '',   -- of the row that the asker looked at
    kind     text NOT NULL CHECK (kind IN ('value', 'place', 'gone', 'missing', 'double', 'other')),
    field    text NOT NULL DEFAULT '',   -- of kind value
    proposed text NOT NULL DEFAULT '' CHECK (length(proposed) <= 2000), -- what it should be
    geom     geometry(Point, 4326),      -- where it should be; of kind missing, where it is
    reason   text NOT NULL CHECK (reason <> '' AND length(reason) <= 2000),
    rule     bigint REFERENCES onemap.quality_rule ON DELETE SET NULL, -- that the row failed, where the card led to it
    asker    bigint NOT NULL,            -- onemap.person.id
    login    text NOT NULL,
    org      text NOT NULL,
    provider text NOT NULL REFERENCES onemap.organisation,
    asked_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'value') = (field <> '')),
    CHECK (feature IS NOT NULL OR kind IN ('missing', 'other'))
);
CREATE INDEX correction_provider_idx ON onemap.correction (provider, id);
CREATE INDEX correction_asker_idx ON onemap.correction (asker, id);
CREATE INDEX correction_feature_idx ON onemap.correction (layer, feature);
CREATE TRIGGER append_only BEFORE UPDATE OF uuid, layer, feature, version, kind, field, proposed, geom, reason, asker, login, org, asked_at ON onemap.correction
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

CREATE TABLE onemap.correction_step (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    correction bigint NOT NULL REFERENCES onemap.correction ON DELETE CASCADE,
    uuid       uuid NOT NULL DEFAULT gen_random_uuid(), -- the client's: sent again, it is the same step
    at         timestamptz NOT NULL DEFAULT now(),
    login      text NOT NULL,            -- 'system': by the clock
    org        text NOT NULL,
    action     text NOT NULL CHECK (action IN ('ask', 'accept', 'return', 'answer', 'correct', 'refuse', 'withdraw', 'object', 'uphold', 'overrule', 'remind', 'overdue', 'escalate')),
    -- What it is from then on; NULL: as before.
    state      text CHECK (state IN ('asked', 'accepted', 'returned', 'corrected', 'refused', 'withdrawn', 'disputed', 'upheld')),
    due_at     timestamptz,              -- until when the provider answers; NULL with a state: no clock runs
    opinion    text NOT NULL DEFAULT '' CHECK (length(opinion) <= 2000),
    -- Of 'correct': how ('edit', 'import', 'elsewhere'), the version of the row
    -- before and after, the batch. No values.
    detail     jsonb NOT NULL DEFAULT '{}',
    UNIQUE (correction, uuid)
);
CREATE INDEX correction_step_idx ON onemap.correction_step (correction, id);
CREATE TRIGGER append_only BEFORE UPDATE ON onemap.correction_step
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- What follows from the steps. answered_at is the provider's first refusal or
-- correction; in_time says whether it came before its deadline, NULL while the
-- clock still runs before it.
CREATE VIEW onemap.correction_now AS
SELECT c.id, c.layer, c.feature, c.provider, c.org, c.asker, c.asked_at,
    last.state, last.at AS since, last.due_at, first.at AS answered_at,
    CASE WHEN first.at IS NOT NULL THEN first.at <= first.deadline
         WHEN last.due_at < now() THEN false END AS in_time,
    coalesce(late.n, 0) AS escalation, last.id AS version
FROM onemap.correction c
CROSS JOIN LATERAL (SELECT s.id, s.state, s.at, s.due_at FROM onemap.correction_step s
    WHERE s.correction = c.id AND s.state IS NOT NULL ORDER BY s.id DESC LIMIT 1) last
LEFT JOIN LATERAL (SELECT s.at,
        (SELECT d.due_at FROM onemap.correction_step d WHERE d.correction = c.id AND d.id < s.id AND d.due_at IS NOT NULL ORDER BY d.id DESC LIMIT 1) AS deadline
    FROM onemap.correction_step s WHERE s.correction = c.id AND s.action IN ('correct', 'refuse') ORDER BY s.id LIMIT 1) first ON true
LEFT JOIN LATERAL (SELECT max(CASE s.action WHEN 'remind' THEN 1 WHEN 'overdue' THEN 2 ELSE 3 END) AS n
    FROM onemap.correction_step s WHERE s.correction = c.id AND s.action IN ('remind', 'overdue', 'escalate')) late ON true;

INSERT INTO onemap.setting (key, value) VALUES
    -- 政务数据共享条例: corrections are answered within ten working days.
    ('correction.limit', '"10 working_day"'),
    -- How the six dimensions make one score.
    ('quality.weights', '{"normative": 1, "completeness": 1, "accuracy": 1, "consistency": 1, "timeliness": 1, "accessibility": 1}'),
    -- From which score on the five grades are given; below the last it is the fifth.
    ('quality.grades', '[95, 85, 75, 60]')
ON CONFLICT (key) DO NOTHING;

-- uscc_ok says whether a text is a 统一社会信用代码 with the right check digit
-- (GB 32100-2015, 4.5). The weights are the powers of 3 modulo 31.
CREATE FUNCTION onemap.uscc_ok(code text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN code COLLATE "C" ~ '^[0-9A-HJ-NPQRTUWXY]{18}$' AND
        strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 18, 1)) - 1 = (31 - (
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 1, 1)) * 1 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 2, 1)) * 3 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 3, 1)) * 9 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 4, 1)) * 27 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 5, 1)) * 19 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 6, 1)) * 26 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 7, 1)) * 16 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 8, 1)) * 17 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 9, 1)) * 20 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 10, 1)) * 29 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 11, 1)) * 25 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 12, 1)) * 13 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 13, 1)) * 8 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 14, 1)) * 24 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 15, 1)) * 10 + strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 16, 1)) * 30 +
            strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, 17, 1)) * 28 - 305) % 31) % 31;
