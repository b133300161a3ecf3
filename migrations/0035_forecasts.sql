-- Forecasts: which classes may train one, runs, backtests, the layer of cells. (stub)

-- +goose Up
SELECT 1;
