-- What other systems are told, and tell: webhooks, the inbound bridge, alerts.
-- Locks onemap.incident_flow for the moment in which it gets its trigger, and
-- the registry; the rest is new.

-- +goose Up

-- Webhooks: where to tell what happened. A webhook sends what its organisation
-- may see, whoever made it.
CREATE TABLE onemap.webhook (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    org        text NOT NULL REFERENCES onemap.organisation,
    url        text NOT NULL CHECK (length(url) <= 2000),
    events     text[] NOT NULL CHECK (cardinality(events) > 0), -- 'incident.close', or with a star at the end 'incident.*'
    classes    text[] NOT NULL DEFAULT '{}',  -- codes; empty: all
    area_code  text NOT NULL DEFAULT '',      -- prefix
    source     text NOT NULL DEFAULT '',      -- cases of this bridge only; '': all
    -- paused: what happens is kept and sent when it is resumed; after many
    -- failures it pauses by itself. disabled: nothing is kept.
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    why        text NOT NULL DEFAULT '',      -- of the state, where the server changed it
    failures   integer NOT NULL DEFAULT 0,    -- attempts that failed, one after the other
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The secrets with which deliveries are signed. They are kept as they are, for
-- a signature needs them: this table is not published, and whoever may read it
-- may read the cases themselves. A backup of the database holds them.
CREATE TABLE onemap.webhook_secret (
    webhook bigint NOT NULL REFERENCES onemap.webhook ON DELETE CASCADE,
    secret  bytea NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
    made_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz -- the one before a new one signs along for a while; NULL: in force
);
CREATE INDEX ON onemap.webhook_secret (webhook);
REVOKE ALL ON onemap.webhook_secret FROM PUBLIC;

-- One row an event and webhook. It names what happened; what is sent is written
-- when it is sent, by the right of that moment, and is not kept.
CREATE TABLE onemap.webhook_delivery (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- webhook-id: the same for every attempt and replay
    webhook  bigint NOT NULL REFERENCES onemap.webhook ON DELETE CASCADE,
    event    text NOT NULL,
    flow     bigint,               -- onemap.incident_flow.id
    incident bigint,
    alert    bigint,               -- onemap.alert.id
    at       timestamptz NOT NULL, -- when it happened
    -- withheld: the organisation may not see it (any more). dead: given up.
    state    text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'held', 'delivered', 'dead', 'withheld')),
    attempts integer NOT NULL DEFAULT 0,
    status   integer,              -- HTTP status of the last attempt; NULL: there was no answer
    error    text NOT NULL DEFAULT '',
    next_at  timestamptz,
    made_at  timestamptz NOT NULL DEFAULT now(),
    done_at  timestamptz
);
CREATE UNIQUE INDEX webhook_delivery_flow_key ON onemap.webhook_delivery (webhook, flow) WHERE flow IS NOT NULL;
CREATE UNIQUE INDEX webhook_delivery_alert_key ON onemap.webhook_delivery (webhook, event, alert) WHERE alert IS NOT NULL;
CREATE INDEX webhook_delivery_at_idx ON onemap.webhook_delivery (webhook, at);
CREATE INDEX webhook_delivery_state_idx ON onemap.webhook_delivery (webhook, state) WHERE state IN ('pending', 'held', 'dead');
CREATE INDEX webhook_delivery_done_idx ON onemap.webhook_delivery (done_at) WHERE done_at IS NOT NULL;

-- A job is put down in the transaction of the flow record itself: nothing is
-- lost by a crash, and nothing told that was rolled back. Where there is no
-- webhook it costs one look into an empty table a statement. Historic cases
-- are no news.
-- +goose StatementBegin
CREATE FUNCTION onemap.webhook_flow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM onemap.webhook WHERE state <> 'disabled') THEN
        INSERT INTO river.river_job (kind, queue, max_attempts, args)
        SELECT 'webhook_event', 'webhook', 25, jsonb_build_object('event', 'incident.' || action, 'flow', id, 'incident', incident, 'at', at)
        FROM added WHERE actor <> 'import';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER webhook_flow AFTER INSERT ON onemap.incident_flow
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION onemap.webhook_flow();

