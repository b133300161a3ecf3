-- All counts in one pass over the incidents. The grouping's number says which
-- column a row counts by; an hour is of UTC.
SELECT CASE GROUPING(f.state, f.severity, f.class_code, date_trunc('hour', f.occurred_at, 'UTC'))
           WHEN 7 THEN 'state' WHEN 11 THEN 'severity' WHEN 13 THEN 'class' WHEN 14 THEN 'time' ELSE 'total' END AS by,
       coalesce(f.state, f.severity::text, f.class_code, '') AS key,
       date_trunc('hour', f.occurred_at, 'UTC') AS hour,
       count(*) AS n
FROM map.incident f
WHERE /*where*/
GROUP BY GROUPING SETS ((), (f.state), (f.severity), (f.class_code), (date_trunc('hour', f.occurred_at, 'UTC')))
ORDER BY by, n DESC, key
