-- Reserved for intake: filled with its package.

-- +goose Up
SELECT 1;
