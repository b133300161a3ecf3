-- Plans of posts know what was asked and by whom: a uuid that comes again with
-- another order is refused, as those of patrols and forecasts are.
--
-- Locks: onemap.stationing for a moment; a constant default, no table is rewritten.

-- +goose Up
ALTER TABLE onemap.stationing
    ADD COLUMN content text NOT NULL DEFAULT ''; -- SHA-256 of the order and who sent it; empty: made before there was one