-- The inbound bridge: systems that hand in cases, and their words for ours.
CREATE TABLE onemap.bridge (
    name       text PRIMARY KEY CHECK (name ~ '^[0-9a-z][0-9a-z_-]{0,31}$'), -- '12345', '110', '119', 'video', 'sensor' …
    title_zh   text NOT NULL,
    title_en   text NOT NULL,
    source     text NOT NULL CHECK (source IN ('hotline', 'sensor', 'video', 'public')), -- of its cases
    org        text REFERENCES onemap.organisation, -- whose accounts may use it, and those below; NULL: it is not open yet
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO onemap.bridge (name, title_zh, title_en, source) VALUES
    ('12345', '12345政务服务便民热线', '12345 citizens'' hotline', 'hotline'),
    ('110', '110报警服务台', '110 police calls', 'hotline'),
    ('119', '119消防报警', '119 fire calls', 'hotline'),
    ('video', '视频智能分析', 'Video analysis', 'video'),
    ('sensor', '物联感知', 'Sensors', 'sensor');

CREATE TABLE onemap.bridge_class (
    bridge   text NOT NULL REFERENCES onemap.bridge ON DELETE CASCADE,
    code     text NOT NULL CHECK (length(code) <= 100), -- the other system's; '': whatever has no line of its own
    kind     text NOT NULL DEFAULT 'matter' CHECK (kind = 'matter'),
    standard text NOT NULL,
    class    text NOT NULL,
    severity smallint NOT NULL DEFAULT 0 CHECK (severity BETWEEN 0 AND 4), -- 0: the class's
    note     text NOT NULL DEFAULT '',
    PRIMARY KEY (bridge, code),
    FOREIGN KEY (standard, kind, class) REFERENCES onemap.class
);

-- Every message that changed something, so that the same again is known as such.
CREATE TABLE onemap.bridge_message (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bridge      text NOT NULL REFERENCES onemap.bridge ON DELETE CASCADE,
    external_id text NOT NULL,
    incident    bigint NOT NULL,
    content     bytea NOT NULL CHECK (length(content) = 32), -- SHA-256 of what was sent
    changed     text[] NOT NULL,  -- fields; {'case'}: it made the case
    login       text NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (bridge, external_id, content)
);

-- Alerts (预警), as CAP 1.2 messages: every message ever issued here or
-- received, which nothing changes but its state.
CREATE TABLE onemap.alert (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identifier  text NOT NULL CHECK (length(identifier) BETWEEN 1 AND 200),
    sender      text NOT NULL CHECK (length(sender) BETWEEN 1 AND 200),
    sent        timestamptz NOT NULL,
    status      text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'System', 'Test', 'Draft')),
    msg_type    text NOT NULL CHECK (msg_type IN ('Alert', 'Update', 'Cancel', 'Ack', 'Error')),
    scope       text NOT NULL CHECK (scope IN ('Public', 'Restricted', 'Private')),
    own         boolean NOT NULL,             -- issued here
    org         text NOT NULL,                -- who issued it, or handed it in
    login       text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    state       text NOT NULL CHECK (state IN ('in_force', 'replaced', 'cancelled', 'expired', 'kept')), -- kept: no alert in force ever (Ack, Error, Test …)
    ended_at    timestamptz,
    ended_by    bigint REFERENCES onemap.alert, -- the Update or Cancel
    expires     timestamptz,                  -- the last of its infos; NULL: until it is cancelled
    -- Three different things: how grave the event is (事件等级), which colour is
    -- warned with (预警级别), and how the city responds (响应等级). 1 is the gravest; NULL: not said.
    event_level    smallint CHECK (event_level BETWEEN 1 AND 4),
    warning_level  smallint CHECK (warning_level BETWEEN 1 AND 4), -- 1 红, 2 橙, 3 黄, 4 蓝
    response_level smallint CHECK (response_level BETWEEN 1 AND 4), -- Ⅰ–Ⅳ级响应
    message     jsonb NOT NULL,               -- the message, parsed
    xml         text NOT NULL,                -- as it was issued, or came
    geom        geometry(MultiPolygon, 4326), -- all its areas; NULL: none is drawn
    UNIQUE (sender, identifier),
    CHECK ((state = 'in_force') = (ended_at IS NULL))
);
CREATE INDEX ON onemap.alert (state, expires) WHERE state = 'in_force';
CREATE INDEX ON onemap.alert (sent);

