package grid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
	"onemap/layers"
)

// work does something long for a draft in the background. While it runs, the
// draft is marked as alive.
func (d *Drafts) work(id int64, do func(ctx context.Context, id int64, tell func(step string, share float64)) error) {
	d.wg.Go(func() {
		ctx, stop := context.WithCancel(d.ctx)
		var beat = make(chan struct{})
		type news struct {
			step  string
			share float64
		}
		told := make(chan news, 1)
		go func() {
			defer close(beat)
			tick := time.NewTicker(10 * time.Second)
			defer tick.Stop()
			for {
				n := news{share: -1}
				select {
				case <-ctx.Done():
					return
				case n = <-told:
				case <-tick.C:
				}
				tag, err := d.Store.DB().Exec(ctx, `UPDATE onemap.grid_draft SET alive_at = now(), step = coalesce(nullif($2, ''), step),
					progress = CASE WHEN $3 < 0 THEN progress ELSE $3 END WHERE id = $1 AND (state <> 'deleted' OR published_at IS NOT NULL)`, id, n.step, n.share)
				if err != nil && ctx.Err() == nil {
					d.Log.Warn("grid draft: progress", "draft", id, "error", err)
				}
				if err == nil && tag.RowsAffected() == 0 {
					stop() // it was deleted: nobody waits for it
					return
				}
			}
		}()
		err := do(ctx, id, func(step string, share float64) {
			select {
			case told <- news{step, share}:
			default: // only the latest counts, and the next is soon there
			}
		})
		gone := ctx.Err() != nil // deleted, or the server stops
		stop()
		<-beat
		if err == nil || gone {
			return
		}
		d.Log.Error("grid draft", "draft", id, "error", err)
		text := "a fault of the server: see its log"
		if in := (*layers.InputError)(nil); errors.As(err, &in) {
			text = in.Error()
		}
		if _, err := d.Store.DB().Exec(d.ctx, `UPDATE onemap.grid_draft SET state = 'failed', error = $2, updated_at = now() WHERE id = $1 AND state = 'drawing'`, id, text); err != nil {
			d.Log.Error("grid draft", "draft", id, "error", err)
		}
	})
}

// Resume takes up work that a server left: drafts that were being made, and
// features that were being given their new grid. Call it once, at start. What
// another server works on is left to it.
func (d *Drafts) Resume(ctx context.Context) error {
	rows, err := d.Store.DB().Query(ctx, `UPDATE onemap.grid_draft SET alive_at = now()
		WHERE (state = 'drawing' OR state = 'published' AND reassigned_at IS NULL) AND alive_at < now() - interval '30 seconds' RETURNING id, state`)
	if err != nil {
		return fmt.Errorf("resume drafts: %w", err)
	}
	var id int64
	var state string
	todo := map[int64]string{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &state}, func() error { todo[id] = state; return nil }); err != nil {
		return fmt.Errorf("resume drafts: %w", err)
	}
	for id, state := range todo {
		if state == Drawing {
			d.work(id, d.make) //nolint:contextcheck // it outlives the request and ends with the server
		} else {
			d.work(id, d.reassign) //nolint:contextcheck // the same
		}
	}
	return nil
}

// A MakingReport is a draft's report: what drawing said, or what did not fit in
// the grids that were taken over.
type MakingReport struct {
	*griddraw.Report
	Taken int               `json:"taken,omitempty"` // grids in force that it began with
	Mesh  []griddraw.Remark `json:"mesh,omitempty"`  // gaps and overlaps between them
	Took  float64           `json:"seconds"`
}

// row is a cell on its way into the table.
type row struct {
	code, was, community, name, class, kind, parent string
	fresh                                           bool
	flags                                           []string
	m2                                              float64
	geom                                            orb.MultiPolygon
}

