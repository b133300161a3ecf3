-- Secrets with which webhooks sign are sealed too (layers/vault): longer than
-- they are, and marked so.
--
-- Locks: onemap.webhook_secret for a moment; no table is rewritten. What stands
-- there unsealed is sealed by the next start of a server that has a key.

-- +goose Up
ALTER TABLE onemap.webhook_secret
    ADD COLUMN sealed boolean NOT NULL DEFAULT false, -- secret is as layers/vault seals it
    DROP CONSTRAINT webhook_secret_secret_check,
    ADD CONSTRAINT webhook_secret_secret_check CHECK (length(secret) BETWEEN 24 AND 128);
