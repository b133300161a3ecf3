-- Those that take new cases first: the code of another list that ended is in nobody's way.
SELECT c.standard, c.code, c.name_zh, c.name_en, c.severity, coalesce(c.dept, ''),
       c.active AND coalesce(e.active, true) AS active, CASE WHEN c.ended_on <= onemap.city_date() THEN c.ended_on WHEN NOT e.active THEN e.ended_on END AS ended, coalesce(n.next, '')
FROM onemap.class c
LEFT JOIN onemap.class_edition e ON e.standard = c.standard
LEFT JOIN LATERAL onemap.class_next(c.standard, c.kind, c.code) n ON true
WHERE c.kind = 'matter' AND c.code = @code AND (@standard = '' OR c.standard = @standard)
ORDER BY (c.active AND coalesce(e.active, true) AND (c.ended_on IS NULL OR c.ended_on > onemap.city_date())) DESC, c.ended_on DESC NULLS LAST, c.standard
LIMIT 2
