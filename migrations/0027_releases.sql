-- Reserved for releases: filled with its package.

-- +goose Up
SELECT 1;