-- What is in force, public and actual, as a layer: one row an alert.
SELECT map.feature_table('alert', 'MultiPolygon', $$
    alert bigint NOT NULL UNIQUE, identifier text NOT NULL, event text NOT NULL, category text NOT NULL,
    urgency text NOT NULL, severity text NOT NULL, certainty text NOT NULL,
    warning_level smallint, event_level smallint, response_level smallint,
    headline text NOT NULL DEFAULT '', headline_en text NOT NULL DEFAULT '', instruction text NOT NULL DEFAULT '', instruction_en text NOT NULL DEFAULT '',
    sender_name text NOT NULL DEFAULT '', area_desc text NOT NULL DEFAULT '',
    sent timestamptz NOT NULL, effective timestamptz NOT NULL, onset timestamptz, expires timestamptz$$);

INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share, minzoom, update_cycle, position) VALUES
    ('alert', '预警', 'Alerts', 'emergency', 'MultiPolygon', 'unconditional', 0, 'real_time', 200);
INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position) VALUES
    ('alert', 'grid_code', '网格编码', 'Grid code', 'text', 'public', true, 10),
    ('alert', 'alert', '预警号', 'Alert', 'integer', 'public', true, 15),
    ('alert', 'identifier', '标识', 'Identifier', 'text', 'public', false, 20),
    ('alert', 'event', '事件', 'Event', 'text', 'public', true, 30),
    ('alert', 'category', '类别', 'Category', 'text', 'public', true, 40),
    ('alert', 'warning_level', '预警级别', 'Warning level', 'integer', 'public', true, 50),
    ('alert', 'event_level', '事件等级', 'Event level', 'integer', 'public', true, 60),
    ('alert', 'response_level', '响应等级', 'Response level', 'integer', 'public', true, 70),
    ('alert', 'urgency', '紧急程度', 'Urgency', 'text', 'public', true, 80),
    ('alert', 'severity', '严重程度', 'Severity', 'text', 'public', true, 90),
    ('alert', 'certainty', '确定程度', 'Certainty', 'text', 'public', true, 100),
    ('alert', 'headline', '标题', 'Headline', 'text', 'public', true, 110),
    ('alert', 'headline_en', '英文标题', 'Headline in English', 'text', 'public', true, 120),
    ('alert', 'instruction', '防御指南', 'Instruction', 'text', 'public', false, 130),
    ('alert', 'instruction_en', '英文防御指南', 'Instruction in English', 'text', 'public', false, 140),
    ('alert', 'sender_name', '发布单位', 'Sender', 'text', 'public', false, 150),
    ('alert', 'area_desc', '影响区域', 'Area', 'text', 'public', false, 160),
    ('alert', 'sent', '发布时间', 'Sent', 'time', 'public', false, 170),
    ('alert', 'effective', '生效时间', 'Effective', 'time', 'public', true, 180),
    ('alert', 'onset', '预计开始', 'Onset', 'time', 'public', false, 190),
    ('alert', 'expires', '失效时间', 'Expires', 'time', 'public', true, 200),
    ('alert', 'area_code', '区划代码', 'Area code', 'text', 'public', false, 210);
ALTER PUBLICATION onemap ADD TABLE map.alert;

INSERT INTO onemap.setting (key, value) VALUES
    -- Open311. public: anyone reads where and of what class cases are, and how
    -- far they came; nothing that was written about them. anonymous: anyone
    -- reports without a key, a few times a minute. standard: the list whose
    -- classes are offered; "": every list's. jurisdiction: the one jurisdiction_id; "": none.
    ('open311', '{"public": false, "anonymous": false, "standard": "", "jurisdiction": "", "contact": ""}'),
    -- The sender of alerts that are issued here: a name unique in the world.
    ('alert.sender', '"onemap@city.example"');
