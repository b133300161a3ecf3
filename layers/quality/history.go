package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Mark is what a layer, or all layers of an organisation, come to.
type Mark struct {
	Score      *float64         `json:"score,omitempty" doc:"0 to 100; absent: nothing was assessed"`
	Grade      int              `json:"grade,omitempty" doc:"1, the best, to 5"`
	Dimensions []DimensionScore `json:"dimensions" nullable:"false"`
}

// A LayerMark is a layer's latest run.
type LayerMark struct {
	Layer   string     `json:"layer"`
	TitleZH string     `json:"title_zh"`
	TitleEN string     `json:"title_en"`
	Owner   string     `json:"owner,omitempty"`
	Rules   int        `json:"rules" doc:"In force"`
	Run     int64      `json:"run,omitempty" doc:"Absent: it was not looked at yet"`
	At      *time.Time `json:"at,omitempty"`
	Rows    int64      `json:"rows"`
	Failing int        `json:"failing" doc:"Rules that not all meet"`
	Held    int64      `json:"held" doc:"Rows in quarantine, for who may decide on them"`
	MayRule bool       `json:"may_rule,omitempty" doc:"The caller makes its rules"`
	Mark
}

// An OrgMark is what the layers of an organisation come to: all results of
// their latest runs as if they were one layer's.
type OrgMark struct {
	Org    string `json:"org"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
	Layers int    `json:"layers" doc:"That were looked at"`
	Mark
}

// runRow is a run with its results.
type runRow struct {
	id, batch int64
	layer     string
	owner     string
	at        time.Time
	rows      int64
	results   []Result
}

// runs reads runs and the results of their rules by a condition on the runs,
// alias o, oldest first.
func runs(ctx context.Context, db reader, cond string, args ...any) ([]runRow, error) {
	rows, err := db.Query(ctx, `SELECT o.id, coalesce(o.batch, 0), o.layer, coalesce(o.owner, ''), o.at, o.rows, r.id, r.indicator, r.weight::float8, r.field, r.condition, r.params, t.a, t.b, t.skipped
		FROM onemap.quality_run o LEFT JOIN onemap.quality_result t ON t.run = o.id LEFT JOIN onemap.quality_rule r ON r.id = t.rule
		WHERE `+cond+` ORDER BY o.at, o.id, r.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read quality runs: %w", err)
	}
	defer rows.Close()
	var out []runRow
	for rows.Next() {
		var o runRow
		var rule *int64
		var indicator, field, condition, skipped *string
		var weight *float64
		var params map[string]any
		var a, b *int64
		if err := rows.Scan(&o.id, &o.batch, &o.layer, &o.owner, &o.at, &o.rows, &rule, &indicator, &weight, &field, &condition, &params, &a, &b, &skipped); err != nil {
			return nil, fmt.Errorf("read quality runs: %w", err)
		}
		if len(out) == 0 || out[len(out)-1].id != o.id {
			out = append(out, o)
		}
		if rule == nil {
			continue
		}
		t := Result{Rule: Rule{ID: *rule, Indicator: *indicator, Weight: *weight, Field: *field, Condition: *condition, Params: params}, A: *a, B: *b, Skipped: *skipped}
		if t.B > 0 {
			x := float64(t.A) / float64(t.B)
			t.X = &x
		}
		last := &out[len(out)-1]
		last.results = append(last.results, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read quality runs: %w", err)
	}
	return out, nil
}

func markOf(results []Result, w Weights, g Grades) Mark {
	c := Card{Results: results}
	c.sum(w, g)
	return Mark{c.Score, c.Grade, c.Dimensions}
}

const latestRuns = `o.id IN (SELECT DISTINCT ON (layer) id FROM onemap.quality_run WHERE batch IS NULL AND at <= $1 ORDER BY layer, at DESC, id DESC)`

