-- Broken rings are mended as the eye would: method=structure keeps what lies
-- inside the outer ring, and adds nothing. Lines and points left over are let go.
WITH broken AS (
    SELECT line, ST_IsValidReason(geom) AS why FROM pg_temp.incoming_grid WHERE NOT ST_IsValid(geom)
)
UPDATE pg_temp.incoming_grid i SET geom = ST_Multi(ST_CollectionExtract(ST_MakeValid(geom, 'method=structure keepcollapsed=false'), 3))
FROM broken b WHERE b.line = i.line
RETURNING i.line, i.grid_code, 'geometry', b.why
