package forecast

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"onemap/layers"
	"onemap/layers/forecast/hotspot"
)

// Spaces: what cells are.
const (
	Lattice   = "lattice"
	Unit      = "grid_unit"
	Duty      = "grid_duty"
	Community = "grid_community"
)

// A ground is what cells are laid over: the city's outline for a lattice, or
// governance grids with their codes.
type ground struct {
	codes []string // of governance grids; nil: one outline
	areas []string // their divisions
	polys []orb.MultiPolygon
	// What the map and the calendar know, for the regression; see facts.go.
	facts    []fact
	holidays []int32
}

// errNoGround says what to do where there is nothing to lay cells over.
func errNoGround(space string) error {
	if space == Lattice {
		return cannot("space", "本市既没有治理网格,也没有带范围的行政区划:请先绘制或导入网格",
			"the city has neither governance grids nor divisions with an outline: draw or import grids first")
	}
	return cannot("space", "没有现行的这种网格:请绘制或导入,或改用方格",
		"there are no grids of this kind in force: draw or import them, or take a lattice")
}

// readGround reads it under the run's snapshot. The outline of a city is that of
// its topmost divisions; without any, that of its finest grids.
func readGround(ctx context.Context, tx pgx.Tx, space string) (ground, error) {
	var g ground
	if space == Lattice {
		var outline orb.Geometry
		err := tx.QueryRow(ctx, `SELECT coalesce(
			(SELECT ST_Multi(ST_CollectionExtract(ST_Union(geom), 3)) FROM onemap.area a WHERE geom IS NOT NULL
				AND NOT EXISTS (SELECT FROM onemap.area b WHERE b.code = a.parent AND b.geom IS NOT NULL)),
			(SELECT ST_Multi(ST_CollectionExtract(ST_Union(geom), 3)) FROM map.grid_unit WHERE valid_to IS NULL),
			(SELECT ST_Multi(ST_CollectionExtract(ST_Union(geom), 3)) FROM map.grid_duty WHERE valid_to IS NULL),
			(SELECT ST_Multi(ST_CollectionExtract(ST_Union(geom), 3)) FROM map.grid_community WHERE valid_to IS NULL))`).Scan(&outline)
		if err != nil {
			return g, fmt.Errorf("read the city's outline: %w", err)
		}
		m, ok := outline.(orb.MultiPolygon)
		if !ok || len(m) == 0 {
			return g, errNoGround(space)
		}
		g.polys = []orb.MultiPolygon{m}
		return g, nil
	}
	rows, err := tx.Query(ctx, `SELECT grid_code, area_code, geom FROM `+pgx.Identifier{"map", space}.Sanitize()+` WHERE valid_to IS NULL ORDER BY grid_code`)
	if err != nil {
		return g, fmt.Errorf("read grids: %w", err)
	}
	var code, area string
	var geom orb.Geometry
	_, err = pgx.ForEachRow(rows, []any{&code, &area, &geom}, func() error {
		m, ok := geom.(orb.MultiPolygon)
		if !ok {
			return fmt.Errorf("grid %s is no area", code)
		}
		g.codes, g.areas, g.polys = append(g.codes, code), append(g.areas, area), append(g.polys, m)
		return nil
	})
	if err != nil {
		return g, fmt.Errorf("read grids: %w", err)
	}
	if len(g.polys) == 0 {
		return g, errNoGround(space)
	}
	return g, nil
}

// encode writes it as bytes: for each area its code, its division's, and its
// outline as WKB, each with its length before it; then the facts.
func (g ground) encode() (content, error) {
	var b []byte
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for i, m := range g.polys {
		if g.codes != nil {
			text(g.codes[i])
			text(g.areas[i])
		}
		w, err := wkb.Marshal(m, binary.BigEndian)
		if err != nil {
			return content{}, fmt.Errorf("the ground's outline: %w", err)
		}
		text(string(w))
	}
	return newContent(kindGround, len(g.polys), g.encodeFacts(b)), nil
}

func decodeGround(c content, space string, version int) (ground, error) {
	var g ground
	b := c.bytes
	bad := errors.New("kept ground: it is cut short")
	next := func() ([]byte, error) {
		if len(b) < 4 || len(b)-4 < int(binary.BigEndian.Uint32(b)) {
			return nil, bad
		}
		n := 4 + int(binary.BigEndian.Uint32(b))
		t := b[4:n]
		b = b[n:]
		return t, nil
	}
	for range c.items {
		if space != Lattice {
			code, err := next()
			if err != nil {
				return g, err
			}
			area, err := next()
			if err != nil {
				return g, err
			}
			g.codes, g.areas = append(g.codes, string(code)), append(g.areas, string(area))
		}
		w, err := next()
		if err != nil {
			return g, err
		}
		geom, err := wkb.Unmarshal(w)
		if err != nil {
			return g, fmt.Errorf("kept ground: %w", err)
		}
		m, ok := geom.(orb.MultiPolygon)
		if !ok {
			return g, errors.New("kept ground: no area")
		}
		g.polys = append(g.polys, m)
	}
	return g, g.decodeFacts(b, version)
}

// plane is about the middle of the ground, on a raster of a thousandth of a
// degree so that a new grid at the edge does not move it.
func (g ground) plane() Plane {
	b := g.polys[0].Bound()
	for _, m := range g.polys {
		b = b.Union(m.Bound())
	}
	c := b.Center()
	return PlaneAbout(orb.Point{math.Round(c[0]*1000) / 1000, math.Round(c[1]*1000) / 1000})
}

// space lays the cells.
func (g ground) space(p Params, plane Plane) (*hotspot.Space, error) {
	if g.codes != nil {
		polys := make([]orb.MultiPolygon, len(g.polys))
		for i, m := range g.polys {
			polys[i] = plane.MultiPolygon(m)
		}
		s, err := hotspot.Areas(polys)
		return s, asInput("space", err)
	}
	var origin orb.Point
	if p.Origin != nil {
		origin = plane.Forward(*p.Origin)
	}
	s, err := hotspot.Lattice(plane.MultiPolygon(g.polys[0]), p.CellM, p.Angle, origin)
	if err != nil {
		return nil, asInput("cell_m", err)
	}
	if s.Len() > maxCells {
		return nil, cannot("cell_m", "全市有 %d 个这样大小的单元,最多 %d 个:请用更大的单元", "the city has %d cells of this size; at most %d: take larger ones", s.Len(), maxCells)
	}
	return s, nil
}

// maxCells is the most that one run may have: a city of 2,000 km² at 150 m has 90,000.
const maxCells = 200_000

// asInput gives the pure packages' complaints a field.
func asInput(field string, err error) error {
	if err != nil && errors.Is(err, hotspot.ErrInput) {
		return &layers.InputError{Field: field, Remedy: err.Error()}
	}
	return err
}
