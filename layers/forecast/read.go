package forecast

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

const cellSQL = `SELECT run, cell, rank, expected, low, high, share, density, change, area_m2, zone, hot, grid_code, area_code, why_zh, why_en, ST_PointOnSurface(geom), geom FROM map.forecast f `

func scanCell(row pgx.CollectableRow) (Cell, error) {
	var c Cell
	var centre, geom orb.Geometry
	err := row.Scan(&c.Run, &c.Cell, &c.Rank, &c.Expected, &c.Low, &c.High, &c.Share, &c.Density, &c.Change, &c.AreaM2, &c.Zone, &c.Hot, &c.GridCode, &c.AreaCode, &c.Why.ZH, &c.Why.EN, &centre, &geom)
	if err != nil {
		return c, err
	}
	c.Centre, _ = centre.(orb.Point)
	c.Centre = orb.Point{round7(c.Centre[0]), round7(c.Centre[1])}
	c.Geometry, _ = geom.(orb.MultiPolygon)
	return c, nil
}

// cells reads cells of a run by the caller's right to the layer, by rank.
func (s *Store) cells(ctx context.Context, by access.Scope, run int64, narrow where.Cond, limit int) ([]Cell, error) {
	r, err := s.Get(ctx, by, run)
	if err != nil {
		return nil, err
	}
	if !r.Shown {
		return nil, notShown(r)
	}
	l, err := s.Layers.Layer(ctx, LayerName)
	if err != nil {
		return nil, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return nil, access.ErrForbidden
	}
	a := layers.Args{}
	which := "WHERE run = " + a.Add(run)
	for _, c := range []where.Cond{right.Where, narrow} {
		if c == nil {
			continue
		}
		sql, err := l.SQL(c, &a)
		if err != nil {
			return nil, err
		}
		which += " AND (" + sql + ")"
	}
	rows, err := s.Layers.DB().Query(ctx, cellSQL+which+" ORDER BY rank LIMIT "+a.Add(limit), a...)
	if err != nil {
		return nil, fmt.Errorf("cells of forecast %d: %w", run, err)
	}
	out, err := pgx.CollectRows(rows, scanCell)
	if err != nil {
		return nil, fmt.Errorf("cells of forecast %d: %w", run, err)
	}
	return out, nil
}

// notShown says why a run has no cells to show.
func notShown(r Run) error {
	switch {
	case r.State == Withheld && r.Why != nil:
		return fmt.Errorf("forecast %d: %s: %w", r.ID, r.Why.EN, layers.ErrConflict)
	case r.State == Failed && r.Why != nil:
		return fmt.Errorf("forecast %d could not be made: %s: %w", r.ID, r.Why.EN, layers.ErrConflict)
	case r.CellsGoneAt != nil:
		return fmt.Errorf("the cells of forecast %d were taken away by age (setting forecast.keep); its record stays: %w", r.ID, layers.ErrConflict)
	}
	return fmt.Errorf("forecast %d is not made yet (%s): %w", r.ID, r.State, layers.ErrConflict)
}

// Top returns the n densest cells of a run, the densest first, by the caller's
// right. It is what patrols are planned on. It returns an error wrapping
// [layers.ErrConflict] for a run that is withheld, withdrawn or not made yet:
// nobody plans on it.
func (s *Store) Top(ctx context.Context, by access.Scope, run int64, n int) ([]Cell, error) {
	return s.cells(ctx, by, run, nil, n)
}

// Hot returns the hot cells of a run, at most limit.
func (s *Store) Hot(ctx context.Context, by access.Scope, run int64, limit int) ([]Cell, error) {
	return s.cells(ctx, by, run, where.Eq{Field: "hot", Value: true}, limit)
}

// One returns a cell of a run. It returns an error wrapping [layers.ErrNotFound]
// for one that is not there, or not in the caller's area.
func (s *Store) One(ctx context.Context, by access.Scope, run int64, cell int) (Cell, error) {
	got, err := s.cells(ctx, by, run, where.Eq{Field: "cell", Value: int64(cell)}, 1)
	if err != nil {
		return Cell{}, err
	}
	if len(got) == 0 {
		return Cell{}, fmt.Errorf("cell %d of forecast %d: %w", cell, run, layers.ErrNotFound)
	}
	return got[0], nil
}

// Changes say where a run differs from what the same model would have expected
// a month before.
type Changes struct {
	Run      int64   `json:"run"`
	Expected float64 `json:"expected" doc:"In the cells that I may see"`
	Before   float64 `json:"before" doc:"The same a month before"`
	More     []Cell  `json:"more" nullable:"false" doc:"Cells that gained most, the most first"`
	Fewer    []Cell  `json:"fewer" nullable:"false" doc:"Cells that lost most, the most first"`
	NewHot   int     `json:"new_hot" doc:"Cells that are hot and would not have been"`
	Moved    float64 `json:"moved" doc:"Which share of the expected incidents lies in other cells than a month before, 0 to 1"`
	Words    Words   `json:"words"`
}

// ChangesOf says where a run differs from the month before: the most cells on
// either side.
func (s *Store) ChangesOf(ctx context.Context, by access.Scope, run int64, most int) (Changes, error) {
	c := Changes{Run: run, More: []Cell{}, Fewer: []Cell{}}
	all, err := s.cells(ctx, by, run, nil, maxCells)
	if err != nil {
		return c, err
	}
	hot := 0
	for _, x := range all {
		c.Expected += x.Expected
		c.Before += x.Expected - x.Change
		if x.Hot {
			hot++
		}
	}
	if c.Expected > 0 && c.Before > 0 {
		for _, x := range all {
			c.Moved += max(0, x.Expected/c.Expected-(x.Expected-x.Change)/c.Before)
		}
	}
	c.NewHot = newlyHot(all, hot)
	c.More, c.Fewer = extremes(all, most)
	c.Expected, c.Before, c.Moved = round6(c.Expected), round6(c.Before), round6(c.Moved)
	c.Words = c.words()
	return c, nil
}

func (c Changes) words() Words {
	if c.Before <= 0 {
		return Words{"一个月前没有可比的预测。", "There is nothing of a month before to compare with."}
	}
	d := 100 * (c.Expected - c.Before) / c.Before
	zh, en := "高", "more"
	if d < 0 {
		zh, en, d = "低", "less", -d
	}
	return Words{
		fmt.Sprintf("总数比上月预计%s %.0f%%;%.0f%% 的预计案件换了地方,%d 个热点是新的。", zh, d, 100*c.Moved, c.NewHot),
		fmt.Sprintf("In all %.0f %% %s than a month before; %.0f %% of the expected incidents lie elsewhere, and %d hot cells are new.", d, en, 100*c.Moved, c.NewHot)}
}

func round7(x float64) float64 { return round(x, 1e7) }

// Outline is that of the city, simplified for a small drawing: its topmost
// divisions, or nothing where there are none.
func (s *Store) Outline(ctx context.Context, by access.Scope) (orb.MultiPolygon, error) {
	if err := by.Require(Viewers...); err != nil {
		return nil, err
	}
	var g orb.Geometry
	err := s.Layers.DB().QueryRow(ctx, `SELECT ST_Multi(ST_CollectionExtract(ST_SimplifyPreserveTopology(ST_Union(geom), 0.0005), 3)) FROM onemap.area a WHERE geom IS NOT NULL
		AND NOT EXISTS (SELECT FROM onemap.area b WHERE b.code = a.parent AND b.geom IS NOT NULL)`).Scan(&g)
	if err != nil {
		return nil, fmt.Errorf("the city's outline: %w", err)
	}
	m, _ := g.(orb.MultiPolygon)
	return m, nil
}
