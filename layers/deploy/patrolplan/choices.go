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
	Workers []Worker `json:"workers" nullable:"false" doc:"Who may be sent, of my area, by name"`
	Posts   []End    `json:"posts" nullable:"false" doc:"Where units may begin and end: posts of accepted plans of stationing that I may see"`
	Depts   []string `json:"depts" nullable:"false" doc:"Departments that I may plan for"`
	Roads   bool     `json:"roads" doc:"There is a road network; without one nothing can be planned"`
	Most    Most     `json:"most"`
}

// Most are bounds of one plan.
type Most struct {
	Units  int `json:"units"`
	Places int `json:"places"`
}

// A Worker may be sent.
type Worker struct {
	Login  string   `json:"login"`
	Name   string   `json:"name"`
	Org    string   `json:"org"`
	Grids  []string `json:"grids" nullable:"false"`
	OnDuty bool     `json:"on_duty"`
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
	rows, err := db.Query(ctx, `SELECT p.login, p.name, o.code, coalesce((SELECT array_agg(g.grid_code ORDER BY g.grid_code) FROM onemap.person_grid g WHERE g.person = p.id), '{}'),
			EXISTS (SELECT FROM map.worker w WHERE w.person = p.id)
		FROM onemap.person p JOIN onemap.organisation o ON o.code = p.org
		WHERE p.active AND EXISTS (SELECT FROM onemap.person_role r WHERE r.person = p.id AND r.role = 'grid_worker') AND starts_with(o.area_code, $1) ORDER BY p.name, p.login LIMIT 5000`, scope.Org().AreaCode)
	if err != nil {
		return c, fmt.Errorf("workers for patrols: %w", err)
	}
	if c.Workers, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Worker]); err != nil {
		return c, fmt.Errorf("workers for patrols: %w", err)
	}
	if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.road_edge),
		CASE WHEN $1 <> '' THEN ARRAY[$1] ELSE coalesce((SELECT array_agg(code ORDER BY code) FROM onemap.organisation WHERE kind = 'department'), '{}') END`, v.dept).Scan(&c.Roads, &c.Depts); err != nil {
		return c, fmt.Errorf("departments for patrols: %w", err)
	}
	return c, s.posts(ctx, scope, &c)
}

// posts are those of the layer post that the caller may see.
func (s *Store) posts(ctx context.Context, scope access.Scope, c *Choices) error {
	l, err := s.Layers.Layer(ctx, "post")
	if err != nil {
		return nil //nolint:nilerr // a deployment may have switched the layer off
	}
	right, ok := scope.Layer(l)
	if !ok {
		return nil
	}
	var a layers.Args
	cond, err := l.SQL(right.Where, &a)
	if err != nil {
		return err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT name, geom FROM map.post f WHERE `+cond+` ORDER BY plan DESC, number LIMIT 500`, a...)
	if err != nil {
		return fmt.Errorf("posts for patrols: %w", err)
	}
	c.Posts, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (e End, err error) {
		var at orb.Point
		err = r.Scan(&e.Title, &at)
		e.Lon, e.Lat = round7(at[0]), round7(at[1])
		return e, err
	})
	if err != nil {
		return fmt.Errorf("posts for patrols: %w", err)
	}
	return nil
}
