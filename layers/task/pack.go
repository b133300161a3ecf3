package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/maptile"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// baseLayers are those of the base map in the order of the pages' tile
// addresses (web/ui/src/map): what is kept under one address is of no use under
// another.
var baseLayers = []string{"base_landuse", "base_water", "base_waterway", "base_building", "base_road", "base_boundary", "base_address", "base_poi"}

// Zooms of the tiles that a phone keeps; the base map has none deeper.
const packMinZoom, packMaxZoom = 10, 16

// Pack returns what the caller's phone keeps for working without signal.
func (s *Store) Pack(ctx context.Context, scope access.Scope) (Pack, error) {
	v, err := s.sight(scope)
	if err != nil {
		return Pack{}, err
	}
	db := s.Layers.DB()
	org := scope.Org()
	p := Pack{ServerTime: v.now, Person: PackPerson{Login: v.who.Login, Name: v.who.Name, Org: org.Code, OrgZH: org.NameZH, OrgEN: org.NameEN, Roles: []string{}}, Bounds: []float64{}}
	for _, r := range v.who.Roles {
		p.Person.Roles = append(p.Person.Roles, string(r))
	}
	bound, err := v.packGrids(ctx, db, &p)
	if err != nil {
		return Pack{}, err
	}
	if p.Tiles, err = s.packTiles(ctx, scope, bound); err != nil {
		return Pack{}, err
	}
	if err := v.packCounts(ctx, db, &p.Tasks); err != nil {
		return Pack{}, err
	}
	if p.Assets, err = s.countAssets(ctx, v); err != nil {
		return Pack{}, err
	}
	if p.Checklists, err = s.Checklists(ctx, false); err != nil {
		return Pack{}, err
	}
	if p.Classes, err = packClasses(ctx, db); err != nil {
		return Pack{}, err
	}
	p.Settings, err = packSettings(ctx, db)
	return p, err
}

// packGrids reads the caller's grids: those named in the account, and the unit
// grids that they are made of. Outlines are simplified to a metre, which a map
// on a phone does not show.
func (v sight) packGrids(ctx context.Context, db querier, p *Pack) (orb.Bound, error) {
	p.Grids = []PackGrid{}
	cells := v.scope.Cells()
	if len(cells) == 0 {
		return orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}, nil
	}
	rows, err := db.Query(ctx, `WITH g AS (
			SELECT grid_code, 'community' AS kind, 1 AS n, name, area_code, valid_from, geom FROM map.grid_community WHERE valid_to IS NULL AND grid_code = ANY($1)
			UNION ALL SELECT grid_code, 'duty', 2, name, area_code, valid_from, geom FROM map.grid_duty WHERE valid_to IS NULL AND grid_code = ANY($1)
			UNION ALL SELECT grid_code, 'unit', 3, name, area_code, valid_from, geom FROM map.grid_unit WHERE valid_to IS NULL AND grid_code = ANY($1))
		SELECT grid_code, kind, name, area_code, valid_from::text, grid_code = ANY($2), ST_AsGeoJSON(ST_Multi(ST_SimplifyPreserveTopology(geom, 0.00001)), 6)::json,
		       ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM g ORDER BY n, grid_code`, cells, v.who.Grids)
	if err != nil {
		return orb.Bound{}, fmt.Errorf("own grids: %w", err)
	}
	var bound orb.Bound
	p.Grids, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (PackGrid, error) {
		var g PackGrid
		var b orb.Bound
		err := r.Scan(&g.Code, &g.Kind, &g.Name, &g.Area, &g.Version, &g.Own, &g.Outline, &b.Min[0], &b.Min[1], &b.Max[0], &b.Max[1])
		if bound == (orb.Bound{}) {
			bound = b
		}
		bound = bound.Union(b)
		return g, err
	})
	if err != nil {
		return orb.Bound{}, fmt.Errorf("own grids: %w", err)
	}
	if len(p.Grids) > 0 {
		p.Bounds = []float64{bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1]}
	}
	return bound, nil
}

// keepSetting is the setting phone.keep.
type keepSetting struct {
	Tiles   int     `json:"tiles"`
	MarginM float64 `json:"margin_m"`
}