// make draws a draft, or takes over what is in force, when it is its turn.
func (d *Drafts) make(ctx context.Context, id int64, tell func(string, float64)) error {
	select {
	case d.turns <- struct{}{}:
		defer func() { <-d.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	began := time.Now()
	db := d.Store.DB()
	var layer, source string
	var ground Ground
	var options DrawOptions
	if err := db.QueryRow(ctx, `SELECT layer, source, ground, options FROM onemap.grid_draft WHERE id = $1`, id).Scan(&layer, &source, &ground, &options); err != nil {
		return err
	}
	communities, err := ground.communities(ctx, db)
	if err != nil {
		return err
	}
	var rows []row
	var drawn []string
	var report MakingReport
	switch source {
	case "draw":
		tell("reading", 0)
		in, err := base(ctx, db, communities)
		if err != nil {
			return err
		}
		cells, r := griddraw.Draw(in, griddraw.Options{TargetM2: options.TargetM2, OutsideM2: options.OutsideM2, Progress: func(step string, share float64) { tell(step, 0.1+0.8*share) }})
		report.Report = &r
		for _, c := range cells {
			x := row{community: c.Community, fresh: true, class: classOf(c), kind: "general", flags: []string{}, m2: c.AreaM2, geom: orb.MultiPolygon{c.Shape}}
			for _, f := range c.Flags {
				x.flags = append(x.flags, string(f))
			}
			rows, drawn = append(rows, x), append(drawn, c.Code)
		}
	case "current":
		if rows, report.Mesh, err = inForce(ctx, db, layer, communities); err != nil {
			return err
		}
		report.Taken = len(rows)
	case "empty":
		for _, c := range communities {
			rows = append(rows, row{community: c.Code, fresh: true, class: "B", kind: "general", flags: []string{}, m2: griddraw.AreaM2(c.Shape), geom: c.Shape})
		}
	}
	tell("writing", 0.95)
	report.Took = math.Round(time.Since(began).Seconds()*100) / 100
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var state string
		if err := tx.QueryRow(ctx, `SELECT state FROM onemap.grid_draft WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil || state != Drawing {
			return err // deleted meanwhile
		}
		for _, sql := range []string{`DELETE FROM onemap.grid_draft_cell WHERE draft = $1`, `DELETE FROM onemap.grid_draft_ground WHERE draft = $1`} {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
		var grounds, cells [][]any
		for _, c := range communities {
			grounds = append(grounds, []any{id, c.Code, c.Shape})
		}
		for i, c := range rows {
			cells = append(cells, []any{id, int64(i + 1), c.code, c.fresh, c.was, c.community, c.name, c.class, c.kind, c.parent, c.flags, c.m2, c.geom})
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"onemap", "grid_draft_ground"}, []string{"draft", "community", "geom"}, pgx.CopyFromRows(grounds)); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"onemap", "grid_draft_cell"}, []string{"draft", "cell", "code", "fresh", "was", "community", "name", "area_class", "kind",
			"parent", "flags", "area_m2", "geom"}, pgx.CopyFromRows(cells)); err != nil {
			return err
		}
		if source != "current" {
			if _, err := tx.Exec(ctx, fit(keepCodesSQL, layer), pgx.NamedArgs{"draft": id}); err != nil {
				return err
			}
		}
		if err := number(ctx, tx, id, layer); err != nil {
			return err
		}
		if report.Report != nil {
			if err := report.recode(ctx, tx, id, drawn); err != nil {
				return err
			}
		}
		text, err := json.Marshal(report)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE onemap.grid_draft SET state = 'open', step = '', progress = 1, report = $2, next_cell = $3, updated_at = now() WHERE id = $1 AND state = 'drawing'`,
			id, text, len(rows)+1)
		return err
	})
}

// classOf is the management class that a drawn cell begins with: built-up land
// or outskirts; which is the core of the city people must say.
func classOf(c griddraw.Cell) string {
	if c.Built > 0.5*c.Load {
		return "B"
	}
	return "C"
}

