-- Grids: drafts, their editing, publishing as versions.

-- +goose Up
SELECT 1;
