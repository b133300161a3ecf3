-- Those that take new cases first: the code of another list that ended is in
-- nobody's way. What follows a class is only worked out for one that takes none.
SELECT c.standard, c.code, c.name_zh, c.name_en, c.severity, coalesce(c.dept, ''), use.active, use.ended,
       CASE WHEN use.active AND use.ended IS NULL THEN '' ELSE coalesce((SELECT next FROM onemap.class_next(c.standard, c.kind, c.code)), '') END
FROM onemap.class c
LEFT JOIN onemap.class_edition e ON e.standard = c.standard
CROSS JOIN LATERAL (SELECT c.active AND coalesce(e.active, true) AS active,
    CASE WHEN c.ended_on IS NULL THEN CASE WHEN NOT e.active THEN e.ended_on END WHEN c.ended_on <= onemap.city_date() THEN c.ended_on END AS ended) use
WHERE c.kind = 'matter' AND c.code = @code AND (@standard = '' OR c.standard = @standard)
ORDER BY (use.active AND use.ended IS NULL) DESC, c.ended_on DESC NULLS LAST, c.standard
LIMIT 2
