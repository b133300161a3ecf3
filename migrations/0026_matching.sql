-- Reserved for matching: filled with its package.

-- +goose Up
SELECT 1;
