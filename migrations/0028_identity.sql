-- Reserved for identity: filled with its package.

-- +goose Up
SELECT 1;
