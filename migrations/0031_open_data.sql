-- Reserved for open_data: filled with its package.

-- +goose Up
SELECT 1;
