-- Issue-5 remainders. (stub)

-- +goose Up
SELECT 1;