// LayerMarks returns the layers that the caller may see and that have rules or
// were looked at, with their latest run.
func (s *Store) LayerMarks(ctx context.Context, by access.Scope) ([]LayerMark, error) {
	db := s.Layers.DB()
	w, g, err := marks(ctx, db)
	if err != nil {
		return nil, err
	}
	latest, err := runs(ctx, db, latestRuns, s.now().Add(time.Hour))
	if err != nil {
		return nil, err
	}
	rules, err := countBy(ctx, db, `SELECT layer, count(*) FROM onemap.quality_rule WHERE ended_at IS NULL GROUP BY 1`)
	if err != nil {
		return nil, err
	}
	held, err := countBy(ctx, db, `SELECT layer, count(*) FROM onemap.quarantine WHERE state = 'held' GROUP BY 1`)
	if err != nil {
		return nil, err
	}
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return nil, err
	}
	out := []LayerMark{}
	for _, l := range all {
		if _, ok := by.Layer(l); !ok {
			continue
		}
		m := LayerMark{Layer: l.Name, TitleZH: l.TitleZH, TitleEN: l.TitleEN, Owner: l.Owner, Rules: int(rules[l.Name]), MayRule: mayRule(by, l) == nil, Mark: Mark{Dimensions: []DimensionScore{}}}
		if mayDecide(by, l) == nil {
			m.Held = held[l.Name]
		}
		if i := slices.IndexFunc(latest, func(o runRow) bool { return o.layer == l.Name }); i >= 0 {
			o := latest[i]
			m.Run, m.At, m.Rows, m.Mark = o.id, &o.at, o.rows, markOf(o.results, w, g)
			for _, t := range o.results {
				if t.A < t.B {
					m.Failing++
				}
			}
		}
		if m.Rules > 0 || m.Run > 0 || m.Held > 0 || m.MayRule {
			out = append(out, m)
		}
	}
	return out, nil
}

func countBy(ctx context.Context, db reader, sql string) (map[string]int64, error) {
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("count for quality: %w", err)
	}
	out := map[string]int64{}
	var name string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { out[name] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count for quality: %w", err)
	}
	return out, nil
}

// OrgMarks returns what each organisation's layers came to at a moment.
func (s *Store) OrgMarks(ctx context.Context, at time.Time) ([]OrgMark, error) {
	db := s.Layers.DB()
	w, g, err := marks(ctx, db)
	if err != nil {
		return nil, err
	}
	latest, err := runs(ctx, db, latestRuns, at)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `SELECT code, name_zh, name_en FROM onemap.organisation ORDER BY code`)
	if err != nil {
		return nil, fmt.Errorf("quality of organisations: %w", err)
	}
	orgs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (OrgMark, error) {
		var o OrgMark
		err := row.Scan(&o.Org, &o.NameZH, &o.NameEN)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("quality of organisations: %w", err)
	}
	out := []OrgMark{}
	for _, o := range orgs {
		var results []Result
		for _, r := range latest {
			if r.owner == o.Org {
				o.Layers++
				results = append(results, r.results...)
			}
		}
		if o.Layers > 0 {
			o.Mark = markOf(results, w, g)
			out = append(out, o)
		}
	}
	return out, nil
}

// A Point is one run in a history.
type Point struct {
	Run   int64     `json:"run,omitempty" doc:"Absent in an organisation's history, whose points are days"`
	Batch int64     `json:"batch,omitempty"`
	At    time.Time `json:"at"`
	Rows  int64     `json:"rows"`
	Mark
}

// mostPoints is how many runs a history shows.
const mostPoints = 400

// History returns the runs of a layer between two moments, oldest first, those
// of its imports too if batches.
func (s *Store) History(ctx context.Context, by access.Scope, layer string, from, to time.Time, batches bool) ([]Point, error) {
	l, _, err := s.visible(ctx, by, layer)
	if err != nil {
		return nil, err
	}
	db := s.Layers.DB()
	w, g, err := marks(ctx, db)
	if err != nil {
		return nil, err
	}
	found, err := runs(ctx, db, `o.id IN (SELECT id FROM onemap.quality_run WHERE layer = $1 AND at >= $2 AND at < $3 AND (batch IS NULL OR $4) ORDER BY at DESC LIMIT $5)`, l.Name, from, to, batches, mostPoints)
	if err != nil {
		return nil, err
	}
	out := []Point{}
	for _, o := range found {
		out = append(out, Point{o.id, o.batch, o.at, o.rows, markOf(o.results, w, g)})
	}
	return out, nil
}

