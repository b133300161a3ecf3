-- Some hundred rows: read whole and ranked. A hit at the beginning is worth
-- more than one inside, the code and the name more than another name, and that
-- more than the major class.
SELECT c.standard, c.kind, c.code, c.major, c.major_zh, c.major_en, c.name_zh, c.name_en, c.initials, c.severity::int, coalesce(c.dept, ''),
       use.now, c.active, coalesce(coalesce(c.ended_on, CASE WHEN NOT e.active THEN e.ended_on END)::text, ''),
       CASE WHEN use.now THEN '' ELSE coalesce((SELECT next FROM onemap.class_next(c.standard, c.kind, c.code)), '') END,
       c.certainty, c.extension, c.version
FROM onemap.class c
LEFT JOIN onemap.class_edition e ON e.standard = c.standard
CROSS JOIN (SELECT onemap.city_date() AS today) d
CROSS JOIN LATERAL (SELECT c.active AND coalesce(e.active, true) AND (c.ended_on IS NULL OR c.ended_on > d.today) AS now) use
CROSS JOIN LATERAL (SELECT CASE WHEN @text = '' THEN 0 ELSE least(
    CASE
    WHEN lower(c.code) = @text THEN 1
    WHEN c.name_zh = @text OR lower(c.name_en) = @text THEN 2
    WHEN lower(c.code) LIKE @like || '%' THEN 3
    WHEN c.name_zh LIKE @like || '%' THEN 4
    WHEN c.initials = @text THEN 5
    WHEN c.initials LIKE @like || '%' THEN 6
    WHEN lower(c.name_en) LIKE @like || '%' THEN 7
    WHEN c.name_zh LIKE '%' || @like || '%' THEN 8
    WHEN lower(c.name_en) LIKE '%' || @like || '%' THEN 9
    WHEN length(@text) > 1 AND c.initials LIKE '%' || @like || '%' THEN 10
    WHEN c.major_zh LIKE '%' || @like || '%' OR lower(c.major_en) LIKE '%' || @like || '%' THEN 11
    END,
    (SELECT min(CASE WHEN lower(a.alias) = @text THEN 2 WHEN lower(a.alias) LIKE @like || '%' THEN 7 ELSE 9 END)
     FROM onemap.class_alias a WHERE (a.standard, a.kind, a.class) = (c.standard, c.kind, c.code) AND lower(a.alias) LIKE '%' || @like || '%')) END AS rank) r
WHERE (@edition = '' OR c.standard = @edition) AND (@kind = '' OR c.kind = @kind) AND r.rank IS NOT NULL
  AND (@all OR use.now) AND (@since::bigint = 0 OR c.version > @since::bigint) AND (@standard = '' OR c.code = @code)
ORDER BY r.rank, length(c.name_zh) * (r.rank > 0)::int, c.kind DESC, use.now DESC, c.standard, c.code
LIMIT @limit
