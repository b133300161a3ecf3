package patrolplan

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrol"
)

// Choices are what a planner chooses from.
type Choices struct {
	Rules   Rules    `json:"rules" doc:"What holds where an order says nothing"`
	CellM   float64  `json:"cell_m" doc:"Places nearer to each other than three quarters of this are one for caps"`
	Zone    string   `json:"time_zone"`
	Workers []Worker `json:"workers" nullable:"false" doc:"Whom I may send, by name"`
	Posts   []End    `json:"posts" nullable:"false" doc:"Where units may begin and end: posts of accepted plans of stationing, then police and fire stations, that I may see"`
	Depts   []Dept   `json:"depts" nullable:"false" doc:"Departments that I may plan for"`
	Roads   bool     `json:"roads" doc:"There is a road network; without one nothing can be planned"`
	Most    Most     `json:"most"`
}

// Most are bounds of one plan.
type Most struct {
	Units  int `json:"units"`
	Places int `json:"places"`
}

// A Dept is a department whose units may be planned.
type Dept struct {
	Code   string `json:"code"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
}

// A Worker may be sent.
type Worker struct {
	Login string   `json:"login"`
	Name  string   `json:"name"`
	Grids []string `json:"grids" nullable:"false"`
}

// Choices returns what the caller may choose from.
func (s *Store) Choices(ctx context.Context, scope access.Scope) (c Choices, err error) {
	v, err := see(scope)
	if err != nil {
		return c, err
	}
	db := s.Layers.DB()
	limit, err := readCap(ctx, db)
	if err != nil {
		return c, err
	}
	city, err := zone(ctx, db)
	if err != nil {
		return c, err
	}
	c = Choices{Rules: (&Order{}).filled(), CellM: limit.CellM, Zone: city.String(), Posts: []End{}, Most: Most{patrol.MaxUnits, patrol.MaxSpots - candidates}}
	c.Rules.CapMin = limit.Minutes
	var a layers.Args
	rows, err := db.Query(ctx, `SELECT p.login, p.name, coalesce((SELECT array_agg(g.grid_code ORDER BY g.grid_code) FROM onemap.person_grid g WHERE g.person = p.id), '{}')
		FROM onemap.person p WHERE `+v.sends(&a)+` ORDER BY p.name, p.login LIMIT 5000`, a...)
	if err != nil {
		return c, fmt.Errorf("workers for patrols: %w", err)
	}
	if c.Workers, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Worker]); err != nil {
		return c, fmt.Errorf("workers for patrols: %w", err)
	}
	if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.road_edge)`).Scan(&c.Roads); err != nil {
		return c, fmt.Errorf("roads for patrols: %w", err)
	}
	rows, err = db.Query(ctx, `SELECT code, name_zh, name_en FROM onemap.organisation WHERE kind = 'department' AND ($1 = '' OR code = $1) ORDER BY code`, v.dept)
	if err != nil {
		return c, fmt.Errorf("departments for patrols: %w", err)
	}
	if c.Depts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Dept]); err != nil {
		return c, fmt.Errorf("departments for patrols: %w", err)
	}
	c.Posts, err = s.posts(ctx, scope)
	return c, err
}

// posts are those of the layer post, and stations of the layer place, that the
// caller may see.
func (s *Store) posts(ctx context.Context, scope access.Scope) ([]End, error) {
	out := []End{}
	for _, from := range []struct{ layer, which string }{
		{"post", "true ORDER BY plan DESC, number"},
		{"place", "kind IN ('police_station', 'fire_station') ORDER BY kind DESC, name, id"},
	} {
		l, err := s.Layers.Layer(ctx, from.layer)
		if err != nil {
			continue // a deployment may have switched the layer off
		}
		right, ok := scope.Layer(l)
		if !ok {
			continue
		}
		var a layers.Args
		cond, err := l.SQL(right.Where, &a)
		if err != nil {
			return nil, err
		}
		rows, err := s.Layers.DB().Query(ctx, `SELECT name, geom FROM `+pgx.Identifier{"map", from.layer}.Sanitize()+` f WHERE (`+cond+`) AND `+from.which+` LIMIT 250`, a...)
		if err != nil {
			return nil, fmt.Errorf("posts for patrols: %w", err)
		}
		found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (e End, err error) {
			var at orb.Point
			err = r.Scan(&e.Title, &at)
			e.Lon, e.Lat = round7(at[0]), round7(at[1])
			return e, err
		})
		if err != nil {
			return nil, fmt.Errorf("posts for patrols: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}
