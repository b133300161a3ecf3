-- The flow of cases first to last, in the order of time. A step's digits say
-- who did it and whether it was late.
INSERT INTO onemap.incident_flow (incident, at, actor, org, post, dept, action, from_state, to_state, used_s, limit_s, detail)
SELECT id, s.at, s.who || h % 12, CASE WHEN s.who IN ('officer') THEN dept_code ELSE 'centre' END, s.who, coalesce(s.dept, dept_code), s.action, s.from_state, s.to_state, s.used, s.limit_s,
       CASE WHEN s.action = 'dispatch' THEN jsonb_build_object('by', 'rule', 'deadline', s.at + interval '24 hours') ELSE '{}' END
FROM (SELECT *, (hashint8(id)::bigint + 2147483648) AS h FROM map.incident WHERE id BETWEEN @first AND @last) c
CROSS JOIN LATERAL (VALUES
    (0, reported_at, 'worker', 'report', '', 'reported', NULL::bigint, NULL::bigint, NULL::text),
    (1, registered_at, 'acceptor', 'register', 'reported', 'registered', 540, CASE WHEN h % 11 = 0 THEN 300 ELSE 1800 END, NULL),
    (2, filed_at, 'shift', 'file', 'registered', 'filed', 780, CASE WHEN h % 13 = 0 THEN 600 ELSE 1800 END, NULL),
    (3, CASE WHEN returns > 0 AND dispatched_at IS NOT NULL THEN reported_at + interval '37 minutes' END, 'dispatcher', 'dispatch', 'filed', 'dispatched', 900, 1800, 'dept-' || 1 + (h >> 10) % 20),
    (4, CASE WHEN returns > 0 AND dispatched_at IS NOT NULL THEN reported_at + interval '100 minutes' END, 'officer', 'return', 'dispatched', 'returned', 3780, 86400, 'dept-' || 1 + (h >> 10) % 20),
    (5, dispatched_at, 'dispatcher', 'dispatch', CASE WHEN returns > 0 THEN 'returned' ELSE 'filed' END, 'dispatched', 900, CASE WHEN h % 17 = 0 THEN 600 ELSE 1800 END, NULL),
    (6, CASE WHEN handled_at IS NOT NULL THEN dispatched_at + interval '10 minutes' END, 'officer', 'accept', 'dispatched', 'handling', 600, 86400, NULL),
    (7, CASE WHEN reworks > 0 THEN handled_at - interval '5 minutes' END, 'officer', 'feedback', 'handling', 'feedback', extract(epoch FROM handled_at - dispatched_at)::bigint - 300, 86400, NULL),
    (8, CASE WHEN reworks > 0 THEN handled_at - interval '4 minutes' END, 'dispatcher', 'rework', 'feedback', 'handling', 60, 1800, NULL),
    (9, handled_at, 'officer', 'feedback', 'handling', 'feedback', extract(epoch FROM handled_at - dispatched_at)::bigint, 86400, NULL),
    (10, handled_at + interval '20 minutes', 'acceptor', 'send_check', 'feedback', 'checking', 1200, 1800, NULL),
    (11, handled_at + interval '2 hours', 'worker', 'report_check', 'checking', 'checked', 6000, CASE WHEN h % 19 = 0 THEN 3600 ELSE 7200 END, NULL),
    (12, CASE WHEN state = 'closed' THEN closed_at END, 'shift', 'close', 'checked', 'closed', 600, 1800, NULL),
    (13, CASE WHEN state = 'rejected' THEN closed_at END, 'acceptor', 'reject', 'reported', 'rejected', 540, 1800, NULL),
    (14, CASE WHEN state = 'void' THEN closed_at END, 'shift', 'void', 'filed', 'void', 480, 1800, NULL)
) s (n, at, who, action, from_state, to_state, used, limit_s, dept)
WHERE s.at IS NOT NULL
ORDER BY s.at, id, s.n;
