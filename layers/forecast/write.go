package forecast

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// written is a run with all that is written of it.
type written struct {
	id         int64
	params     Params
	record     []byte
	events     [32]byte
	ground     [32]byte
	made       *made
	places     places
	why        *Words // it is withheld
	frame, key string
}

// places are what the cells are beside their numbers.
type places struct {
	grid, area []string           // codes
	outline    []orb.MultiPolygon // longitude and latitude
	reasons    map[int32]Words    // of hot cells
}

// placesOf finds the grids of the cells by set, and puts the reasons of the hot
// ones into words.
func (s *Store) placesOf(ctx context.Context, g ground, o *made) (places, error) {
	n := o.space.Len()
	p := places{grid: make([]string, n), area: make([]string, n), outline: make([]orb.MultiPolygon, n)}
	lon, lat := make([]float64, n), make([]float64, n)
	for i := range n {
		at := o.plane.Inverse(o.space.Centre(i))
		lon[i], lat[i] = at[0], at[1]
		if g.codes != nil {
			p.grid[i], p.area[i], p.outline[i] = g.codes[i], g.areas[i], g.polys[i]
		} else {
			p.outline[i] = o.plane.LonLat(o.space.Outline(i))
		}
	}
	if g.codes == nil {
		rows, err := s.Layers.DB().Query(ctx, `SELECT c.n - 1, g.grid_code, g.area_code FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS c (lon, lat, n)
			CROSS JOIN LATERAL map.grid_at(ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326)) g`, lon, lat)
		if err != nil {
			return p, fmt.Errorf("grids of cells: %w", err)
		}
		var i int
		var grid, area string
		if _, err := pgx.ForEachRow(rows, []any{&i, &grid, &area}, func() error {
			p.grid[i], p.area[i] = grid, area
			return nil
		}); err != nil {
			return p, fmt.Errorf("grids of cells: %w", err)
		}
	}
	p.reasons = o.reasons(maxReasons)
	return p, nil
}

// write puts a run's cells and documents down, all or nothing.
func (s *Store) write(ctx context.Context, tx pgx.Tx, w written) error {
	// Two runs of one recipe, and two that crown a champion, wait for each other.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('forecast ' || $1, 0))`, w.key); err != nil {
		return fmt.Errorf("write forecast: %w", err)
	}
	o := w.made
	state, why := Done, Words{}
	if w.why != nil {
		state, why = Withheld, *w.why
	}
	summary, err := json.Marshal(o.summary)
	if err != nil {
		return fmt.Errorf("write forecast: %w", err)
	}
	hash, result := sha256.Sum256(w.record), o.resultHash()
	tag, err := tx.Exec(ctx, `UPDATE onemap.forecast_run SET state = @state, why = @why, why_zh = @why_zh, finished_at = now(), progress = 1, doing = '',
			record = @record, hash = @hash, result_hash = @result, events = @events, ground = @ground, model = @model, cells = @cells, hot = @hot,
			expected = @expected, low = @low, high = @high, summary = @summary
		WHERE id = @id AND state = 'running'`,
		pgx.NamedArgs{"id": w.id, "state": state, "why": why.EN, "why_zh": why.ZH, "record": json.RawMessage(w.record), "hash": hash[:], "result": result[:], "events": w.events[:], "ground": w.ground[:],
			"model": o.model, "cells": o.space.Len(), "hot": o.hot, "expected": o.total, "low": o.totalLow, "high": o.totalHigh, "summary": summary})
	if err != nil {
		return fmt.Errorf("write forecast: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil // another node has made it
	}
	if err := w.champion(ctx, tx); err != nil {
		return err
	}
	if err := w.parts(ctx, tx); err != nil {
		return err
	}
	// A withheld run takes its predecessor's place too: what did not pass must
	// not be shadowed by what is older.
	if _, err := tx.Exec(ctx, `UPDATE map.forecast f SET current = false FROM onemap.forecast_run r, onemap.forecast_run n
		WHERE f.run = r.id AND f.current AND r.recipe = n.recipe AND r.id < n.id AND n.id = $1`, w.id); err != nil {
		return fmt.Errorf("write forecast: %w", err)
	}
	if state == Done {
		if err := w.cells(ctx, tx); err != nil {
			return err
		}
	}
	return access.RecordTx(ctx, tx, access.System("forecast"), access.Entry{Action: "forecast.make", Object: fmt.Sprintf("forecast/%d", w.id), Result: access.Done,
		Detail: map[string]any{"state": state, "model": o.model, "hash": fmt.Sprintf("%x", hash), "cut": fmt.Sprintf("%x", w.events)}})
}

