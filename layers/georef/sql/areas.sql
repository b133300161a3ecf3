-- The administrative divisions that are named in any of some texts, with their
-- outlines. What is larger than a county holds every candidate.
SELECT name_zh, ST_Simplify(geom, 0.00005)
FROM onemap.area a
WHERE geom IS NOT NULL AND level IN ('county', 'town', 'community') AND length(name_zh) >= 3
  AND EXISTS (SELECT FROM unnest(@texts::text[]) t(text) WHERE strpos(t.text, a.name_zh) > 0)
UNION ALL
SELECT name, ST_Simplify(geom, 0.00005)
FROM map.base_boundary b
WHERE level >= 6 AND length(name) >= 3 AND EXISTS (SELECT FROM unnest(@texts::text[]) t(text) WHERE strpos(t.text, b.name) > 0)
  AND NOT EXISTS (SELECT FROM onemap.area a WHERE a.name_zh = b.name AND a.geom IS NOT NULL)
