-- Reserved for sharing: filled with its package.

-- +goose Up
SELECT 1;
