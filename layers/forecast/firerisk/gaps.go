package firerisk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/access"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
)

// gapCell is the side of the cells of the gap layers, metres.
const gapCell = 150.0

// How a distance or a time was measured.
const (
	ByRoad   = "road"
	Straight = "straight"
)

// Where there are no roads, an engine goes 30 km/h along a way that is 1.3
// times the straight one.
const (
	straightMS   = 30 / 3.6
	straightMore = 1.3
)

// A cell is the buildings in a square.
type cell struct {
	at    [2]int
	house []orb.Point // metres
	mid   orb.Point   // of the houses, longitude and latitude
}

// MakeGaps computes where hydrants and stations are far, anew: the distance of
// each building to the nearest hydrant in use, straight, as GB 50974 covers
// ground by circles; and the time of an engine by road from the nearest
// station in service. It writes nothing where there are no buildings.
func (s *Store) MakeGaps(ctx context.Context) error {
	set, err := s.settings(ctx)
	if err != nil {
		return err
	}
	houses, err := readPoints(ctx, s.Layers.DB(), `SELECT ST_X(p), ST_Y(p) FROM map.base_building b CROSS JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS p) c`)
	if err != nil {
		return fmt.Errorf("gaps: read buildings: %w", err)
	}
	if len(houses) == 0 {
		return nil
	}
	water, err := readPoints(ctx, s.Layers.DB(), hydrantsSQL)
	if err != nil {
		return fmt.Errorf("gaps: read hydrants: %w", err)
	}
	stations, err := readStations(ctx, s.Layers.DB())
	if err != nil {
		return err
	}
	var middle orb.Point
	for _, h := range houses {
		middle[0] += h[0] / float64(len(houses))
		middle[1] += h[1] / float64(len(houses))
	}
	plane := forecast.PlaneAbout(middle)
	metres := plane.Forward
	cells := cellsOf(houses, metres)
	seconds, which, measure, err := s.arrival(ctx, stations, cells, metres, set.limits.Turnout)
	if err != nil {
		return err
	}
	outline := func(c cell) orb.MultiPolygon {
		x, y := float64(c.at[0])*gapCell, float64(c.at[1])*gapCell
		return plane.LonLat(orb.MultiPolygon{{{{x, y}, {x + gapCell, y}, {x + gapCell, y + gapCell}, {x, y + gapCell}, {x, y}}}})
	}
	for i := range water {
		water[i] = metres(water[i])
	}
	near := newNearest(water)
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// One after the other: of two at once neither would see the other's cells, nor delete them.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.fire_gaps', 0))`); err != nil {
			return fmt.Errorf("gaps: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.water_gap`); err != nil {
			return fmt.Errorf("gaps: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.response_gap`); err != nil {
			return fmt.Errorf("gaps: %w", err)
		}
		now := s.now()
		if len(water) > 0 {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"map", "water_gap"}, []string{"distance_m", "mean_m", "buildings", "beyond", "limit_m", "measure", "gap", "made_at", "geom"},
				pgx.CopyFromSlice(len(cells), func(i int) ([]any, error) {
					worst, sum, beyond := 0.0, 0.0, 0
					for _, h := range cells[i].house {
						d := near.metres(h)
						worst, sum = max(worst, d), sum+d
						if d > set.limits.Water {
							beyond++
						}
					}
					n := len(cells[i].house)
					return []any{float32(worst), float32(sum / float64(n)), int32(n), int32(beyond), float32(set.limits.Water), Straight, beyond > 0, now, outline(cells[i])}, nil
				})); err != nil {
				return fmt.Errorf("gaps of water: %w", err)
			}
		}
		if len(stations) == 0 {
			return nil
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"map", "response_gap"}, []string{"seconds", "station", "buildings", "limit_s", "measure", "gap", "made_at", "geom"},
			pgx.CopyFromSlice(len(cells), func(i int) ([]any, error) {
				var sec any
				name, gap := "", true
				if t := seconds[i]; !math.IsInf(t, 1) {
					sec, name, gap = float32(t), stations[which[i]].name, t > set.limits.Response
				}
				return []any{sec, name, int32(len(cells[i].house)), float32(set.limits.Response), measure, gap, now, outline(cells[i])}, nil
			}))
		if err != nil {
			return fmt.Errorf("gaps of response: %w", err)
		}
		return nil
	})
}

// gapLayers are what the gaps are written to.
var gapLayers = [2]string{"water_gap", "response_gap"}

// AskGaps computes the gaps anew for somebody who may see both layers.
func (s *Store) AskGaps(ctx context.Context, by access.Scope, address string) (Gaps, error) {
	if err := by.Require(access.CommandCentre, access.Planner, access.DepartmentOfficer); err != nil {
		return Gaps{}, err
	}
	for _, name := range gapLayers { // both are written: who sees one of them only does not have the other made
		if _, _, ok, err := s.seen(ctx, by, name); err != nil {
			return Gaps{}, err
		} else if !ok {
			return Gaps{}, fmt.Errorf("the layer %s is not shared with you: ask its owner: %w", name, access.ErrForbidden)
		}
	}
	if err := s.MakeGaps(ctx); err != nil {
		return Gaps{}, err
	}
	if err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "fire_risk.gaps", Object: "layer/water_gap", Result: access.Done, Address: address})
	}); err != nil {
		return Gaps{}, access.Wrap("compute gaps", err)
	}
	return s.Gaps(ctx, by)
}

