-- Asking for a resource of the catalogue, answering, and what was granted.
-- Locks onemap.setting for a moment; the rest is new.
--
-- A request says what is asked and never changes. What happened to it is its
-- steps, appended one after the other. Its state is derived from both, and from
-- the grants themselves, by the view share_request_now: it stands nowhere else.

-- +goose Up
CREATE TABLE onemap.share_request (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid         uuid NOT NULL UNIQUE,               -- the client's: sent again, it is the same request
    at           timestamptz NOT NULL DEFAULT now(),
    resource     bigint NOT NULL,                    -- onemap.resource; no foreign key: the record outlives a layer that is thrown away
    org          text NOT NULL REFERENCES onemap.organisation, -- who asks
    asked_by     text NOT NULL,                      -- login
    -- As it stood when it was asked: what it was called, who had to answer, what was bound, how it was shared.
    resource_code text NOT NULL,
    resource_zh  text NOT NULL,
    resource_en  text NOT NULL,
    provider     text NOT NULL REFERENCES onemap.organisation,
    layer        text,                               -- name; NULL: a file, an outside address, or not online yet
    share        text NOT NULL CHECK (share IN ('unconditional', 'conditional', 'none')),
    share_basis  text NOT NULL,
    -- What is asked.
    purpose      text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 2000),  -- 使用事由
    legal_ground text NOT NULL CHECK (length(legal_ground) BETWEEN 1 AND 2000), -- 依据: the law or the duty
    items        text[] NOT NULL CHECK (cardinality(items) BETWEEN 1 AND 500 AND array_ndims(items) = 1 AND array_position(items, NULL) IS NULL), -- keys of the resource's items: a layer's fields by name
    area_code    text NOT NULL DEFAULT '' CHECK (area_code ~ '^[0-9A-Za-z_-]{0,20}$'), -- prefix; '': the area of whoever uses it
    grids        text[] CHECK (cardinality(grids) BETWEEN 1 AND 500 AND array_ndims(grids) = 1 AND array_position(grids, NULL) IS NULL), -- NULL: all of the area
    ends_at      timestamptz NOT NULL CHECK (ends_at > at AND isfinite(ends_at)), -- until when; what is granted ends then at the latest
    CHECK (org <> provider)
);
CREATE INDEX share_request_org_idx ON onemap.share_request (org, id);
CREATE INDEX share_request_provider_idx ON onemap.share_request (provider, id);
CREATE INDEX share_request_resource_idx ON onemap.share_request (resource);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.share_request FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.share_request FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();

CREATE TABLE onemap.share_step (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request  bigint NOT NULL REFERENCES onemap.share_request,
    uuid     uuid NOT NULL DEFAULT gen_random_uuid(), -- the client's: sent again, it is the same step
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,           -- login, or 'system'
    org      text NOT NULL,           -- the actor's; '' of the system
    action   text NOT NULL CHECK (action IN (
                 'ask',               -- 申请
                 'query',             -- 要求补正: the asker is to say more
                 'supplement',        -- 补正
                 'grant',             -- 同意
                 'deliver',           -- 提供: what is not online was handed over
                 'refuse',            -- 不同意: with its basis
                 'dispute',           -- 提请协调: the asker asks the authority to decide
                 'cancel',            -- 撤回申请
                 'lapse',             -- 逾期未补正: the asker did not say more in time
                 'revoke',            -- 收回授权: the provider, the authority, or the security administrator
                 'release',           -- 交回授权: the grantee
                 'remind',            -- 催办: the clock is yellow
                 'overdue',           -- 超时督办: silence, told to the authority, which may answer now
                 'long_overdue',      -- 严重超时: told to the government
                 'ending')),          -- 到期提醒: the grant ends soon
    opinion  text NOT NULL DEFAULT '' CHECK (length(opinion) <= 2000),
    basis    text NOT NULL DEFAULT '' CHECK (length(basis) <= 2000), -- the legal basis of a refusal or a withdrawal
    -- The clock that this step starts: the limit by the rule of that moment. A
    -- later change of the rules or of the calendar changes nothing past.
    allowed  text NOT NULL DEFAULT '', -- '10 working_day'
    warn_at  timestamptz,
    due_at   timestamptz,
    told     text NOT NULL DEFAULT '', -- the organisation that a reminder or an escalation is for
    layer_grant    bigint,             -- onemap.layer_grant, of 'grant'
    resource_grant bigint,             -- onemap.resource_grant, of 'grant'
    UNIQUE (request, uuid),
    CHECK (action NOT IN ('refuse', 'revoke') OR basis <> ''),
    CHECK ((due_at IS NULL) = (allowed = '')),
    CHECK ((warn_at IS NULL) = (due_at IS NULL))
);
CREATE INDEX share_step_request_idx ON onemap.share_step (request, id);
CREATE INDEX share_step_told_idx ON onemap.share_step (told, id) WHERE told <> '';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.share_step FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.share_step FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();