// cells copies the cells into the layer: one transaction, in which live clients
// are told of the tiles that changed and not of each cell.
func (w written) cells(ctx context.Context, tx pgx.Tx) error {
	o := w.made
	rank := make([]int32, o.space.Len())
	for n, c := range o.order {
		rank[c] = int32(n + 1)
	}
	even := o.total / o.space.TotalM2()
	var title string
	if err := tx.QueryRow(ctx, `SELECT title FROM onemap.forecast_run WHERE id = $1`, w.id).Scan(&title); err != nil {
		return fmt.Errorf("write cells: %w", err)
	}
	from, to := w.params.From.UTC(), w.params.To.UTC()
	columns := []string{"run", "cell", "rank", "expected", "low", "high", "share", "density", "change", "area_m2", "zone", "hot", "current", "classes", "why_zh", "why_en",
		"model", "from_at", "to_at", "dept_code", "grid_code", "area_code", "geom", "source_key"}
	i := -1
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"map", "forecast"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i++; i >= len(o.order) {
			return nil, nil
		}
		c := o.order[i]
		e, m2 := o.expected[c], o.space.AreaM2(int(c))
		var share, density float64
		if o.total > 0 {
			share, density = e/o.total, e/m2/even
		}
		why := w.places.reasons[c]
		return []any{w.id, c, rank[c], e, int32(o.low[c]), int32(o.high[c]), share, density, e - o.before[c], m2, o.clock.zone[c], i < o.hot, true, title, why.ZH, why.EN,
			o.model, from, to, w.params.Dept, w.places.grid[c], w.places.area[c], w.places.outline[c], fmt.Sprintf("forecast:%d:%d", w.id, c)}, nil
	}))
	if err != nil {
		return fmt.Errorf("write %d cells: %w", o.space.Len(), err)
	}
	return nil
}

