package address

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// Store finds addresses. Its methods are safe for concurrent use.
type Store struct{ Layers *layers.Store }

// A Query is what is looked for.
type Query struct {
	Text string
	// Near draws what is near to the front among equals; nil: nothing does.
	Near *orb.Point
	// Limit is how many candidates are wanted at most; 0: 10.
	Limit int
	// Typing says that the text is not at its end: numbers and names may go on.
	Typing bool
}

// MostCandidates is the largest limit.
const MostCandidates = 50

// Kinds of candidates, from the closest to the coarsest.
const (
	Number   = "number"   // the house itself
	Between  = "between"  // between the next numbers of its road that are known
	Crossing = "crossing" // of two roads
	Place    = "place"    // a place of interest, an estate, a building by its name
	Road     = "road"
	Grid     = "grid"
	Division = "division"
)

// A Candidate is where an address may be.
type Candidate struct {
	Kind       string    `json:"kind" enum:"number,between,crossing,place,road,grid,division" doc:"What was found: the house itself, a point between its neighbours, a crossing, a named place or building, the road, a governance grid, an administrative division"`
	Layer      string    `json:"layer" doc:"The layer it is from; empty for divisions of the organisation's register"`
	ID         int64     `json:"id" doc:"Of the feature; 0 where there is none"`
	Title      string    `json:"title"`
	More       string    `json:"more" doc:"What tells it from others of its title"`
	Lon        float64   `json:"lon" doc:"Degrees"`
	Lat        float64   `json:"lat" doc:"Degrees"`
	BBox       []float64 `json:"bbox" nullable:"false" doc:"west, south, east, north in degrees"`
	Area       string    `json:"area_code" doc:"Administrative division; empty where it has none"`
	Confidence float64   `json:"confidence" doc:"0 to 1: 0.9 and more is the address itself, under 0.5 a guess"`
	Matched    []string  `json:"matched" nullable:"false" doc:"Levels of the address that agree"`
	Missing    []string  `json:"missing" nullable:"false" doc:"Levels of the address that were not found or do not agree"`
}

// slow is how long one search may take: one that is typed is not worth more of
// the database's time.
const slow = 2 * time.Second

// Found is what [Store.Find] finds.
type Found struct {
	Parsed     Parsed      `json:"parsed" doc:"The text by its levels"`
	Candidates []Candidate `json:"candidates" nullable:"false" doc:"The best first"`
}

// Find returns where an address, or a part of one, may be among what the caller
// may see, the best first; nothing for an empty text.
func (s *Store) Find(ctx context.Context, by access.Scope, q Query) (Found, error) {
	f := Found{Parsed: Parse(q.Text), Candidates: []Candidate{}}
	if strings.TrimSpace(q.Text) == "" {
		return f, nil
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	q.Limit = min(q.Limit, MostCandidates)
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	x, err := s.seek(ctx, by, f.Parsed, normal(q.Text), q.Typing)
	if err != nil {
		return f, fmt.Errorf("find an address: %w", err)
	}
	f.Candidates = x.ranked(q)
	return f, nil
}

// FindAll finds each of some addresses, best candidate only or more by each
// query's limit, in their order.
func (s *Store) FindAll(ctx context.Context, by access.Scope, queries []Query) ([]Found, error) {
	out := make([]Found, len(queries))
	for i, q := range queries {
		var err error
		if out[i], err = s.Find(ctx, by, q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A question is one query of a batch with what to do with its rows.
type question struct {
	sql  string
	args layers.Args
	scan func(pgx.Rows) error
}

// ask sends questions in one round trip, in a transaction that only reads, so
// that they see one state.
func (s *Store) ask(ctx context.Context, questions []question) error {
	if len(questions) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, q := range questions {
		batch.Queue(q.sql, q.args...)
	}
	results := s.Layers.DB().SendBatch(ctx, batch)
	for _, q := range questions {
		rows, err := results.Query()
		if err == nil {
			for rows.Next() {
				if err = q.scan(rows); err != nil {
					break
				}
			}
			rows.Close()
			if err == nil {
				err = rows.Err()
			}
		}
		if err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

// visible returns a layer with the condition of what the caller may see, if they
// may see all of some fields of it. The condition's values are added to a.
func (s *Store) visible(ctx context.Context, by access.Scope, name string, a *layers.Args, fields ...string) (cond string, ok bool, err error) {
	l, err := s.Layers.Layer(ctx, name)
	if errors.Is(err, layers.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return "", false, nil
	}
	for _, f := range fields {
		if _, has := l.Field(f); has && !slices.Contains(right.Fields, f) {
			return "", false, nil
		}
	}
	cond, err = l.SQL(right.Where, a)
	return cond, err == nil, err
}
