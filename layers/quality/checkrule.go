package quality

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/geo/cql2"
	"onemap/layers"
)

// Bounds of a rule's parameters.
const (
	mostValues    = 2000
	mostPattern   = 500
	mostApartM    = 1000
	mostNearM     = 5000
	mostParamText = 2000
)

// checkRule finds the first thing wrong with a rule, and fills what may be left out.
func (s *Store) checkRule(ctx context.Context, tx pgx.Tx, l layers.Layer, r *Rule) error {
	kind, ok := kindOf(r.Kind)
	if !ok {
		return &layers.InputError{Field: "kind", Value: layers.Short(r.Kind), Remedy: "one of the list of kinds"}
	}
	if r.Indicator == "" {
		r.Indicator = kind.Indicator
	}
	if !knownIndicator(r.Indicator) {
		return &layers.InputError{Field: "indicator", Value: layers.Short(r.Indicator), Remedy: "a sub-indicator of GB/T 36344, such as " + kind.Indicator}
	}
	if r.Weight == 0 {
		r.Weight = 1
	}
	if !(r.Weight > 0 && r.Weight <= 100) {
		return &layers.InputError{Field: "weight", Value: fmt.Sprint(r.Weight), Remedy: "more than 0, at most 100"}
	}
	if r.Quarantine && kind.layer != nil {
		return &layers.InputError{Field: "quarantine", Remedy: "false: this kind judges the layer as a whole, not its rows"}
	}
	if err := checkField(l, kind, r.Field); err != nil {
		return err
	}
	title := kind
	if f, ok := l.Field(r.Field); ok {
		title.ZH, title.EN = f.TitleZH+":"+kind.ZH, f.TitleEN+": "+kind.EN
	}
	if r.TitleZH == "" {
		r.TitleZH = layers.Cut(title.ZH, 200)
	}
	if r.TitleEN == "" {
		r.TitleEN = layers.Cut(title.EN, 200)
	}
	for _, t := range []struct {
		name, text string
		most       int
	}{{"title_zh", r.TitleZH, 200}, {"title_en", r.TitleEN, 200}, {"basis", r.Basis, 500}, {"condition", r.Condition, 2000}} {
		if err := layers.CheckText(t.name, t.text, t.most); err != nil {
			return err
		}
	}
	if r.Condition != "" {
		if _, err := l.Filter("condition", r.Condition, fieldNames(l), cql2.Parser{}); err != nil {
			return err
		}
	}
	if r.Params == nil {
		r.Params = map[string]any{}
	}
	if err := checkParams(l, kind, r.Params); err != nil {
		return err
	}
	if err := s.checkRegister(ctx, l, *r); err != nil {
		return err
	}
	return checkSense(ctx, tx, l, *r)
}

func checkField(l layers.Layer, kind Kind, name string) error {
	if len(kind.Fields) == 0 {
		if name != "" {
			return &layers.InputError{Field: "field", Value: layers.Short(name), Remedy: "leave it out: the kind " + kind.Name + " is about no field"}
		}
		return nil
	}
	if name == "" && kind.Optional {
		return nil
	}
	f, ok := l.Field(name)
	if !ok {
		return &layers.InputError{Field: "field", Value: layers.Short(name), Remedy: "a field of " + l.Name}
	}
	if !slices.Contains(kind.Fields, f.Type) {
		return &layers.InputError{Field: "field", Value: name, Remedy: "a field of type " + strings.Join(kind.Fields, ", ") + ": this one is of type " + f.Type}
	}
	return nil
}

func checkParams(l layers.Layer, kind Kind, params map[string]any) error {
	for name := range params {
		if !slices.ContainsFunc(kind.Params, func(p Param) bool { return p.Name == name }) {
			return &layers.InputError{Field: "params." + layers.Short(name), Remedy: "leave it out: the kind " + kind.Name + " takes no such thing"}
		}
	}
	for _, p := range kind.Params {
		v, ok := params[p.Name]
		at := "params." + p.Name
		if !ok || v == nil || v == "" {
			delete(params, p.Name)
			if p.Required {
				return &layers.InputError{Field: at, Remedy: p.Doc}
			}
			continue
		}
		if err := checkParam(l, p, at, v); err != nil {
			return err
		}
	}
	return nil
}

func checkParam(l layers.Layer, p Param, at string, v any) error {
	bad := &layers.InputError{Field: at, Remedy: p.Doc + " (" + p.Type + ")"}
	number, isNumber := v.(float64)
	if n, ok := v.(int); ok {
		number, isNumber = float64(n), true
	}
	word, isText := v.(string)
	switch p.Type {
	case "number", "integer":
		if !isNumber || number < -1e15 || number > 1e15 || p.Type == "integer" && number != float64(int64(number)) {
			return bad
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad
		}
	case "text", "register":
		if !isText {
			return bad
		}
		return layers.CheckText(at, word, mostParamText)
	case "field":
		if _, ok := l.Field(word); !isText || !ok {
			return &layers.InputError{Field: at, Value: layers.Short(word), Remedy: "a field of " + l.Name + ": " + p.Doc}
		}
	case "texts", "fields":
		list := textsOf(v)
		if n := lengthOf(v); len(list) == 0 || len(list) != n || n > mostValues {
			return bad
		}
		for _, t := range list {
			if err := layers.CheckText(at, t, 200); err != nil {
				return err
			}
			if _, ok := l.Field(t); p.Type == "fields" && !ok {
				return &layers.InputError{Field: at, Value: layers.Short(t), Remedy: "fields of " + l.Name}
			}
		}
	}
	return nil
}