// OrgHistory returns what an organisation's layers came to on each day between
// two moments on which one of them was looked at.
func (s *Store) OrgHistory(ctx context.Context, org string, from, to time.Time) ([]Point, error) {
	db := s.Layers.DB()
	w, g, err := marks(ctx, db)
	if err != nil {
		return nil, err
	}
	// What stood at the beginning counts until a layer is looked at again.
	found, err := runs(ctx, db, `o.id IN (SELECT DISTINCT ON (layer, at::date) id FROM onemap.quality_run WHERE owner = $1 AND batch IS NULL AND at >= $2 AND at < $3 ORDER BY layer, at::date, at DESC, id DESC)
		OR o.id IN (SELECT DISTINCT ON (layer) id FROM onemap.quality_run WHERE owner = $1 AND batch IS NULL AND at < $2 ORDER BY layer, at DESC, id DESC)`, org, from, to)
	if err != nil {
		return nil, err
	}
	stand := map[string]runRow{}
	out := []Point{}
	for i, o := range found {
		stand[o.layer] = o
		day := o.at.Format(time.DateOnly)
		if o.at.Before(from) || i+1 < len(found) && found[i+1].at.Format(time.DateOnly) == day {
			continue
		}
		p := Point{At: o.at}
		var results []Result
		for _, r := range stand {
			p.Rows += r.rows
			results = append(results, r.results...)
		}
		p.Mark = markOf(results, w, g)
		out = append(out, p)
	}
	return out, nil
}

// Card returns what a run found, without the rules on fields that the caller
// may not see. Its score is of all rules. It returns an error wrapping
// [layers.ErrNotFound] for a run of a layer that the caller may not see.
func (s *Store) Card(ctx context.Context, by access.Scope, run int64) (Card, error) {
	c, err := s.card(ctx, s.Layers.DB(), run)
	if err != nil {
		return c, err
	}
	l, right, err := s.visible(ctx, by, c.Layer)
	if err != nil {
		if errors.Is(err, layers.ErrNotFound) {
			err = fmt.Errorf("quality run %d: %w", run, layers.ErrNotFound)
		}
		return Card{}, err
	}
	c.Results = slices.DeleteFunc(c.Results, func(t Result) bool { return !shown(t.Rule, l, right) })
	return c, nil
}

// LatestCard is the card of a layer's latest run, or of a batch's; with neither
// run it is an error wrapping [layers.ErrNotFound].
func (s *Store) LatestCard(ctx context.Context, by access.Scope, layer string, batch int64) (Card, error) {
	var run *int64
	err := s.Layers.DB().QueryRow(ctx, `SELECT max(id) FROM onemap.quality_run WHERE layer = $1 AND coalesce(batch, 0) = $2`, layer, batch).Scan(&run)
	if err != nil {
		return Card{}, fmt.Errorf("quality of %s: %w", layer, err)
	}
	if run == nil {
		return Card{}, fmt.Errorf("quality of %s: %w", layers.Short(layer), layers.ErrNotFound)
	}
	return s.Card(ctx, by, *run)
}

// RunNow runs the rules of a layer, for who makes them.
func (s *Store) RunNow(ctx context.Context, by access.Scope, layer, address string) (Card, error) {
	l, _, err := s.visible(ctx, by, layer)
	if err != nil {
		return Card{}, err
	}
	if err := mayRule(by, l); err != nil {
		return Card{}, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var alone bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('onemap.quality_run.' || $1, 0))`, l.Name).Scan(&alone); err != nil {
			return err
		}
		if !alone {
			return fmt.Errorf("layer %s is being looked at: %w", l.Name, layers.ErrConflict)
		}
		c, err := s.Check(ctx, tx, l, "map."+l.Name, 0)
		if err != nil {
			return err
		}
		id = c.Run
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "quality.run", Object: "layer/" + l.Name, Result: access.Done, Address: address, Detail: map[string]any{"run": id}})
	})
	if err != nil {
		return Card{}, access.Wrap("run quality rules", err)
	}
	return s.Card(ctx, by, id)
}
