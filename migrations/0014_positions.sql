-- Positions of staff on duty, their history, fences, and who entered and left.

-- +goose Up
SELECT 1;
