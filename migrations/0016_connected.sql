-- What other systems are told and tell: webhooks, bridges, alerts.

-- +goose Up
SELECT 1;
