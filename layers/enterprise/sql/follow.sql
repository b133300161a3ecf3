-- What the register knows from the inspections. One that did not take place
-- counts as none. Only rows that differ are written.
WITH last AS (
    SELECT enterprise AS id, max(inspected_on) AS inspected_on,
           (array_agg(risk ORDER BY inspected_on DESC, id DESC) FILTER (WHERE risk IS NOT NULL))[1] AS risk
    FROM map.inspection WHERE enterprise IS NOT NULL AND result <> 'not_done'
    GROUP BY enterprise
), next AS (
    SELECT e.id, l.inspected_on, r.risk,
           (l.inspected_on + make_interval(months => (ARRAY[@m1::int, @m2::int, @m3::int, @m4::int])[r.risk]))::date AS due
    FROM last l JOIN map.enterprise e USING (id),
         LATERAL (SELECT CASE WHEN @sets_risk THEN coalesce(l.risk, e.risk) ELSE e.risk END AS risk) r
)
UPDATE map.enterprise e SET last_inspected_on = n.inspected_on, next_due_on = n.due, risk = n.risk, updated_at = now()
FROM next n
WHERE n.id = e.id AND (e.last_inspected_on, e.next_due_on, e.risk) IS DISTINCT FROM (n.inspected_on, n.due, n.risk)
