-- Some hundred rows: read whole and ranked. A hit at the beginning is worth
-- more than one inside, and the code and the name more than the major class.
SELECT standard, kind, code, major, major_zh, major_en, name_zh, name_en, initials, severity, coalesce(dept, '') AS dept
FROM onemap.class,
LATERAL (SELECT CASE
    WHEN @text = '' THEN 0
    WHEN lower(code) = @text THEN 1
    WHEN name_zh = @text OR lower(name_en) = @text THEN 2
    WHEN lower(code) LIKE @like || '%' THEN 3
    WHEN name_zh LIKE @like || '%' THEN 4
    WHEN initials = @text THEN 5
    WHEN initials LIKE @like || '%' THEN 6
    WHEN lower(name_en) LIKE @like || '%' THEN 7
    WHEN name_zh LIKE '%' || @like || '%' THEN 8
    WHEN lower(name_en) LIKE '%' || @like || '%' THEN 9
    WHEN length(@text) > 1 AND initials LIKE '%' || @like || '%' THEN 10
    WHEN major_zh LIKE '%' || @like || '%' OR lower(major_en) LIKE '%' || @like || '%' THEN 11
    END AS rank) r
WHERE (@kind = '' OR kind = @kind) AND rank IS NOT NULL
ORDER BY rank, length(name_zh) * (rank > 0)::int, kind DESC, standard, code
LIMIT @limit
