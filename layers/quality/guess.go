package quality

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// sampleRows is how many rows a guess looks at.
const sampleRows = 20_000

// Guess proposes rules for a layer from its fields and from the rows of a
// table as [Store.Check] takes it. Nothing is kept. A rule is proposed where
// nearly all rows meet it: the few that do not are what it is there to find.
func (s *Store) Guess(ctx context.Context, db DB, layer layers.Layer, table string) ([]Rule, error) {
	var out []Rule
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		src, err := open(ctx, tx, layer, table, 0)
		if err != nil {
			return err
		}
		g := guesser{src: src}
		if err := g.look(ctx, tx); err != nil {
			return err
		}
		g.layer()
		for _, f := range layer.Fields {
			if seen, ok := g.fields[f.Name]; ok {
				g.field(f, seen)
			}
		}
		g.pairs()
		for i := range g.rules { // what the guess makes of odd names must be a rule that can be made
			if err := s.checkRule(ctx, tx, layer, &g.rules[i]); err == nil {
				g.rules[i].Layer = layer.Name
				out = append(out, g.rules[i])
			} else if ctx.Err() != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("guess rules of %s: %w", layer.Name, err)
	}
	return out, nil
}

// Propose is [Store.Guess] for a layer as it stands, for who makes its rules,
// without what it has already.
func (s *Store) Propose(ctx context.Context, by access.Scope, layer string) ([]Rule, error) {
	l, _, err := s.visible(ctx, by, layer)
	if err != nil {
		return nil, err
	}
	if err := mayRule(by, l); err != nil {
		return nil, err
	}
	have, err := rulesOf(ctx, s.Layers.DB(), "r.layer = $1 AND r.ended_at IS NULL", l.Name)
	if err != nil {
		return nil, err
	}
	all, err := s.Guess(ctx, s.Layers.DB(), l, "map."+l.Name)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r Rule) bool {
		return slices.ContainsFunc(have, func(h Rule) bool { return h.Kind == r.Kind && h.Field == r.Field })
	})
	if all == nil {
		all = []Rule{}
	}
	return all, nil
}

// A guesser gathers rules.
type guesser struct {
	src    source
	rows   float64
	inside float64 // rows in the owner's area
	fields map[string]fieldSeen
	rules  []Rule
}

// fieldSeen is what the sample's rows say of a field, in rows.
type fieldSeen struct {
	filled, distinct, uscc, grids, classes, orgs, digits, negative, future float64
	shortest, longest                                                      int
	values                                                                 []string // the frequent ones
}

const sameWord = `(?i)`

var (
	namesCode  = regexp.MustCompile(sameWord + `(code|uscc|number|licence|license|serial|(^|_)(id|no|sn)$)|编号|编码|代码|证号|序号|许可证|标识码`)
	namesUSCC  = regexp.MustCompile(sameWord + `uscc|social_credit|credit_code|信用代码`)
	namesFirst = regexp.MustCompile(sameWord + `(^|_)(start|begin|from|open|opened|found|occurred|issued|reported)|开始|起始|成立|发现|发生|签发|开业`)
	namesLast  = regexp.MustCompile(sameWord + `(^|_)(end|finish|to|until|close|closed|expires|expired)(_|$)|结束|截止|到期|关闭|注销|完成`)
)

func nearly(n, of float64) bool { return of > 0 && n >= 0.9*of }

func (g *guesser) add(kind, field string, params map[string]any) {
	g.rules = append(g.rules, Rule{Kind: kind, Field: field, Params: params})
}

