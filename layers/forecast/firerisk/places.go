package firerisk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk/model"
)

// seen is the condition on the rows of a layer, under the alias f, that the
// caller may see; ok is false where they may not see the layer at all.
func (s *Store) seen(ctx context.Context, by access.Scope, layer string) (cond string, a layers.Args, ok bool, err error) {
	l, err := s.Layers.Layer(ctx, layer)
	if errors.Is(err, layers.ErrNotFound) {
		return "", nil, false, ErrOff
	}
	if err != nil {
		return "", nil, false, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return "", nil, false, nil
	}
	cond, err = l.SQL(right.Where, &a)
	return cond, a, true, err
}

// A Run is one time that all places of a kind were scored.
type Run struct {
	ID         int64            `json:"id"`
	State      string           `json:"state" enum:"queued,running,done,failed,withheld"`
	Kind       string           `json:"kind" enum:"enterprise,building"`
	Until      time.Time        `json:"until" doc:"The data cut: what was known then"`
	Horizon    int              `json:"horizon_days"`
	Visits     int              `json:"visits" doc:"That a crew can make within the horizon"`
	Crew       *Crew            `json:"crew,omitempty" doc:"Whose visits these are; absent: a number was asked for"`
	Seed       int64            `json:"seed"`
	MadeBy     string           `json:"made_by" doc:"Login; system: by itself"`
	MadeAt     time.Time        `json:"made_at"`
	FinishedAt *time.Time       `json:"finished_at,omitempty"`
	Progress   float64          `json:"progress" doc:"0 to 1"`
	Why        string           `json:"why" doc:"Of a failure, or why the scores are withheld"`
	WhyZH      string           `json:"why_zh"`
	Places     int              `json:"places"`
	Fires      int              `json:"fires" doc:"That it could learn from"`
	Hash       string           `json:"hash,omitempty" doc:"SHA-256 of the record"`
	ResultHash string           `json:"result_hash,omitempty" doc:"SHA-256 of trial and scores"`
	Trial      *model.Trial     `json:"trial,omitempty" doc:"Past days played again: how good such scores were"`
	Notes      []forecast.Words `json:"notes" nullable:"false" doc:"What past days could not know and is taken as of today"`
	Record     json.RawMessage  `json:"record,omitempty" doc:"What it was made of: data cut, parameters, coefficients. Of one run only"`
}

const runSQL = `SELECT id, state, kind, until, horizon_days, visits, seed, made_by, made_at, finished_at, progress, why, why_zh, places, fires, coalesce(encode(hash, 'hex'), ''), trial, coalesce(record -> 'notes', '[]'), coalesce(encode(result_hash, 'hex'), ''), crews, days, per_day`

func scanRun(row pgx.CollectableRow) (Run, error) {
	var r Run
	var trial []byte
	var crews, days, each *int
	err := row.Scan(&r.ID, &r.State, &r.Kind, &r.Until, &r.Horizon, &r.Visits, &r.Seed, &r.MadeBy, &r.MadeAt, &r.FinishedAt, &r.Progress, &r.Why, &r.WhyZH, &r.Places, &r.Fires, &r.Hash, &trial, &r.Notes, &r.ResultHash, &crews, &days, &each)
	if crews != nil && days != nil && each != nil {
		r.Crew = &Crew{*crews, *days, *each}
	}
	if err == nil && trial != nil {
		r.Trial = &model.Trial{}
		err = json.Unmarshal(trial, r.Trial)
	}
	return r, err
}

