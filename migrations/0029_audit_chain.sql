-- The audit by months, sealed into a chain. Holds onemap.audit ACCESS EXCLUSIVE while its entries are copied:
-- some ten seconds a million. Entries keep their numbers; those from before are sealed by the server when it
-- starts.

-- +goose Up
ALTER TABLE onemap.audit RENAME TO audit_before;
ALTER TABLE onemap.audit_before ALTER COLUMN id DROP IDENTITY, DROP CONSTRAINT audit_pkey;
DROP INDEX onemap.audit_at_idx, onemap.audit_login_at_idx;

CREATE SEQUENCE onemap.audit_id;
CREATE TABLE onemap.audit (
    id      bigint NOT NULL DEFAULT nextval('onemap.audit_id'),
    at      timestamptz NOT NULL DEFAULT now(),
    person  bigint,              -- no foreign key: the record outlives the account
    login   text NOT NULL,
    org     text NOT NULL,
    action  text NOT NULL,
    object  text NOT NULL,
    result  text NOT NULL CHECK (result IN ('done', 'refused', 'failed')),
    reason  text NOT NULL DEFAULT '',
    address inet,
    detail  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE onemap.audit_id OWNED BY onemap.audit.id;
CREATE INDEX audit_at_idx ON onemap.audit (at, id);
CREATE INDEX audit_login_idx ON onemap.audit (login, at);
CREATE INDEX audit_object_idx ON onemap.audit (object text_pattern_ops, at);
CREATE INDEX audit_action_idx ON onemap.audit (action text_pattern_ops, at);

-- What waits to be sealed: written with each entry, whoever writes it, and taken out by the one that seals.
-- So inserting waits for nobody, and an entry that commits late is sealed late and not missed.
CREATE TABLE onemap.audit_unsealed (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL
);

-- The chain. A seal covers up to a thousand entries of one month: root is the SHA-256 over their digests in
-- the order of ids, hash the SHA-256 over everything here but ids and the hash before it. What exactly is
-- hashed stands in layers/access/seal.go. Whoever keeps one hash elsewhere can show later that nothing up to
-- it was changed.
CREATE TABLE onemap.audit_seal (
    n         bigint PRIMARY KEY CHECK (n > 0),
    month     date NOT NULL,                       -- UTC
    ids       bigint[] NOT NULL CHECK (cardinality(ids) BETWEEN 1 AND 1000),
    root      bytea NOT NULL CHECK (length(root) = 32),
    previous  bytea NOT NULL CHECK (length(previous) = 32), -- zeros for the first
    hash      bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    sealed_at timestamptz NOT NULL
);
CREATE INDEX ON onemap.audit_seal (month);

-- Months that were let go by rule. Their seals stay, so the chain still holds together.
CREATE TABLE onemap.audit_dropped (
    month      date PRIMARY KEY,
    entries    bigint NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT now()
);

-- +goose StatementBegin
CREATE FUNCTION onemap.audit_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO onemap.audit_unsealed (id, at) VALUES (NEW.id, NEW.at);
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- audit_month makes the partition of a month (UTC), unless it is there.
-- +goose StatementBegin
CREATE FUNCTION onemap.audit_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', month::timestamp)::date;
    name  text := 'audit_' || to_char(first, 'YYYYMM');
BEGIN
    IF to_regclass('onemap.' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE onemap.%I PARTITION OF onemap.audit FOR VALUES FROM (%L) TO (%L)', name,
        first::text || ' 00:00:00+00', (first + interval '1 month')::date::text || ' 00:00:00+00');
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.%I FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change()', name);
END $$;
-- +goose StatementEnd

-- The months of what there is, and a year to come; the server makes more in time. What would fit none still
-- finds a place, in audit_other: an audit that cannot be written stops everything.
SELECT onemap.audit_month(m::date) FROM generate_series(
    date_trunc('month', (SELECT coalesce(min(at), now()) FROM onemap.audit_before) AT TIME ZONE 'UTC'),
    date_trunc('month', now() AT TIME ZONE 'UTC') + interval '12 months', interval '1 month') m;
CREATE TABLE onemap.audit_other PARTITION OF onemap.audit DEFAULT;
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.audit_other FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();

CREATE TRIGGER audit_wait AFTER INSERT ON onemap.audit FOR EACH ROW EXECUTE FUNCTION onemap.audit_wait();
INSERT INTO onemap.audit (id, at, person, login, org, action, object, result, reason, address, detail)
    SELECT id, at, person, login, org, action, object, result, reason, address, detail FROM onemap.audit_before;
SELECT setval('onemap.audit_id', greatest((SELECT max(id) FROM onemap.audit), 1), EXISTS (SELECT FROM onemap.audit));
DROP TABLE onemap.audit_before;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.audit
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.audit
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.audit_seal
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.audit_dropped
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();

INSERT INTO onemap.setting (key, value) VALUES
    -- Months that the audit is kept; the law asks for six at least (网络安全法 art. 21).
    ('audit.keep_months', '12')
    ON CONFLICT (key) DO NOTHING;