func (g *guesser) layer() {
	l := g.src.layer
	for _, kind := range []string{"modelled", "documented", "accepted", "answers", "answers_in_time", "clean", "no_person_numbers"} {
		g.add(kind, "", nil)
	}
	if _, ok := cycleDays[l.UpdateCycle]; ok {
		g.add("in_cycle", "", nil)
	}
	if !g.src.has("geom") {
		return
	}
	g.rules = append(g.rules, Rule{Kind: "placed", Quarantine: true})
	if l.Owner != "" && nearly(g.inside, g.rows) {
		g.add("in_duty_area", "", nil)
	}
	if l.Geometry == "Point" && l.TimeField == "" { // things, not events
		params := map[string]any{"metres": 0.5}
		for _, name := range []string{l.ClassField, "class_code", "kind", "class", "name"} {
			if f, ok := l.Field(name); ok && f.Sensitivity != layers.Sensitive {
				params["same"] = []string{name}
				break
			}
		}
		g.add("apart", "", params)
	}
}

func (g *guesser) field(f layers.Field, n fieldSeen) {
	if f.Name == "area_code" || f.Name == "grid_code" { // found by the database from the place
		return
	}
	title := f.Name + " " + f.TitleZH + " " + f.TitleEN
	if g.rows > 0 && n.filled >= 0.9*g.rows {
		g.add("filled", f.Name, nil)
	}
	few := g.rows >= 20 && n.distinct*10 <= n.filled && n.distinct <= 40
	switch f.Type {
	case "text":
		switch {
		case namesUSCC.MatchString(title) || n.filled >= 10 && n.uscc >= 0.5*n.filled:
			g.add("uscc", f.Name, nil)
			g.add("unique", f.Name, nil)
		case n.filled >= 10 && n.grids >= 0.5*n.filled:
			g.add("in_register", f.Name, map[string]any{"register": "grid"})
			g.add("in_stated_grid", f.Name, nil)
		case nearly(n.classes, n.filled):
			kind := "matter"
			if g.src.layer.Subject == "asset" {
				kind = "component"
			}
			g.add("in_class", f.Name, map[string]any{"class_kind": kind})
		case nearly(n.orgs, n.filled) || f.Name == g.src.layer.DeptField && f.Name != "":
			g.add("in_register", f.Name, map[string]any{"register": "organisation"})
		case g.src.layer.Vocabulary(f.Name) != nil:
			g.add("one_of", f.Name, map[string]any{"values": g.src.layer.Vocabulary(f.Name)})
		case few && f.Sensitivity != layers.Sensitive && len(n.values) > 0 && n.longest <= 60:
			g.add("one_of", f.Name, map[string]any{"values": n.values})
		case namesCode.MatchString(title) && n.filled >= 2:
			if n.distinct >= 0.95*n.filled {
				g.add("unique", f.Name, nil)
			}
			if n.shortest == n.longest && nearly(n.digits, n.filled) {
				g.add("pattern", f.Name, map[string]any{"pattern": fmt.Sprintf("[0-9]{%d}", n.longest)})
			}
		}
	case "integer", "number":
		if n.filled >= 10 && n.negative <= 0.02*n.filled {
			g.add("range", f.Name, map[string]any{"min": 0.0})
		}
	case "date", "time":
		if n.filled >= 10 && n.future <= 0.1*n.filled {
			g.add("not_future", f.Name, nil)
		}
	}
}

// pairs are times of which one names a beginning and one an end.
func (g *guesser) pairs() {
	for _, a := range g.src.layer.Fields {
		for _, b := range g.src.layer.Fields {
			if a.Type != b.Type || a.Type != "date" && a.Type != "time" || a.Name == b.Name || !g.src.has(a.Name) || !g.src.has(b.Name) {
				continue
			}
			if namesFirst.MatchString(a.Name+" "+a.TitleZH) && namesLast.MatchString(b.Name+" "+b.TitleZH) {
				g.add("order", b.Name, map[string]any{"after": a.Name})
			}
		}
	}
}

