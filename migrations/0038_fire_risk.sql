-- Risk of places by fire, lists of inspections, gaps of water and of response. (stub)

-- +goose Up
SELECT 1;