func lengthOf(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case []string:
		return len(v)
	}
	return 0
}

// checkRegister looks whether the other layer is one that the owner may see.
func (s *Store) checkRegister(ctx context.Context, l layers.Layer, r Rule) error {
	name, ok := r.Params["register"].(string)
	if !ok {
		return nil
	}
	if _, own := ownRegisters[name]; own && r.Kind == "in_register" {
		return nil
	}
	refused := &layers.InputError{Field: "params.register", Value: layers.Short(name), Remedy: "the name of a layer that the owner of " + l.Name + " may see"}
	other, right, err := s.other(ctx, l, name)
	if errors.Is(err, errNoTable) || errors.Is(err, errNoRight) {
		return refused
	}
	if err != nil {
		return err
	}
	c := compiler{rule: r}
	var needs []string
	switch r.Kind {
	case "in_register", "covers":
		needs = []string{c.theirField("their_field", r.Field)}
	case "agrees":
		needs = []string{c.theirField("their_field", r.Field), c.theirField("their_key", c.text("key"))}
	}
	for _, f := range needs {
		if !slices.Contains(right.Fields, f) {
			return &layers.InputError{Field: "params.their_field", Value: layers.Short(f), Remedy: "a field of " + other.Name + " that the owner of " + l.Name + " may see"}
		}
	}
	return nil
}

// checkSense looks at what the types of parameters do not say.
func checkSense(ctx context.Context, tx pgx.Tx, l layers.Layer, r Rule) error {
	c := compiler{rule: r}
	within := func(name string, most float64) error {
		if m, ok := c.number(name); ok && !(m > 0 && m <= most) {
			return &layers.InputError{Field: "params." + name, Value: fmt.Sprint(m), Remedy: fmt.Sprintf("more than 0, at most %g", most)}
		}
		return nil
	}
	switch r.Kind {
	case "pattern":
		p := c.text("pattern")
		remedy := "a regular expression without look-around and back references, of at most 500 characters"
		if _, err := regexp.Compile(p); err != nil || len(p) > mostPattern {
			return &layers.InputError{Field: "params.pattern", Value: layers.Short(p), Remedy: remedy}
		}
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `SELECT '' ~ $1::text`, "^(?:"+p+")$")
			return err
		})
		if err != nil && ctx.Err() == nil {
			return &layers.InputError{Field: "params.pattern", Value: layers.Short(p), Remedy: remedy}
		}
		return err
	case "matches":
		_, err := l.Filter("params.filter", c.text("filter"), fieldNames(l), cql2.Parser{})
		return err
	case "in_class":
		if k := c.text("class_kind"); k != "component" && k != "matter" {
			return &layers.InputError{Field: "params.class_kind", Value: layers.Short(k), Remedy: "component or matter"}
		}
	case "range":
		if len(r.Params) == 0 {
			return &layers.InputError{Field: "params", Remedy: "at least one end of the range"}
		}
		f, _ := l.Field(r.Field)
		dates := f.Type == "date" || f.Type == "time"
		for _, name := range []string{"min", "max"} {
			if _, ok := c.number(name); ok && dates {
				return &layers.InputError{Field: "params." + name, Remedy: "leave it out: a date has from and to"}
			}
		}
		for _, name := range []string{"from", "to"} {
			if d := c.text(name); d != "" {
				if _, err := time.Parse(time.DateOnly, d); err != nil || !dates {
					return &layers.InputError{Field: "params." + name, Value: layers.Short(d), Remedy: "a date such as 2000-01-31, of a field of dates or times"}
				}
			}
		}
	case "length":
		if len(r.Params) == 0 {
			return &layers.InputError{Field: "params", Remedy: "min or max"}
		}
	case "apart":
		return within("metres", mostApartM)
	case "near":
		return within("metres", mostNearM)
	case "fresh", "in_cycle":
		return within("days", 36600)
	case "records":
		return within("expected", 1e12)
	case "answers_in_time":
		return within("ms", 60_000)
	}
	return nil
}

// mentions says whether a rule names a field in its parameters or conditions.
func mentions(r Rule, field string) bool {
	for _, v := range r.Params {
		if v == field || slices.Contains(textsOf(v), field) {
			return true
		}
	}
	filter, _ := r.Params["filter"].(string)
	word := regexp.MustCompile(`(^|[^0-9A-Za-z_])` + regexp.QuoteMeta(field) + `($|[^0-9A-Za-z_])`)
	return word.MatchString(r.Condition) || word.MatchString(filter)
}
