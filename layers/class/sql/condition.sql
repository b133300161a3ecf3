-- The class, whether it takes new cases, what follows it, and the condition
-- asked for or else the first in use.
SELECT c.active AND coalesce(e.active, true), CASE WHEN c.ended_on <= onemap.city_date() THEN c.ended_on WHEN NOT e.active THEN e.ended_on END, coalesce(n.next, ''),
       k.code, k.text_zh, k.text_en, k.close_zh, k.limit_n, k.limit_unit, k.limits, k.original
FROM onemap.class c
LEFT JOIN onemap.class_edition e ON e.standard = c.standard
LEFT JOIN LATERAL (
    SELECT * FROM onemap.class_condition k
    WHERE k.standard = c.standard AND k.kind = 'matter' AND k.class = c.code AND k.active AND (@condition::text = '' OR k.code = @condition)
    ORDER BY k.position, k.code LIMIT 1) k ON true
LEFT JOIN LATERAL onemap.class_next(c.standard, c.kind, c.code) n ON true
WHERE c.standard = @standard AND c.kind = 'matter' AND c.code = @code
