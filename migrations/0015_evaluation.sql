-- Evaluation: its rules, weights and indexes.

-- +goose Up
SELECT 1;
