-- Reserved for backups: filled with its package.

-- +goose Up
SELECT 1;
