-- Deviations of counts from their expectation, places that come again. (stub)

-- +goose Up
SELECT 1;
