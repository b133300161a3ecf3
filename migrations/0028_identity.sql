-- Who somebody is, proven better: second factors, sign-in through an identity provider, sessions that can be
-- listed and ended, API keys with scopes, guards of the sign-in that shut nobody else out, reasons for
-- sensitive layers. Holds onemap.session, which is small, ACCESS EXCLUSIVE while it is rewritten, and
-- onemap.person, api_key and layer for a moment. Sessions stay.

-- +goose Up
ALTER TABLE onemap.person
    -- Whether a second factor is asked for when signing in: what onemap.totp says, for the rights in memory.
    ADD COLUMN totp boolean NOT NULL DEFAULT false;

ALTER TABLE onemap.session
    ADD COLUMN id      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- names it where its holder sees it: the hash does not leave the server
    ADD COLUMN how     text NOT NULL DEFAULT 'password' CHECK (how IN ('password', 'oidc')),
    ADD COLUMN factor  boolean NOT NULL DEFAULT false,               -- a second factor was shown
    ADD COLUMN address inet,                                         -- from where it was opened
    ADD COLUMN agent   text NOT NULL DEFAULT '' CHECK (length(agent) <= 200), -- the browser, as it calls itself
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),           -- last use, to the hour
    -- Why the holder looks at which sensitive layers: {"enterprise": {"reason": "…", "until": "…"}}.
    ADD COLUMN reasons jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(reasons) = 'object');

ALTER TABLE onemap.api_key
    ADD COLUMN scopes  text[] NOT NULL DEFAULT '{read,write}'
               CHECK (cardinality(scopes) BETWEEN 1 AND 2 AND scopes <@ '{read,write}'),
    -- The only layers that the key reaches; NULL: all that its holder does.
    ADD COLUMN layers  text[] CHECK (cardinality(layers) BETWEEN 1 AND 100 AND array_position(layers, NULL) IS NULL),
    ADD COLUMN used_at timestamptz;                                  -- last use, to the hour

-- Time-based one-time passwords (RFC 6238): 30 seconds, 6 digits, SHA-1, as every authenticator reads them.
CREATE TABLE onemap.totp (
    person       bigint PRIMARY KEY REFERENCES onemap.person ON DELETE CASCADE,
    secret       bytea NOT NULL CHECK (length(secret) >= 20),        -- sealed with the key of the deployment, where it has one
    made_at      timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,                                        -- NULL: not yet shown to work, and not asked for
    step         bigint NOT NULL DEFAULT 0                           -- the last one used: no code counts twice
);

-- For who lost the authenticator. Each works once.
CREATE TABLE onemap.recovery_code (
    person    bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),         -- SHA-256 of 80 random bits
    used_at   timestamptz,
    PRIMARY KEY (person, code_hash)
);

-- Whom an identity provider (OpenID Connect) knows by which subject.
CREATE TABLE onemap.person_identity (
    issuer    text NOT NULL,
    subject   text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    person    bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    linked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (person, issuer)
);

-- Browsers that somebody signed in with before. Wrong guesses made elsewhere do not shut them out.
CREATE TABLE onemap.device (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     bigint NOT NULL REFERENCES onemap.person ON DELETE CASCADE,
    used_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON onemap.device (person, used_at);

-- Wrong attempts to sign in, by login and by where they come from: 'device/…', 'net/…' and 'net', which
-- counts all unknown places together. A login that does not exist counts like one that does. Logged not at
-- all: after a crash counting starts anew.
CREATE UNLOGGED TABLE onemap.sign_in_guard (
    who          bytea NOT NULL CHECK (length(who) = 32),            -- SHA-256 of the login: people type passwords into the wrong field
    source       text NOT NULL,
    failures     integer NOT NULL,
    since        timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz,
    PRIMARY KEY (who, source)
);
CREATE INDEX ON onemap.sign_in_guard (since);

ALTER TABLE onemap.layer
    -- A sensitive layer: who looks at it says why first, and the audit keeps it.
    ADD COLUMN ask_reason boolean NOT NULL DEFAULT false CHECK (NOT (ask_reason AND open));

INSERT INTO onemap.setting (key, value) VALUES
    -- The roles that need a second factor.
    ('access.second_factor', '[]'),
    -- When a session ends: so long after its last use, and so long after it began.
    ('access.session', '{"idle_minutes": 720, "max_hours": 168}'),
    -- The longest term of an API key that somebody makes for themselves.
    ('access.key_days', '366'),
    -- How long a reason given for a sensitive layer holds.
    ('access.reason_minutes', '480')
    ON CONFLICT (key) DO NOTHING;
