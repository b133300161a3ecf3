package accountability

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/evaluate"
)

// An Item is one thing behind a number: A of B.
type Item struct {
	Org    string     `json:"org"`
	Object string     `json:"object" doc:"What it is: resource/…, request/…, rule/…, correction/…, layer/…"`
	Title  string     `json:"title"`
	A      int64      `json:"a"`
	B      int64      `json:"b"`
	At     *time.Time `json:"at,omitempty"`
}

// A Number is one indicator of one department.
type Number struct {
	Indicator string   `json:"indicator"`
	A         int64    `json:"a"`
	B         int64    `json:"b"`
	Percent   *float64 `json:"percent,omitempty" doc:"A of B; absent of a count, and where B is nothing"`
}

// A Card is the score card of one department.
type Card struct {
	Org     string   `json:"org"`
	NameZH  string   `json:"name_zh"`
	NameEN  string   `json:"name_en"`
	Numbers []Number `json:"numbers" nullable:"false"`
	Score   *float64 `json:"score,omitempty" doc:"0 to 100: the rates that there are, by weight; absent: there is none"`
	Grade   string   `json:"grade,omitempty" enum:"A,B,C,D,E"`
}

// Rules are how numbers become a score.
type Rules struct {
	Weights map[string]float64 `json:"weights"`
	Grades  []float64          `json:"grades" nullable:"false" doc:"From which score on A, B, C and D are given"`
}

var (
	watchers = []access.Role{access.CommandCentre, access.Administrator, access.SecurityAdministrator, access.Auditor}
	// Readers may see scores: watchers those of all, officers their own.
	Readers = append(slices.Clone(watchers), access.DepartmentOfficer, access.Planner)
)

// Score returns the cards of a period, the best first, as things are now.
func (s *Store) Score(ctx context.Context, by access.Scope, p evaluate.Period) ([]Card, Rules, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, Rules{}, err
	}
	rules, err := s.rules(ctx, s.Layers.DB())
	if err != nil {
		return nil, Rules{}, err
	}
	items := map[string][]Item{}
	for _, i := range indicators {
		if items[i.Key], err = s.count(ctx, s.Layers.DB(), i, p, own(by)); err != nil {
			return nil, Rules{}, err
		}
	}
	cards, err := s.cards(ctx, s.Layers.DB(), items, rules)
	return cards, rules, err
}

// Behind returns the things behind one number of a department now.
func (s *Store) Behind(ctx context.Context, by access.Scope, p evaluate.Period, indicator, org string) ([]Item, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, err
	}
	if mine := own(by); mine != "" && org != mine {
		return nil, fmt.Errorf("scores of %s: %w", layers.Short(org), layers.ErrNotFound)
	}
	i, err := indicatorOf(indicator)
	if err != nil {
		return nil, err
	}
	return s.count(ctx, s.Layers.DB(), i, p, org)
}

// own is the only organisation whose live scores a caller may see; "" is all.
func own(by access.Scope) string {
	if by.Has(watchers...) {
		return ""
	}
	return by.Org().Code
}

func indicatorOf(key string) (Indicator, error) {
	for _, i := range indicators {
		if i.Key == key {
			return i, nil
		}
	}
	return Indicator{}, &layers.InputError{Field: "indicator", Value: layers.Short(key), Remedy: "one that the score card has"}
}

// count runs an indicator. What an accepted objection named in a revision of
// the same period does not count.
func (s *Store) count(ctx context.Context, db class.Reader, i Indicator, p evaluate.Period, org string) ([]Item, error) {
	c, err := s.Classes.Calendar(ctx, db)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `SELECT c.org, c.object, c.title, c.a, c.b, c.at FROM (`+i.sql+`) c
		WHERE (@org = '' OR c.org = @org) AND NOT EXISTS (
			SELECT FROM onemap.service_objection o JOIN onemap.service_decision d ON d.objection = o.id AND d.accepted JOIN onemap.service_index x ON x.id = o.index
			WHERE o.org = c.org AND o.indicator = @indicator AND o.object = c.object AND x.starts_at = @from AND x.ends_at = @to)
		ORDER BY c.org, (CASE WHEN c.b > 0 THEN c.a::float8 / c.b END), c.a DESC, c.object`,
		pgx.NamedArgs{"org": org, "indicator": i.Key, "from": p.From, "to": p.To, "until": p.Until,
			"first": p.From.In(c.Zone).Format(time.DateOnly), "after": p.To.In(c.Zone).Format(time.DateOnly)})
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", i.Key, err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Item])
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", i.Key, err)
	}
	return items, nil
}

