-- Orders of forecasts know what was asked and for whom: a uuid that comes again
-- with another order is refused, standing orders have one too and are an
-- organisation's, which may have so many and ends its own.
--
-- Locks: onemap.forecast_run and onemap.forecast_standing for a moment; constant
-- defaults, no table is rewritten. The updates touch standing orders, a few
-- dozen, and their runs.

-- +goose Up
ALTER TABLE onemap.forecast_run
    ADD COLUMN content text NOT NULL DEFAULT ''; -- SHA-256 of the order and who sent it
ALTER TABLE onemap.forecast_standing
    ADD COLUMN uuid uuid UNIQUE,                 -- made by the client: an order sent again is the same order
    ADD COLUMN content text NOT NULL DEFAULT '', -- SHA-256 of the order and who sent it
    ADD COLUMN org text NOT NULL DEFAULT '';     -- code of the organisation whose it is
UPDATE onemap.forecast_standing s SET org = p.org FROM onemap.person p WHERE p.login = s.made_by;
UPDATE onemap.forecast_run r SET org = s.org FROM onemap.forecast_standing s WHERE s.id = r.standing;
