-- Posts of forces: candidates, plans of stationing. (stub)

-- +goose Up
SELECT 1;