// cards adds items up.
func (s *Store) cards(ctx context.Context, db class.Reader, items map[string][]Item, rules Rules) ([]Card, error) {
	rows, err := db.Query(ctx, `SELECT code, name_zh, name_en FROM onemap.organisation`)
	if err != nil {
		return nil, fmt.Errorf("scores: %w", err)
	}
	byOrg := map[string]*Card{}
	var code, zh, en string
	if _, err := pgx.ForEachRow(rows, []any{&code, &zh, &en}, func() error {
		byOrg[code] = &Card{Org: code, NameZH: zh, NameEN: en}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("scores: %w", err)
	}
	seen := map[string]bool{}
	for n, i := range indicators {
		for _, item := range items[i.Key] {
			card := byOrg[item.Org]
			if card == nil { // gone since it was published
				card = &Card{Org: item.Org, NameZH: item.Org, NameEN: item.Org}
				byOrg[item.Org] = card
			}
			seen[item.Org] = true
			if card.Numbers == nil {
				card.Numbers = make([]Number, len(indicators))
			}
			card.Numbers[n].A += item.A
			card.Numbers[n].B += item.B
		}
	}
	out := []Card{}
	for org := range seen {
		byOrg[org].sum(rules)
		out = append(out, *byOrg[org])
	}
	slices.SortFunc(out, func(a, b Card) int {
		switch x, y := orMinus(a.Score), orMinus(b.Score); {
		case x > y:
			return -1
		case x < y:
			return 1
		case a.Org < b.Org:
			return -1
		}
		return 1
	})
	return out, nil
}

func orMinus(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}

// sum makes the rates, the score and the grade of a card's counts.
func (c *Card) sum(rules Rules) {
	var sum, weight float64
	for n, i := range indicators {
		c.Numbers[n].Indicator = i.Key
		if i.Kind != "rate" || c.Numbers[n].B == 0 {
			continue
		}
		p := 100 * float64(c.Numbers[n].A) / float64(c.Numbers[n].B)
		c.Numbers[n].Percent = &p
		sum, weight = sum+p*rules.Weights[i.Key], weight+rules.Weights[i.Key]
	}
	if weight == 0 {
		return
	}
	score := sum / weight
	c.Score, c.Grade = &score, "E"
	for n, from := range rules.Grades {
		if score >= from {
			c.Grade = string(rune('A' + n))
			break
		}
	}
}

func (s *Store) rules(ctx context.Context, db class.Reader) (Rules, error) {
	var weights, grades []byte
	err := db.QueryRow(ctx, `SELECT coalesce((SELECT value FROM onemap.setting WHERE key = 'accountability.weights'), '{}'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'accountability.grades'), '[90, 75, 60, 40]')`).Scan(&weights, &grades)
	if err != nil {
		return Rules{}, fmt.Errorf("read rules of scores: %w", err)
	}
	return ParseRules(weights, grades)
}

// ParseRules reads the settings accountability.weights and accountability.grades.
func ParseRules(weights, grades []byte) (Rules, error) {
	r := Rules{}
	if err := json.Unmarshal(weights, &r.Weights); err != nil {
		return r, fmt.Errorf(`setting accountability.weights: want weights by indicator, such as {"answered": 20}`)
	}
	for k, w := range r.Weights {
		if i, err := indicatorOf(k); err != nil || i.Kind != "rate" || w < 0 {
			return r, fmt.Errorf("setting accountability.weights: %q: want a weight from 0 of an indicator that is a rate", k)
		}
	}
	if err := json.Unmarshal(grades, &r.Grades); err != nil || len(r.Grades) != 4 || !slices.IsSortedFunc(r.Grades, func(a, b float64) int { return int(b - a) }) {
		return r, fmt.Errorf("setting accountability.grades: want four scores, falling, such as [90, 75, 60, 40]")
	}
	return r, nil
}