// cellsOf sorts buildings into squares.
func cellsOf(houses []orb.Point, metres func(orb.Point) orb.Point) []cell {
	at := map[[2]int]int{}
	var out []cell
	for _, h := range houses {
		m := metres(h)
		k := [2]int{int(math.Floor(m[0] / gapCell)), int(math.Floor(m[1] / gapCell))}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, cell{at: k})
		}
		c := &out[i]
		n := float64(len(c.house))
		c.mid = orb.Point{(c.mid[0]*n + h[0]) / (n + 1), (c.mid[1]*n + h[1]) / (n + 1)}
		c.house = append(c.house, m)
	}
	slices.SortFunc(out, func(a, b cell) int { return cmp.Or(cmp.Compare(a.at[1], b.at[1]), cmp.Compare(a.at[0], b.at[0])) })
	return out
}

// A station has engines that can leave.
type station struct {
	id   int64
	name string
	at   orb.Point
}

func readStations(ctx context.Context, db querier) ([]station, error) {
	rows, err := db.Query(ctx, `SELECT id, name, ST_X(geom), ST_Y(geom) FROM map.place WHERE kind = 'fire_station' AND state <> 'out_of_service' ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read fire stations: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t station, err error) {
		err = row.Scan(&t.id, &t.name, &t.at[0], &t.at[1])
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read fire stations: %w", err)
	}
	return out, nil
}

// arrival is how many seconds after the alarm an engine is at each cell, from
// which station, and by what that was measured. Where no road leads, it is +Inf.
func (s *Store) arrival(ctx context.Context, stations []station, cells []cell, metres func(orb.Point) orb.Point, turnout float64) (seconds []float64, which []int, measure string, err error) {
	seconds, which = make([]float64, len(cells)), make([]int, len(cells))
	for i := range seconds {
		seconds[i] = math.Inf(1)
	}
	if len(stations) == 0 {
		return seconds, which, ByRoad, nil
	}
	g, err := s.roads().Graph(ctx, roads.Profile{Mode: roads.Emergency})
	if errors.Is(err, roads.ErrNoRoads) {
		at := make([]orb.Point, len(stations))
		for i, t := range stations {
			at[i] = metres(t.at)
		}
		near := newNearest(at)
		for i, c := range cells {
			n, d := near.find(metres(c.mid))
			seconds[i], which[i] = turnout+d*straightMore/straightMS, n
		}
		return seconds, which, Straight, nil
	}
	if err != nil {
		return nil, nil, "", err
	}
	var from, to []roads.Place
	var fromAt, toAt []int
	for i, t := range stations {
		if p, ok := g.Snap(t.at); ok {
			from, fromAt = append(from, p), append(fromAt, i)
		}
	}
	for i, c := range cells {
		if p, ok := g.Snap(c.mid); ok {
			to, toAt = append(to, p), append(toAt, i)
		}
	}
	if len(from) > 0 {
		t, n := g.Nearest(from, to)
		for k := range to {
			if n[k] >= 0 {
				seconds[toAt[k]], which[toAt[k]] = turnout+float64(t[k]), fromAt[n[k]]
			}
		}
	}
	return seconds, which, ByRoad, nil
}

// Gaps is the sum of both layers, of what the caller may see.
type Gaps struct {
	Water    *Gap     `json:"water,omitempty" doc:"Absent: no hydrant is known, or no building; or the layer is hidden"`
	Response *Gap     `json:"response,omitempty" doc:"Absent: no fire station is known, or no building; or the layer is hidden"`
	Hidden   []string `json:"hidden,omitempty" enum:"water_gap,response_gap" doc:"The one of the two layers that is not shared with the caller"`
}

// A Gap says how much of a city lies beyond a limit.
type Gap struct {
	Cells     int       `json:"cells" doc:"Squares of 150 m with buildings"`
	Gaps      int       `json:"gaps" doc:"Of them beyond the limit"`
	Buildings int       `json:"buildings"`
	Beyond    int       `json:"beyond" doc:"Buildings beyond the limit"`
	Limit     float64   `json:"limit" doc:"Metres, or seconds"`
	Measure   string    `json:"measure" enum:"road,straight" doc:"Along roads, or straight"`
	Unreached int       `json:"unreached,omitempty" doc:"Cells to which no road leads"`
	MadeAt    time.Time `json:"made_at"`
}

// Gaps sums them up. It returns an error wrapping [access.ErrForbidden] where the
// caller may see neither layer.
func (s *Store) Gaps(ctx context.Context, by access.Scope) (Gaps, error) {
	var out Gaps
	if err := by.Require(Viewers...); err != nil {
		return out, err
	}
	for i, to := range []**Gap{&out.Water, &out.Response} {
		name := gapLayers[i]
		beyond, unreached, limit := "coalesce(sum(beyond), 0)", "0", "limit_m"
		if name == "response_gap" {
			beyond, unreached, limit = "coalesce(sum(buildings) FILTER (WHERE gap), 0)", "count(*) FILTER (WHERE seconds IS NULL)", "limit_s"
		}
		where, args, ok, err := s.seen(ctx, by, name)
		if err != nil {
			return out, err
		}
		if !ok {
			out.Hidden = append(out.Hidden, name)
			continue
		}
		var g Gap
		var made *time.Time
		err = s.Layers.DB().QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE gap), coalesce(sum(buildings), 0), `+beyond+`, coalesce(max(`+limit+`), 0)::float8, coalesce(min(measure), ''), `+unreached+`, max(made_at)
			FROM map.`+name+` f WHERE `+where, args...).Scan(&g.Cells, &g.Gaps, &g.Buildings, &g.Beyond, &g.Limit, &g.Measure, &g.Unreached, &made)
		if err != nil {
			return out, fmt.Errorf("sum of %s: %w", name, err)
		}
		if made != nil {
			g.MadeAt = *made
			*to = &g
		}
	}
	if len(out.Hidden) == len(gapLayers) {
		return Gaps{}, fmt.Errorf("neither layer of gaps is shared with you: ask their owner: %w", access.ErrForbidden)
	}
	return out, nil
}
