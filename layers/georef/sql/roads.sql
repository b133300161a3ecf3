-- The road that each text names: the longest name of a road that is in it; ''
-- where there is none. A name of two characters is in too many texts.
SELECT coalesce((SELECT r.name FROM (SELECT DISTINCT name FROM map.base_road WHERE length(name) >= 3) r
                 WHERE strpos(t.text, r.name) > 0 ORDER BY length(r.name) DESC, r.name LIMIT 1), '')
FROM unnest(@texts::text[]) WITH ORDINALITY AS t(text, n)
ORDER BY t.n
