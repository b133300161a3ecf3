package incident

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// farM is how far from its component a defect may be reported, in metres: more
// is another component, or another place.
const farM = 300

// A component is what a report takes from the asset that it is about.
type component struct {
	standard, class, dept, grid string
	metres                      float64
}

// classify finds the report's class: the one that it names, or the defect of
// the component that it is about. A component of another class than the one
// named, or one that lies elsewhere, is an [layers.InputError].
func (n *newcomer) classify(ctx context.Context) (err error) {
	if n.r.Asset == 0 {
		n.class, err = n.s.classes().Matter(ctx, n.tx, n.r.Standard, n.r.Class)
		return err
	}
	var c component
	err = n.tx.QueryRow(ctx, `SELECT class_standard, class_code, dept_code, grid_code, ST_Distance(geom::geography, @geom::geometry::geography)
		FROM map.asset WHERE id = @id`, pgx.NamedArgs{"id": n.r.Asset, "geom": n.at.at}).Scan(&c.standard, &c.class, &c.dept, &c.grid, &c.metres)
	value := fmt.Sprint(n.r.Asset)
	if errors.Is(err, pgx.ErrNoRows) {
		return &layers.InputError{Field: "asset", Value: value, Remedy: "the number of a component on the map, or leave it out"}
	}
	if err != nil {
		return err
	}
	if c.metres > farM {
		return &layers.InputError{Field: "asset", Value: value, Remedy: fmt.Sprintf("the component lies %.0f m from the place: choose the component that is there, or correct the place", c.metres)}
	}
	if n.r.Class == "" {
		// The defect of a component has the component's own code.
		n.class, err = n.s.classes().Matter(ctx, n.tx, c.standard, c.class)
	} else {
		n.class, err = n.s.classes().Matter(ctx, n.tx, n.r.Standard, n.r.Class)
	}
	if err != nil {
		return err
	}
	if n.class.Standard == c.standard && n.class.Code != c.class {
		var other bool
		if err := n.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.class WHERE standard = @standard AND kind = 'component' AND code = @code)`,
			pgx.NamedArgs{"standard": n.class.Standard, "code": n.class.Code}).Scan(&other); err != nil {
			return err
		}
		if other {
			return &layers.InputError{Field: "class.code", Value: layers.Short(n.r.Class), Remedy: fmt.Sprintf("component %d is of class %s: report that, or leave the class out", n.r.Asset, c.class)}
		}
	}
	n.component = &c
	return nil
}

// compare tells what does not fit together and is taken all the same.
func (n *newcomer) compare(grid, dept string) {
	c := n.component
	if c == nil {
		return
	}
	if c.grid != grid {
		n.warnings = append(n.warnings, Warning{"asset", fmt.Sprintf("the component lies in grid %s, the place in %s", c.grid, grid)})
	}
	if c.dept != "" && dept != "" && c.dept != dept {
		n.warnings = append(n.warnings, Warning{"asset", fmt.Sprintf("the component is of %s, the matter goes to %s", c.dept, dept)})
	}
}
