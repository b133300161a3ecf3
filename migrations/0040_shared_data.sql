-- Secrets of second factors and of sources are sealed (layers/vault).
--
-- Locks: onemap.totp and onemap.pull_secret for a moment; no table is rewritten.
-- What stands there unsealed is sealed by the next start of a server that has a key.

-- +goose Up
ALTER TABLE onemap.totp ADD COLUMN sealed boolean NOT NULL DEFAULT false;         -- secret is as layers/vault seals it
ALTER TABLE onemap.pull_secret ADD COLUMN sealed bytea, ADD CHECK (sealed IS NULL OR secret = ''); -- the secret, sealed