// parts writes the documents of a run.
func (w written) parts(ctx context.Context, tx pgx.Tx) error {
	o := w.made
	exposed := o.exposure(w.id, w.places.area, dayOf(w.params.Until, o.zone))
	if err := exposed.named(ctx, tx); err != nil {
		return err
	}
	hot := map[int]map[string]float64{}
	for _, c := range o.order[:min(o.hot, maxReasons)] {
		hot[int(c)] = map[string]float64{}
		for family, v := range o.parts {
			hot[int(c)][family] = round6(v[c])
		}
	}
	docs := map[string]any{"reliability": o.trust, "hours": o.clock.doc(o.plane), "exposure": exposed, "parts": hot}
	for name, doc := range docs {
		body, err := json.Marshal(doc)
		if err != nil {
			return fmt.Errorf("document %s: %w", name, err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.forecast_part (run, name, body) VALUES ($1, $2, $3) ON CONFLICT (run, name) DO UPDATE SET body = excluded.body`, w.id, name, body); err != nil {
			return fmt.Errorf("document %s: %w", name, err)
		}
	}
	return nil
}

// shownPart is part, of a run whose cells are shown: what says where and when to
// go is asked for as the cells are, and not of a run that is withheld, withdrawn
// or gone.
func shownPart[T any](ctx context.Context, s *Store, by access.Scope, run int64, name string) (out T, err error) {
	r, err := s.Get(ctx, by, run)
	if err != nil {
		return out, err
	}
	if !r.Shown {
		return out, notShown(r)
	}
	return part[T](ctx, s, by, run, name)
}

// part reads a document of a run that the caller may see.
func part[T any](ctx context.Context, s *Store, by access.Scope, run int64, name string) (T, error) {
	var out T
	if _, err := s.Get(ctx, by, run); err != nil {
		return out, err
	}
	var body []byte
	err := s.Layers.DB().QueryRow(ctx, `SELECT body FROM onemap.forecast_part WHERE run = $1 AND name = $2`, run, name).Scan(&body)
	if isNoRow(err) {
		return out, fmt.Errorf("%s of forecast %d: %w", name, run, layers.ErrNotFound)
	}
	if err != nil {
		return out, fmt.Errorf("%s of forecast %d: %w", name, run, err)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("%s of forecast %d: %w", name, run, err)
	}
	return out, nil
}

// Reliability is the backtest of a run, with those that reigned over its classes.
func (s *Store) Reliability(ctx context.Context, by access.Scope, run int64) (Reliability, error) {
	r, err := part[Reliability](ctx, s, by, run, "reliability")
	if err != nil {
		return r, err
	}
	one, err := s.Get(ctx, by, run)
	if err != nil {
		return r, err
	}
	r.Reigns, err = s.reigns(ctx, one)
	if len(r.Reigns) > 0 {
		r.Champion = r.Reigns[0]
	}
	return r, err
}

// HoursOf says when in the week its incidents happen. It returns an error wrapping
// [layers.ErrConflict] for a run whose cells are not shown.
func (s *Store) HoursOf(ctx context.Context, by access.Scope, run int64) (Hours, error) {
	return shownPart[Hours](ctx, s, by, run, "hours")
}

// decides says whether a run may crown and dethrone: one that passed its gate,
// which asks for windows enough, that is of all hours, and whose cut is not older
// than that of any run of its frame that did. What was ordered to look at a part
// of the day, or back at a time, says nothing of who is best now.
func (w written) decides(ctx context.Context, tx pgx.Tx) (ok bool, err error) {
	if w.why != nil || w.params.Hours != nil {
		return false, nil
	}
	err = tx.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM onemap.forecast_run r JOIN onemap.forecast_run n
			ON r.class_key = n.class_key AND r.dept_code = n.dept_code AND r.horizon = n.horizon AND r.space = n.space AND r.cell_m IS NOT DISTINCT FROM n.cell_m
		WHERE n.id = $1 AND r.id <> n.id AND r.state = 'done' AND NOT r.params ? 'hours' AND (r.params ->> 'until')::timestamptz > $2)`, w.id, w.params.Until).Scan(&ok)
	if err != nil {
		return false, fmt.Errorf("champion: %w", err)
	}
	return ok, nil
}

// champion keeps who reigns, in the transaction of the run that decided it.
func (w written) champion(ctx context.Context, tx pgx.Tx) error {
	if ok, err := w.decides(ctx, tx); err != nil || !ok {
		return err
	}
	var reigns string
	var id int64
	err := tx.QueryRow(ctx, `SELECT id, model FROM onemap.forecast_champion WHERE class_key = $1 AND dept_code = $2 AND frame = $3 AND dethroned_at IS NULL`, w.key, w.params.Dept, w.frame).Scan(&id, &reigns)
	if err != nil && !isNoRow(err) {
		return fmt.Errorf("champion: %w", err)
	}
	if reigns == w.made.model {
		return nil
	}
	if id != 0 {
		if _, err := tx.Exec(ctx, `UPDATE onemap.forecast_champion SET dethroned_at = now(), dethroned_by = $2 WHERE id = $1`, id, w.id); err != nil {
			return fmt.Errorf("champion: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.forecast_champion (class_key, dept_code, frame, model, run, why, why_zh) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		w.key, w.params.Dept, w.frame, w.made.model, w.id, w.made.why.EN, w.made.why.ZH)
	if err != nil {
		return fmt.Errorf("champion: %w", err)
	}
	return nil
}

// incumbent is the model that reigns; "": none yet.
func incumbent(ctx context.Context, db querier, key, dept, frame string) (model string, err error) {
	err = db.QueryRow(ctx, `SELECT model FROM onemap.forecast_champion WHERE class_key = $1 AND dept_code = $2 AND frame = $3 AND dethroned_at IS NULL`, key, dept, frame).Scan(&model)
	if err != nil && !isNoRow(err) {
		return "", fmt.Errorf("champion: %w", err)
	}
	return model, nil
}

func (s *Store) reigns(ctx context.Context, r Run) ([]Reign, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT model, run, crowned_at, dethroned_at, why, why_zh FROM onemap.forecast_champion
		WHERE class_key = $1 AND dept_code = $2 AND frame = $3 ORDER BY id DESC LIMIT 50`, r.classKey, r.Dept, frameOf(*r.Params))
	if err != nil {
		return nil, fmt.Errorf("champions: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Reign, error) {
		var c Reign
		var to *time.Time
		err := row.Scan(&c.Model, &c.Run, &c.From, &to, &c.Why.EN, &c.Why.ZH)
		c.To, c.Title = to, titleOfModel(c.Model)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("champions: %w", err)
	}
	return out, nil
}
