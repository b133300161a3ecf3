-- The plain way: each number from the cases and the whole of their flow.
WITH flow AS (
    SELECT incident, id, at, action, to_state, dept, used_s > limit_s AS late,
           count(*) FILTER (WHERE to_state = 'dispatched') OVER (PARTITION BY incident ORDER BY id) AS sent
    FROM onemap.incident_flow
), whole AS (
    SELECT incident, max(sent) AS sent,
           min(at) FILTER (WHERE action = 'file') AS filed, bool_or(late) FILTER (WHERE action = 'file') AS filed_late,
           max(at) FILTER (WHERE action = 'feedback') AS handled, bool_or(late) FILTER (WHERE action = 'feedback') AS handled_late,
           max(at) FILTER (WHERE action = 'close') AS closed, count(*) FILTER (WHERE action = 'rework') AS reworks
    FROM flow GROUP BY incident
), parts AS (
    SELECT incident, sent, min(at) AS dispatched, max(at) FILTER (WHERE action = 'return') AS returned, min(dept) FILTER (WHERE action = 'dispatch') AS dept
    FROM flow WHERE sent > 0 GROUP BY incident, sent
), nexts AS (
    SELECT *, lead(dept) OVER (PARTITION BY incident ORDER BY sent) AS next_dept FROM parts
), sent AS (
    SELECT incident, min(dispatched) FILTER (WHERE sent = 1) AS first, max(dispatched) AS last,
           coalesce(bool_or(returned IS NOT NULL AND next_dept <> dept) FILTER (WHERE sent = 1), false) AS wrong,
           count(*) FILTER (WHERE returned >= @from AND returned < @to) AS returned,
           count(*) FILTER (WHERE returned >= @from AND returned < @to AND next_dept <> dept) AS upheld
    FROM nexts GROUP BY incident
)
SELECT left(c.area_code, 9),
       count(*) FILTER (WHERE c.reported_at >= @from AND c.reported_at < @to),
       count(*) FILTER (WHERE w.filed >= @from AND w.filed < @to),
       count(*) FILTER (WHERE w.filed >= @from AND w.filed < @to AND NOT w.filed_late),
       count(*) FILTER (WHERE s.first >= @from AND s.first < @to),
       count(*) FILTER (WHERE s.first >= @from AND s.first < @to AND NOT s.wrong),
       count(*) FILTER (WHERE w.handled >= @from AND w.handled < @to),
       count(*) FILTER (WHERE w.handled >= @from AND w.handled < @to AND NOT w.handled_late),
       count(*) FILTER (WHERE c.state = 'closed' AND w.closed >= @from AND w.closed < @to),
       count(*) FILTER (WHERE c.state = 'closed' AND w.closed >= @from AND w.closed < @to AND NOT w.handled_late),
       coalesce(sum(s.returned), 0)::bigint, coalesce(sum(s.upheld), 0)::bigint,
       count(*) FILTER (WHERE w.reworks > 0 AND (c.state = 'closed' AND w.closed >= @from AND w.closed < @to
           OR s.last + interval '24 hours' >= @from AND s.last + interval '24 hours' < @to AND (c.closed_at IS NULL OR c.closed_at >= @to)))
FROM map.incident c LEFT JOIN whole w ON w.incident = c.id LEFT JOIN sent s ON s.incident = c.id
GROUP BY 1
