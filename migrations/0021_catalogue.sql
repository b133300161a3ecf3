-- Reserved for catalogue: filled with its package.

-- +goose Up
SELECT 1;
