-- What a crew can visit is written with the run whose recall is told at it.
-- Locks nothing for long: the table of runs is short.

-- +goose Up

ALTER TABLE onemap.fire_run
    ADD COLUMN crews integer CHECK (crews BETWEEN 1 AND 1000), -- NULL, as the next two: visits were asked for as a number
    ADD COLUMN days integer CHECK (days BETWEEN 1 AND 1096),   -- of each crew within the horizon
    ADD COLUMN per_day integer CHECK (per_day BETWEEN 1 AND 50);
