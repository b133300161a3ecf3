-- Reserved for addresses: filled with its package.

-- +goose Up
SELECT 1;