// packTiles lists the tiles of the base map over the caller's grids and a
// margin, zoom by zoom, as long as they fit; a zoom is kept whole or not at all.
func (s *Store) packTiles(ctx context.Context, scope access.Scope, b orb.Bound) (PackTiles, error) {
	out := PackTiles{Layers: []string{}, Addresses: []string{}, MinZoom: packMinZoom}
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return out, err
	}
	for _, name := range baseLayers {
		i := slices.IndexFunc(all, func(l layers.Layer) bool { return l.Name == name })
		if i < 0 {
			continue
		}
		if _, visible := scope.Layer(all[i]); visible {
			out.Layers = append(out.Layers, name)
		}
	}
	keep := keepSetting{Tiles: 300, MarginM: 200}
	if err := setting(ctx, s.Layers.DB(), "phone.keep", &keep); err != nil {
		return out, err
	}
	if b.IsEmpty() || b == (orb.Bound{}) || len(out.Layers) == 0 {
		return out, nil
	}
	b = geo.BoundPad(b, min(max(keep.MarginM, 0), 5_000))
	path := "/tiles/" + strings.Join(out.Layers, ",")
	for z := maptile.Zoom(packMinZoom); z <= packMaxZoom; z++ {
		nw, se := maptile.At(orb.Point{b.Min[0], b.Max[1]}, z), maptile.At(orb.Point{b.Max[0], b.Min[1]}, z)
		n := int(se.X-nw.X+1) * int(se.Y-nw.Y+1)
		if len(out.Addresses)+n > min(max(keep.Tiles, 0), 2_000) {
			break
		}
		for x := nw.X; x <= se.X; x++ {
			for y := nw.Y; y <= se.Y; y++ {
				out.Addresses = append(out.Addresses, fmt.Sprintf("%s/%d/%d/%d.mvt", path, z, x, y))
			}
		}
		out.MaxZoom = int(z)
	}
	return out, nil
}

// packCounts counts the caller's open tasks.
func (v sight) packCounts(ctx context.Context, db querier, c *PackCounts) error {
	c.Kinds = map[string]int{}
	if !v.scope.Has(access.GridWorker) {
		return nil
	}
	rows, err := db.Query(ctx, `SELECT kind, count(*), count(*) FILTER (WHERE due_at < @now) FROM onemap.task
		WHERE done_at IS NULL AND (person = @me OR person IS NULL AND grid_code = ANY(@cells::text[])) GROUP BY kind`,
		pgx.NamedArgs{"now": v.now, "me": v.who.ID, "cells": v.scope.Cells()})
	if err != nil {
		return fmt.Errorf("count tasks: %w", err)
	}
	var kind string
	var n, late int
	_, err = pgx.ForEachRow(rows, []any{&kind, &n, &late}, func() error {
		c.Kinds[kind] = n
		c.Open += n
		c.Overdue += late
		return nil
	})
	if err != nil {
		return fmt.Errorf("count tasks: %w", err)
	}
	return nil
}

// packClasses says in which state the class list is: the hash of all that the
// list and its conditions hold, so that it is the same on every node.
func packClasses(ctx context.Context, db querier) (PackClasses, error) {
	var c PackClasses
	var classes, conditions string
	err := db.QueryRow(ctx, `SELECT count(*), coalesce(sum(hashtextextended(c::text, 0)::numeric)::text, ''),
			(SELECT coalesce(sum(hashtextextended(n::text, 0)::numeric)::text, '') FROM onemap.class_condition n)
		FROM onemap.class c`).Scan(&c.Count, &classes, &conditions)
	if err != nil {
		return c, fmt.Errorf("version of the class list: %w", err)
	}
	sum := sha256.Sum256([]byte(classes + " " + conditions))
	c.Version = hex.EncodeToString(sum[:8])
	return c, nil
}

// packSettings reads what the phone must know to help before it sends.
func packSettings(ctx context.Context, db querier) (PackSetting, error) {
	out := PackSetting{PhotoBytes: incident.MaxPhotoBytes, PhotoPixels: incident.MaxPhotoPixels, PhotoEdge: incident.PhotoEdge, PhotosPerReport: incident.MaxPhotos,
		ClockSkewSeconds: int(incident.ClockSkew.Seconds()), PhotoWaits: int(incident.PhotoWaits.Seconds()), PatrolNearMetres: 50, PositionDays: 7}
	city, err := zone(ctx, db)
	if err != nil {
		return out, err
	}
	out.TimeZone = city.String()
	duplicate := struct{ Metres, Hours float64 }{50, 24}
	for key, v := range map[string]any{"case.duplicate": &duplicate, "patrol.near_m": &out.PatrolNearMetres, "position.keep_days": &out.PositionDays, "report.far_km": &out.FarKilometres} {
		if err := setting(ctx, db, key, v); err != nil {
			return out, err
		}
	}
	out.DuplicateMetres, out.DuplicateHours = duplicate.Metres, duplicate.Hours
	return out, nil
}
