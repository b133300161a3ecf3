-- Puts invalid areas of one batch right and says what was wrong with each.
-- 'structure' keeps what the rings were meant to hold: a bow tie becomes its
-- two halves, a hole that leaves its area is cut off ('linework' would swap
-- inside and outside there). What is left without an area comes back empty.
WITH bad AS MATERIALIZED (
    SELECT ctid AS row, ST_IsValidReason(geom) AS why FROM %[1]s WHERE NOT ST_IsValid(geom)
)
UPDATE %[1]s r
   SET geom = ST_CollectionExtract(ST_MakeValid(geom, 'method=structure keepcollapsed=false'), 3)
  FROM bad
 WHERE r.ctid = bad.row
RETURNING r.source_key, bad.why, ST_IsEmpty(r.geom)
