-- Patrol plans made from forecasts, and what became of them. (stub)

-- +goose Up
SELECT 1;
