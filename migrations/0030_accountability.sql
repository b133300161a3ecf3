-- Reserved for accountability: filled with its package.

-- +goose Up
SELECT 1;