// recode gives the findings of drawing the codes that the cells have got; drawn
// has those that drawing gave them.
func (r *MakingReport) recode(ctx context.Context, tx pgx.Tx, id int64, drawn []string) error {
	rows, err := tx.Query(ctx, `SELECT code FROM onemap.grid_draft_cell WHERE draft = $1 ORDER BY cell`, id)
	if err != nil {
		return err
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	now := map[string]string{}
	for i, c := range codes {
		now[drawn[i]] = c
	}
	for _, list := range [][]griddraw.Remark{r.Violations, r.Outliers} {
		for k := range list {
			if c, ok := now[list[k].Cell]; ok {
				list[k].Cell = c
			}
		}
	}
	return nil
}

// form is how new codes of a kind are made: the community's code, what comes
// between, a number of so many digits.
type form struct {
	Between string `json:"between"`
	Digits  int    `json:"digits"`
}

func codeForm(ctx context.Context, tx pgx.Tx, layer string) (form, error) {
	f := form{Digits: 3}
	err := tx.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'grid.' || substr($1, 6) || '.code_form'`, layer).Scan(&f)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return form{}, fmt.Errorf("setting grid.%s.code_form: %w", layer[5:], err)
	}
	if f.Digits < 1 || f.Digits > 9 {
		f.Digits = 3
	}
	return f, nil
}

// sequence returns the number at the end of a code of a community; 0 where it is not of the form.
func (f form) sequence(code, community string) int {
	rest, ok := strings.CutPrefix(code, community+f.Between)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (f form) code(community string, n int) string {
	return fmt.Sprintf("%s%s%0*d", community, f.Between, f.Digits, n)
}

// highest returns the highest number that each community of a draft ever gave,
// in force or not, and that cells of the draft keep.
func (f form) highest(ctx context.Context, tx pgx.Tx, draft int64, layer string, fresh bool) (map[string]int, error) {
	rows, err := tx.Query(ctx, `SELECT g.community, c.grid_code FROM onemap.grid_draft_ground g
			JOIN onemap.grid_code c ON c.layer = @layer AND c.grid_code ^@ (g.community || @between) WHERE g.draft = @draft
		UNION SELECT community, code FROM onemap.grid_draft_cell WHERE draft = @draft AND code <> '' AND (@fresh OR NOT fresh)`,
		pgx.NamedArgs{"draft": draft, "layer": layer, "between": f.Between, "fresh": fresh})
	if err != nil {
		return nil, err
	}
	top := map[string]int{}
	var community, code string
	_, err = pgx.ForEachRow(rows, []any{&community, &code}, func() error {
		top[community] = max(top[community], f.sequence(code, community))
		return nil
	})
	return top, err
}

// number gives the fresh cells of a draft codes beyond the highest that their
// community ever used, in the order of reading: row by row from the north, in a
// row from the west.
func number(ctx context.Context, tx pgx.Tx, draft int64, layer string) error {
	f, err := codeForm(ctx, tx, layer)
	if err != nil {
		return err
	}
	top, err := f.highest(ctx, tx, draft, layer, false)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT cell, community, geom FROM onemap.grid_draft_cell WHERE draft = $1 AND fresh ORDER BY cell`, draft)
	if err != nil {
		return err
	}
	var cells []int64
	var of []string
	var shapes []orb.Polygon
	var cell int64
	var community string
	var shape orb.MultiPolygon
	if _, err := pgx.ForEachRow(rows, []any{&cell, &community, &shape}, func() error {
		cells, of, shapes = append(cells, cell), append(of, community), append(shapes, shape[0])
		shape = nil
		return nil
	}); err != nil {
		return err
	}
	codes := make([]string, len(cells))
	for i, rank := range griddraw.ReadingOrder(len(cells), func(i int) (string, orb.Polygon) { return of[i], shapes[i] }) {
		codes[i] = f.code(of[i], top[of[i]]+1+rank)
	}
	_, err = tx.Exec(ctx, `UPDATE onemap.grid_draft_cell c SET code = u.code FROM unnest($2::bigint[], $3::text[]) u(cell, code) WHERE c.draft = $1 AND c.cell = u.cell`, draft, cells, codes)
	return err
}
