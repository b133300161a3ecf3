-- All layers with their fields, in one round trip.
SELECT l.name, title_zh, title_en, subject, geometry, coalesce(owner, '') AS owner, share, share_basis, open,
       minzoom AS min_zoom, maxzoom AS max_zoom, coalesce(detail_zoom, 0) AS detail_zoom, style, update_cycle,
       coalesce(dept_field, '') AS dept_field, coalesce(time_field, '') AS time_field, coalesce(k_floor, 0) AS k_floor,
       coalesce(class_field, '') AS class_field, coalesce(rank_field, '') AS rank_field, coalesce(tile_kib, 256) * 1024 AS tile_budget,
       editable, ask_reason, coalesce(l.copy_of, '') AS copy_of,
       -- A copy is served while all that it shows may be shown, by the rule that it was made by.
       coalesce((SELECT value = 'true' FROM onemap.setting WHERE key = 'open.portal'), false) AND open AND share = 'unconditional' AND EXISTS (
           SELECT FROM onemap.open_rule r WHERE r.layer = coalesce(l.copy_of, l.name) AND r.as_is = (l.copy_of IS NULL)
           AND (l.copy_of IS NULL OR r.built = r.revision AND EXISTS (SELECT FROM onemap.layer o
               WHERE o.name = l.copy_of AND o.open AND o.share = 'unconditional' AND o.k_floor IS NULL AND NOT o.ask_reason)
               AND NOT EXISTS (SELECT FROM onemap.layer_field c LEFT JOIN onemap.layer_field p ON p.layer = l.copy_of AND p.name = c.name
                   WHERE c.layer = l.name AND p.sensitivity IS DISTINCT FROM 'public'))) AS published,
       0::bigint AS version,
       coalesce(f.fields, '[]') AS fields
FROM onemap.layer l
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('Name', name, 'TitleZH', title_zh, 'TitleEN', title_en, 'Type', type,
               'Sensitivity', sensitivity, 'InTile', in_tile) ORDER BY position, name) AS fields
    FROM onemap.layer_field WHERE layer = l.name
) f ON true
-- Switched off, there are no forecasts and no scores of places: not on a map, in an export, or live.
WHERE l.name NOT IN ('forecast', 'fire_risk') OR coalesce((SELECT value <> 'false' FROM onemap.setting WHERE key = 'forecast.enabled'), true)
ORDER BY l.position, l.name
