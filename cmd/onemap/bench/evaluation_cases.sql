-- Cases first to last of one week. What becomes of each is told by digits of a
-- hash of its number, so that the flow is made of the same.
INSERT INTO map.incident (id, class_standard, class_code, severity, source, state, dept_code, occurred_at, reported_at, since, closed_at,
    registered_at, filed_at, dispatched_at, handled_at, limit_n, limit_unit, overdue, verified, checked, returns, reworks, dispatches, grid_code, area_code, geom, description)
SELECT i, 'GB/T 47678.5-2026', '06010', 3, (ARRAY['worker', 'worker', 'worker', 'worker', 'worker', 'worker', 'public', 'hotline', 'video', 'sensor'])[1 + (h >> 3) % 10],
       CASE WHEN fate = 'done' THEN 'closed' ELSE fate END, 'dept-' || 1 + (h >> 9) % 20, reported, reported,
       coalesce(closed, dispatched, reported), closed, registered, filed, dispatched, handled, 24, 'urgent_hour', coalesce(handled > dispatched + interval '24 hours', false), '', '', returned::int, reworked::int, 1 + returned::int,
       'g' || (h >> 5) % 9000, '330782' || lpad((1 + (h >> 11) % 14)::text, 3, '0') || lpad((1 + (h >> 17) % 20)::text, 3, '0'),
       ST_SetSRID(ST_MakePoint(120 + ((h >> 13) % 10000) / 50000.0, 29.2 + ((h >> 21) % 10000) / 50000.0), 4326), '暴露垃圾,约两平方米'
FROM (SELECT i, h, reported, fate, returned, reworked,
             CASE WHEN fate <> 'rejected' THEN reported + interval '9 minutes' END AS registered,
             CASE WHEN fate <> 'rejected' THEN reported + interval '22 minutes' END AS filed,
             CASE WHEN fate IN ('done', 'dispatched') THEN reported + interval '37 minutes' + CASE WHEN returned THEN interval '3 hours' ELSE interval '0' END END AS dispatched,
             CASE WHEN fate = 'done' THEN reported + interval '4 hours' + spell END AS handled,
             CASE fate WHEN 'done' THEN reported + interval '8 hours' + spell WHEN 'rejected' THEN reported + interval '9 minutes' WHEN 'void' THEN reported + interval '30 minutes' END AS closed
      FROM (SELECT i, h, reported, h % 25 = 0 AS returned, h % 23 = 0 AS reworked, ((h >> 7) % 2400) * interval '1 minute' AS spell,
                   CASE WHEN h % 29 = 0 THEN 'rejected' WHEN h % 97 = 0 THEN 'void' WHEN h % 400 = 1 THEN 'dispatched' ELSE 'done' END AS fate
            FROM (SELECT i, (hashint8(i)::bigint + 2147483648) AS h, @from::timestamptz + (i - @first) * interval '7 days' / @n AS reported FROM generate_series(@first::bigint, @last::bigint) i) a) b) c;
