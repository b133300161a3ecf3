-- Patrols, visits with checklists, hazards.

-- +goose Up
SELECT 1;
