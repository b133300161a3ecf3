-- All layers with their fields, in one round trip.
SELECT l.name, title_zh, title_en, subject, geometry, coalesce(owner, '') AS owner, share, share_basis, open,
       minzoom AS min_zoom, maxzoom AS max_zoom, coalesce(detail_zoom, 0) AS detail_zoom, style, update_cycle,
       coalesce(dept_field, '') AS dept_field, coalesce(time_field, '') AS time_field, coalesce(k_floor, 0) AS k_floor,
       coalesce(class_field, '') AS class_field, coalesce(rank_field, '') AS rank_field, coalesce(tile_kib, 256) * 1024 AS tile_budget,
       editable, ask_reason,
       0::bigint AS version,
       coalesce(f.fields, '[]') AS fields
FROM onemap.layer l
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('Name', name, 'TitleZH', title_zh, 'TitleEN', title_en, 'Type', type,
               'Sensitivity', sensitivity, 'InTile', in_tile) ORDER BY position, name) AS fields
    FROM onemap.layer_field WHERE layer = l.name
) f ON true
ORDER BY l.position, l.name
