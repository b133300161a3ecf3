-- Reserved for quality: filled with its package.

-- +goose Up
SELECT 1;
