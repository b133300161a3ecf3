-- Layers' tables as the catalogue has them: what decides whether they can be
-- followed by the log, and a mark that differs after any change of schema that
-- the log may not tell. Tables that are not there have no row.
SELECT c.relname AS name, c.oid,
       CASE
           WHEN c.relkind <> 'r' THEN 'it is no plain table'
           WHEN c.relpersistence <> 'p' THEN 'it is an unlogged table'
           WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid OR inhrelid = c.oid) THEN 'it inherits or is inherited from'
           WHEN row_security_active(c.oid) THEN 'it has row-level security, and the log has not'
           WHEN c.relreplident <> 'f' THEN 'its REPLICA IDENTITY is not FULL'
           WHEN p.attnames IS NULL THEN 'it is not in the publication onemap'
           WHEN p.rowfilter IS NOT NULL THEN 'the publication leaves rows of it out'
           WHEN NOT (SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = 'onemap')
               THEN 'the publication leaves kinds of changes out'
           ELSE ''
       END AS why,
       concat_ws(' ', c.oid, c.relfilenode, c.relkind, c.relpersistence, c.relreplident, row_security_active(c.oid), p.rowfilter,
           array_to_string(p.attnames, ','), a.mark) AS mark,
       coalesce(a.columns, '[]') AS columns
FROM pg_class c
LEFT JOIN pg_publication_tables p ON p.pubname = 'onemap' AND p.schemaname = 'map' AND p.tablename = c.relname
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('Name', attname, 'Type', atttypid::bigint, 'Base', CASE
                   WHEN t.typtype = 'e' OR t.typname = 'geometry' THEN t.typname::text
                   WHEN t.typtype = 'b' AND t.oid < 16384 THEN t.typname::text
                   -- A domain's values travel as its base type's.
                   WHEN t.typtype = 'd' THEN (SELECT typname::text FROM pg_type b WHERE b.oid = t.typbasetype AND b.typtype = 'b' AND b.oid < 16384)
                   END, 'Enum', t.typtype = 'e', 'Logged', attgenerated = '' AND attname = ANY (p.attnames))) AS columns,
           string_agg(concat_ws(':', attnum, attname, atttypid, atttypmod, attgenerated), ',' ORDER BY attnum) AS mark
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
) a ON true
WHERE c.relnamespace = 'map'::regnamespace AND c.relname = ANY (@tables)
