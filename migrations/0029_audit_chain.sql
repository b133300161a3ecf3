-- Reserved for audit_chain: filled with its package.

-- +goose Up
SELECT 1;