// Runs returns the latest of both kinds, without their records.
func (s *Store) Runs(ctx context.Context, by access.Scope) ([]Run, error) {
	if _, _, err := s.right(ctx, by); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, runSQL+` FROM onemap.fire_run ORDER BY id DESC LIMIT 40`)
	if err != nil {
		return nil, fmt.Errorf("fire runs: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanRun)
	if err != nil {
		return nil, fmt.Errorf("fire runs: %w", err)
	}
	return out, nil
}

// Get returns one with its record.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Run, error) {
	if _, _, err := s.right(ctx, by); err != nil {
		return Run{}, err
	}
	rows, err := s.Layers.DB().Query(ctx, runSQL+` FROM onemap.fire_run WHERE id = $1`, id)
	if err != nil {
		return Run{}, fmt.Errorf("fire run %d: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if errors.Is(err, pgx.ErrNoRows) {
		return Run{}, fmt.Errorf("fire run %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return Run{}, fmt.Errorf("fire run %d: %w", id, err)
	}
	if err := s.Layers.DB().QueryRow(ctx, `SELECT record FROM onemap.fire_run WHERE id = $1`, id).Scan(&r.Record); err != nil {
		return Run{}, fmt.Errorf("fire run %d: %w", id, err)
	}
	return r, nil
}

// A Place is one that was scored, as the caller may see it.
type Place struct {
	ID        int64   `json:"id" doc:"Of the feature of layer fire_risk"`
	Kind      string  `json:"kind" enum:"enterprise,building"`
	Place     int64   `json:"place" doc:"Number of the enterprise or building"`
	Name      string  `json:"name"`
	Use       string  `json:"use" doc:"Class of a building, industry of an enterprise"`
	UseZH     string  `json:"use_zh"`
	UseEN     string  `json:"use_en"`
	Rank      int     `json:"rank" doc:"1 is the highest of its kind"`
	Level     int     `json:"level" doc:"1: the first 1 % of places, 2: to 5 %, 3: to 20 %, 4: the rest"`
	Expected  float64 `json:"expected" doc:"Fires within the horizon"`
	Low       float64 `json:"low" doc:"Of expected, 90 %: how well the model knows it"`
	High      float64 `json:"high"`
	Likely    float64 `json:"likely" doc:"Probability of at least one fire within the horizon"`
	WhyZH     string  `json:"why_zh" doc:"Up to three drivers, one a line"`
	WhyEN     string  `json:"why_en"`
	Inspected string  `json:"last_inspected_on,omitempty"`
	Due       string  `json:"next_due_on,omitempty" doc:"By law"`
	Grid      string  `json:"grid_code"`
	Dept      string  `json:"dept_code"`
	Lon       float64 `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat       float64 `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
}

// A PlaceQuery asks for scored places, the highest first.
type PlaceQuery struct {
	Kind  string
	Text  string // in the name
	After int    // a rank: those behind it
	Limit int    // 1 to 1000; 0: 100
}

// Places lists them.
func (s *Store) Places(ctx context.Context, by access.Scope, q PlaceQuery) ([]Place, error) {
	if err := checkKind("kind", q.Kind); err != nil {
		return nil, err
	}
	if err := layers.CheckText("q", q.Text, 100); err != nil {
		return nil, err
	}
	l, right, err := s.right(ctx, by)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(right.Fields, "rank") { // a grant of some fields does not show a list
		return nil, access.ErrForbidden
	}
	var a layers.Args
	cond, err := l.SQL(right.Where, &a)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	cond += " AND f.kind = " + a.Add(q.Kind) + " AND f.rank > " + a.Add(q.After)
	if q.Text != "" {
		cond += " AND strpos(lower(f.name), lower(" + a.Add(q.Text) + "::text)) > 0"
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, kind, place, name, use, rank, level, expected, low, high, likely, why_zh, why_en,
			coalesce(last_inspected_on::text, ''), coalesce(next_due_on::text, ''), grid_code, dept_code, ST_X(geom), ST_Y(geom)
		FROM map.fire_risk f WHERE `+cond+` ORDER BY rank LIMIT `+a.Add(min(q.Limit, 1000)), a...)
	if err != nil {
		return nil, fmt.Errorf("places by fire risk: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Place, err error) {
		err = row.Scan(&p.ID, &p.Kind, &p.Place, &p.Name, &p.Use, &p.Rank, &p.Level, &p.Expected, &p.Low, &p.High, &p.Likely, &p.WhyZH, &p.WhyEN, &p.Inspected, &p.Due, &p.Grid, &p.Dept, &p.Lon, &p.Lat)
		p.UseZH, p.UseEN = model.UseWords(p.Use)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("places by fire risk: %w", err)
	}
	return out, nil
}
