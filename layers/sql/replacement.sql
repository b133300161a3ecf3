-- Everything that hangs on a table and that LIKE does not copy, so that a
-- staged copy can take its place. Keys come before foreign keys.
SELECT c.relname AS name,
       coalesce((SELECT jsonb_agg(jsonb_build_object('Name', conname, 'Definition', pg_get_constraintdef(oid),
                           -- A deferrable key cannot take over an index.
                           'Index', CASE WHEN contype IN ('p', 'u') AND NOT condeferrable THEN pg_get_indexdef(conindid) ELSE '' END) ORDER BY array_position('{p,u,x,f}', contype::text), conname)
                 FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'x', 'f')), '[]') AS constraints,
       coalesce((SELECT jsonb_agg(jsonb_build_object('Name', i.relname, 'Definition', pg_get_indexdef(x.indexrelid)) ORDER BY i.relname)
                 FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                 WHERE x.indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = c.oid)), '[]') AS indexes,
       coalesce((SELECT array_agg(pg_get_triggerdef(oid) ORDER BY tgname) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal), '{}') AS triggers,
       coalesce((SELECT array_agg(format('GRANT %s ON map.%I TO %s', a.privilege_type, c.relname,
                        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(a.grantee::regrole::text) END))
                 FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner), '{}') AS grants,
       c.relreplident::text AS identity,
       EXISTS (SELECT FROM pg_publication_tables p WHERE p.pubname = 'onemap' AND p.schemaname = 'map' AND p.tablename = c.relname) AS published,
       coalesce((SELECT s.relname FROM pg_class s WHERE s.oid = to_regclass(pg_get_serial_sequence(format('map.%I', c.relname), 'id'))), '') AS sequence
FROM pg_class c
WHERE c.relnamespace = 'map'::regnamespace AND c.relname = @table AND c.relkind = 'r'
