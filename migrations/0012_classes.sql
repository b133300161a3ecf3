-- Classes: editions, the crosswalk between them, the lists of 2013 and 2007, conditions and limits.

-- +goose Up
SELECT 1;