-- A grant of what is no layer: a file, an outside address, or what is handed
-- over by other means. Grants of layers are onemap.layer_grant.
CREATE TABLE onemap.resource_grant (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource   bigint NOT NULL,        -- onemap.resource
    org        text NOT NULL REFERENCES onemap.organisation ON DELETE CASCADE,
    request    bigint NOT NULL REFERENCES onemap.share_request,
    items      text[] NOT NULL CHECK (cardinality(items) > 0),
    reason     text NOT NULL CHECK (reason <> ''),
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX resource_grant_resource_idx ON onemap.resource_grant (resource, org);
CREATE INDEX resource_grant_request_idx ON onemap.resource_grant (request);

-- What state a step leaves a request in; NULL: the one before.
CREATE FUNCTION onemap.share_state(action text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE action
        WHEN 'ask' THEN 'asked' WHEN 'supplement' THEN 'asked'
        WHEN 'query' THEN 'queried'
        WHEN 'grant' THEN 'granted' WHEN 'deliver' THEN 'delivered'
        WHEN 'refuse' THEN 'refused' WHEN 'dispute' THEN 'disputed'
        WHEN 'cancel' THEN 'cancelled' WHEN 'lapse' THEN 'lapsed'
        WHEN 'revoke' THEN 'withdrawn' WHEN 'release' THEN 'withdrawn' END;

-- The authority (主管部门) of a request, and what is above it: the organisation
-- of the setting sharing.authority, else the one above the provider, then those
-- above. Nobody decides on what they ask for or hold themselves.
CREATE FUNCTION onemap.share_authorities(provider text, asker text) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT coalesce((SELECT o.code FROM onemap.setting s JOIN onemap.organisation o ON o.code = s.value #>> '{}' WHERE s.key = 'sharing.authority'),
                        (SELECT parent FROM onemap.organisation WHERE code = $1)) AS code, 1 AS n
        UNION ALL
        SELECT o.parent, n + 1 FROM up JOIN onemap.organisation o ON o.code = up.code WHERE n < 10
    ) SELECT coalesce(array_agg(code ORDER BY n), '{}') FROM up WHERE code IS NOT NULL AND code NOT IN ($1, $2)
$$;

-- The state of each request at this moment. A grant that was revoked with SQL
-- counts as much as one that was withdrawn by a step. Who has to answer is who
-- provides the resource now.
CREATE VIEW onemap.share_request_now AS
SELECT r.id AS request, st.id AS version, p.provider AS provider_now,
       coalesce(auth.chain[1], '') AS authority, coalesce(auth.chain[2], auth.chain[1], '') AS above,
       CASE WHEN st.state IN ('granted', 'delivered') AND gr.layer_grant IS NOT NULL AND (lg.id IS NULL OR lg.revoked_at IS NOT NULL) THEN 'withdrawn'
            WHEN st.state IN ('granted', 'delivered') AND rg.revoked_at IS NOT NULL THEN 'withdrawn'
            WHEN st.state IN ('granted', 'delivered') AND coalesce(lg.ends_at, rg.ends_at, r.ends_at) <= now() THEN 'ended'
            ELSE st.state END AS state,
       st.at AS since, st.allowed, st.warn_at, st.due_at,
       coalesce(esc.level, 0) AS escalation,   -- 0 none, 1 reminded, 2 told to the authority, 3 told to the government
       ans.at AS answered_at, coalesce(ans.action, '') AS answer,
       EXISTS (SELECT FROM onemap.share_step s WHERE s.request = r.id AND s.action = 'dispute') AS was_disputed,
       gr.layer_grant, gr.resource_grant,
       coalesce(lg.granted_at, rg.granted_at) AS granted_at, coalesce(lg.ends_at, rg.ends_at) AS grant_ends_at, coalesce(lg.revoked_at, rg.revoked_at) AS revoked_at,
       coalesce(lg.fields, rg.items) AS granted_items, coalesce(lg.area_code, '') AS granted_area, lg.grids AS granted_grids
FROM onemap.share_request r
CROSS JOIN LATERAL (SELECT coalesce((SELECT n.provider FROM onemap.resource_now n WHERE n.id = r.resource), r.provider) AS provider) p
CROSS JOIN LATERAL (SELECT onemap.share_authorities(p.provider, r.org) AS chain) auth
CROSS JOIN LATERAL (SELECT s.id, s.at, onemap.share_state(s.action) AS state, s.allowed, s.warn_at, s.due_at
                    FROM onemap.share_step s WHERE s.request = r.id AND onemap.share_state(s.action) IS NOT NULL ORDER BY s.id DESC LIMIT 1) st
LEFT JOIN LATERAL (SELECT max(CASE s.action WHEN 'remind' THEN 1 WHEN 'overdue' THEN 2 WHEN 'long_overdue' THEN 3 END) AS level
                   FROM onemap.share_step s WHERE s.request = r.id AND s.id > st.id) esc ON true
LEFT JOIN LATERAL (SELECT s.at, s.action FROM onemap.share_step s
                   WHERE s.request = r.id AND s.action IN ('grant', 'refuse') ORDER BY s.id LIMIT 1) ans ON true -- the first
LEFT JOIN LATERAL (SELECT s.layer_grant, s.resource_grant FROM onemap.share_step s
                   WHERE s.request = r.id AND s.action = 'grant' ORDER BY s.id DESC LIMIT 1) gr ON true
LEFT JOIN onemap.layer_grant lg ON lg.id = gr.layer_grant
LEFT JOIN onemap.resource_grant rg ON rg.id = gr.resource_grant;

INSERT INTO onemap.setting (key, value) VALUES
    -- How long each step may take, and by which clock. answer, deliver, authority
    -- and dispute: 政务数据共享条例 (State Council Order 809) and local rules; a
    -- deployment sets its own.
    ('sharing.limits', '{"answer": "10 working_day", "supplement": "10 working_day", "deliver": "20 working_day", "dispute": "10 working_day", "authority": "3 working_day"}'),
    ('sharing.warn_percent', '80'),
    -- The organisation that silence is told to, and that decides disputes (主管部门); empty: the one above the provider.
    ('sharing.authority', '""'),
    ('sharing.longest_days', '1096'), -- no request asks for longer
    ('sharing.ending_days', '30')     -- so long before its end the grantee is reminded
    ON CONFLICT (key) DO NOTHING;
