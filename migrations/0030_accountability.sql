-- How departments share: how much is used, the published service index with
-- what is behind each of its numbers, and objections to it. Locks nothing: new tables.

-- +goose Up

-- Calls of a layer by organisation and day of the city. The server counts in
-- memory and adds every few seconds, so a node that is killed loses those.
CREATE TABLE onemap.layer_usage (
    day   date NOT NULL,
    layer text NOT NULL, -- no foreign key: what was used stays on record
    org   text NOT NULL, -- '': the public
    calls bigint NOT NULL DEFAULT 0 CHECK (calls >= 0),
    users integer NOT NULL DEFAULT 0 CHECK (users >= 0), -- different people of that day, counted when it is over
    PRIMARY KEY (day, layer, org)
);
CREATE INDEX layer_usage_layer_idx ON onemap.layer_usage (layer, day);
-- Who used a layer today, to be counted once: the rows go when the day is over.
CREATE TABLE onemap.layer_usage_today (
    day    date NOT NULL,
    layer  text NOT NULL,
    org    text NOT NULL,
    person bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    PRIMARY KEY (day, layer, org, person)
);

-- A published index of a period. One that is published again is its next
-- revision; the ones before stay.
CREATE TABLE onemap.service_index (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    period       text NOT NULL CHECK (length(period) BETWEEN 4 AND 40), -- '2026-11', '2026-Q4'
    revision     integer NOT NULL CHECK (revision > 0),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at > starts_at),
    rules        jsonb NOT NULL,       -- weights and grades by which it was made
    note         text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (period, revision)
);
-- One thing behind a number: A of B. The numbers are the sums of these, so
-- each can be looked into as it was when it was published.
CREATE TABLE onemap.service_index_item (
    index     bigint NOT NULL REFERENCES onemap.service_index,
    org       text NOT NULL,
    indicator text NOT NULL,
    object    text NOT NULL, -- 'resource/103001/000007', 'request/42', 'correction/7', 'rule/3', 'layer/asset'
    title     text NOT NULL,
    a         bigint NOT NULL CHECK (a >= 0),
    b         bigint NOT NULL CHECK (b >= 0),
    at        timestamptz,
    PRIMARY KEY (index, org, indicator, object)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.service_index FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.service_index_item FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

-- An objection of a department to one of the things that count against it.
CREATE TABLE onemap.service_objection (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid      uuid NOT NULL UNIQUE,
    index     bigint NOT NULL REFERENCES onemap.service_index,
    org       text NOT NULL,
    indicator text NOT NULL,
    object    text NOT NULL,
    reason    text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    made_by   text NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (index, org, indicator, object) REFERENCES onemap.service_index_item,
    UNIQUE (index, org, indicator, object)
);
-- What was decided. What is accepted does not count in the next revision.
CREATE TABLE onemap.service_decision (
    objection  bigint PRIMARY KEY REFERENCES onemap.service_objection,
    accepted   boolean NOT NULL,
    opinion    text NOT NULL CHECK (length(opinion) BETWEEN 1 AND 2000),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.service_objection FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.service_decision FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

INSERT INTO onemap.setting (key, value) VALUES
    ('accountability.weights', '{"catalogue": 15, "mounted": 15, "updated": 20, "answered": 20, "refused": 5, "quality": 15, "corrected": 10}'),
    -- From which score on A, B, C and D are given; below the last it is E.
    ('accountability.grades', '[90, 75, 60, 40]')
    ON CONFLICT (key) DO NOTHING;