// look counts on a sample of the table's rows, in one pass.
func (g *guesser) look(ctx context.Context, tx pgx.Tx) error {
	g.fields = map[string]fieldSeen{}
	var names []string
	for _, f := range g.src.layer.Fields {
		if g.src.has(f.Name) {
			names = append(names, f.Name)
		}
	}
	area := "0"
	if g.src.has("area_code") {
		area = "count(*) FILTER (WHERE f.area_code <> '' AND starts_with(f.area_code, coalesce((SELECT o.area_code FROM onemap.organisation o WHERE o.code = $1), '')))"
	}
	sql := []string{"SELECT count(*)::float8, (" + area + ")::float8 + 0 * length($1::text)"}
	targets := []any{&g.rows, &g.inside}
	seen := make([]fieldSeen, len(names))
	for i, name := range names {
		v, n := text(name), &seen[i]
		f, _ := g.src.layer.Field(name)
		counts := []string{v + " <> ''"}
		into := []any{&n.filled}
		switch f.Type {
		case "text":
			counts = append(counts, "onemap.uscc_ok("+v+")", v+" ~ '^[0-9]+$'",
				v+" <> '' AND "+v+" IN ("+ownRegisters["grid"]+")", v+" <> '' AND "+v+" IN (SELECT code FROM onemap.class)", v+" <> '' AND "+v+" IN (SELECT code FROM onemap.organisation)")
			into = append(into, &n.uscc, &n.digits, &n.grids, &n.classes, &n.orgs)
		case "integer", "number":
			counts, into = append(counts, column(name)+" < 0"), append(into, &n.negative)
		case "date", "time":
			counts, into = append(counts, column(name)+" > now()"), append(into, &n.future)
		}
		for _, c := range counts {
			sql = append(sql, "(count(*) FILTER (WHERE "+c+"))::float8")
		}
		sql = append(sql, "count(DISTINCT nullif("+v+", ''))::float8", "coalesce(min(length(nullif("+v+", ''))), 0)", "coalesce(max(length("+v+")), 0)")
		targets = append(append(targets, into...), &n.distinct, &n.shortest, &n.longest)
	}
	err := tx.QueryRow(ctx, fmt.Sprintf("%s FROM (SELECT * FROM %s LIMIT %d) f", strings.Join(sql, ", "), g.src.sql, sampleRows), g.src.layer.Owner).Scan(targets...)
	if err != nil {
		return err
	}
	for i, name := range names {
		f, _ := g.src.layer.Field(name)
		if n := &seen[i]; f.Type == "text" && n.distinct > 0 && n.distinct <= 40 {
			// What one row in a hundred says is no misprint.
			err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(array_agg(v ORDER BY v), '{}') FROM (SELECT %s AS v, count(*) AS n FROM (SELECT * FROM %s LIMIT %d) f GROUP BY 1) t
				WHERE v <> '' AND n >= greatest(2, 0.01 * $1::float8)`, text(name), g.src.sql, sampleRows), g.rows).Scan(&n.values)
			if err != nil {
				return err
			}
			n.values = slices.DeleteFunc(n.values, func(v string) bool { return slices.Contains(nothing, strings.ToLower(strings.TrimSpace(v))) })
		}
		g.fields[name] = seen[i]
	}
	return nil
}

// Adopt makes all rules that a layer's rows suggest, where it has none yet, and
// runs them once; it returns how many. It is for a city that begins.
func (s *Store) Adopt(ctx context.Context, by access.Scope, layer string) (int, error) {
	l, _, err := s.visible(ctx, by, layer)
	if err != nil {
		return 0, err
	}
	have, err := s.Rules(ctx, by, layer, true)
	if err != nil || len(have) > 0 {
		return 0, err
	}
	all, err := s.Propose(ctx, by, layer)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		for _, r := range all {
			if _, err := s.addRule(ctx, tx, by, l, r); err != nil {
				return err
			}
		}
		if _, err := s.Check(ctx, tx, l, "map."+l.Name, 0); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "quality.rule.adopt", Object: "layer/" + l.Name, Result: access.Done, Detail: map[string]any{"rules": len(all)}})
	})
	if err != nil {
		return 0, access.Wrap("adopt quality rules of "+layer, err)
	}
	return len(all), nil
}
