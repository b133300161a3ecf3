-- The class, whether it takes new cases, and where not, what follows it; and
-- the condition asked for, or else the first in use. What needs the city's date
-- is only worked out for a class that has an end.
SELECT c.active AND coalesce(e.active, true), ended.on_day,
       CASE WHEN c.active AND coalesce(e.active, true) AND ended.on_day IS NULL THEN '' ELSE coalesce((SELECT next FROM onemap.class_next(c.standard, c.kind, c.code)), '') END,
       k.code, k.text_zh, k.text_en, k.close_zh, k.limit_n, k.limit_unit, k.limits, k.original
FROM onemap.class c
LEFT JOIN onemap.class_edition e ON e.standard = c.standard
CROSS JOIN LATERAL (SELECT CASE WHEN c.ended_on IS NULL THEN CASE WHEN NOT e.active THEN e.ended_on END
    WHEN c.ended_on <= onemap.city_date() THEN c.ended_on END AS on_day) ended
LEFT JOIN LATERAL (
    SELECT * FROM onemap.class_condition k
    WHERE k.standard = c.standard AND k.kind = 'matter' AND k.class = c.code AND k.active AND (@condition::text = '' OR k.code = @condition)
    ORDER BY k.position, k.code LIMIT 1) k ON true
WHERE c.standard = @standard AND c.kind = 'matter' AND c.code = @code
