-- About how large layers' tables are: rows, bytes on disk, and the planner's
-- statistics of their columns where it has any.
SELECT c.relname AS name,
       -- A table that was never analysed has no count yet: a row of some 250 bytes is usual.
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 ELSE pg_relation_size(c.oid) / 250.0 END AS rows,
       pg_table_size(c.oid) AS bytes,
       coalesce((SELECT jsonb_object_agg(attname, jsonb_build_object('Width', avg_width, 'Distinct', n_distinct))
                 FROM pg_stats WHERE schemaname = 'map' AND tablename = c.relname), '{}') AS columns
FROM pg_class c
WHERE c.relnamespace = 'map'::regnamespace AND c.relname = ANY (@tables)
