-- What a database and its server have of what onemap needs, in the order of
-- the struct that reads it. Everyone may read all of it; without pg_monitor
-- the activity of other roles shows no times, and no blocker is named.
WITH me AS (SELECT * FROM pg_roles WHERE rolname = current_user),
blocker AS (
    -- Only transactions that write (have an xid) are waited for by a new slot,
    -- anywhere in the cluster.
    SELECT pid, extract(epoch FROM now() - xact_start)::float8 AS age,
           format('pid %s of %s in %s, %s', pid, usename, coalesce(datname, '?'), state) AS what
      FROM pg_stat_activity
     WHERE backend_xid IS NOT NULL AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
     ORDER BY xact_start LIMIT 1
),
held AS (
    SELECT slot_name::text, (pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                                             restart_lsn) / 1048576)::float8 AS mb
      FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
     ORDER BY restart_lsn LIMIT 1
)
SELECT current_setting('server_version_num')::int,
       current_database()::text,
       current_user::text,
       pg_encoding_to_char(d.encoding)::text,
       d.datctype::text,
       me.rolsuper,
       me.rolreplication,
       me.rolsuper OR pg_has_role(d.datdba, 'USAGE'),
       current_setting('wal_level'),
       current_setting('max_replication_slots')::int,
       (SELECT count(*) FROM pg_replication_slots)::int,
       current_setting('max_wal_senders')::int,
       (SELECT count(*) FROM pg_stat_replication)::int,
       ARRAY(SELECT extname::text FROM pg_extension WHERE extname = ANY (@needed::text[]) ORDER BY 1),
       ARRAY(SELECT name::text FROM pg_available_extensions WHERE name = ANY (@needed::text[]) ORDER BY 1),
       EXISTS (SELECT FROM pg_publication WHERE pubname = 'onemap'),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
       (SELECT pid FROM blocker),
       (SELECT age FROM blocker),
       (SELECT what FROM blocker),
       (SELECT count(*) FROM pg_prepared_xacts)::int,
       coalesce((SELECT mb FROM held), 0),
       (SELECT slot_name FROM held)
  FROM pg_database d, me
 WHERE d.datname = current_database()
