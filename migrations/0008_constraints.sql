-- What the schema meant and did not say: a grant's fields are a plain list, and
-- the record of what happened to incidents is not emptied either.
--
-- Adds a constraint and a trigger, changes no data. Locks onemap.layer_grant
-- (ACCESS EXCLUSIVE) while its few rows are read, and onemap.incident_flow
-- against writes (SHARE ROW EXCLUSIVE) for a moment, whatever its size: reports
-- and actions wait for the commit, readers do not.

-- +goose Up
-- An array of arrays would be a list of names to nobody who reads it. NULL is
-- all fields, and the empty list has no dimensions: both hold.
ALTER TABLE onemap.layer_grant ADD CONSTRAINT layer_grant_fields_plain CHECK (array_ndims(fields) = 1);
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON onemap.incident_flow
    FOR EACH STATEMENT EXECUTE FUNCTION onemap.refuse_change();
