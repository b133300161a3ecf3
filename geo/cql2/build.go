package cql2

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"onemap/geo/where"
)

// builder makes conditions of what the encodings say.
type builder struct {
	Parser
	values, points, shapes, edges int // so far
}

// operand is one side of a comparison: a field, or a value.
type operand struct {
	at    int
	field string // "": a value
	typ   string // text, integer, number, boolean, date, time or geometry
	value any    // string, int64, float64, bool or time.Time
	fold  bool   // in CASEI
}

// show is how an error names an operand.
func (o operand) show() string {
	if o.field != "" {
		return o.field
	}
	switch v := o.value.(type) {
	case string:
		return "'" + short(v) + "'"
	case time.Time:
		if o.typ == "date" {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	}
	return fmt.Sprint(o.value)
}

func (o operand) folded() operand {
	o.fold = true
	if s, ok := o.value.(string); ok {
		o.value = where.Fold(s)
	}
	return o
}

// property looks a field up.
func (b *builder) property(o operand, field string) operand {
	typ, ok := b.Field(field)
	if !ok {
		right := "name a field of the layer that you may see"
		names := b.Names
		for _, n := range names {
			if strings.EqualFold(n, field) {
				b.fail(o.at, "there is no field "+short(field), "write "+n)
			}
		}
		if len(names) > 40 {
			names = append(slices.Clone(names[:40]), "…")
		}
		if len(names) > 0 {
			right = "the fields are " + strings.Join(names, ", ") + "; texts stand in single quotes"
		}
		b.fail(o.at, "there is no field "+short(field), right)
	}
	o.field, o.typ = field, typ
	return o
}

// value counts a value.
func (b *builder) value(o operand, typ string, v any) operand {
	if b.values++; b.values > MaxValues {
		b.fail(o.at, fmt.Sprintf("the filter has more than %d values", MaxValues), "ask in parts")
	}
	if s, ok := v.(string); ok && strings.ContainsRune(s, 0) {
		b.fail(o.at, "the text has the character NUL", "leave it out: no field has it")
	}
	o.typ, o.value = typ, v
	return o
}

func (b *builder) numeric(o operand, text string) operand {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return b.value(o, "number", n)
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.fail(o.at, "the number "+short(text)+" is too large", "write one below 1.8e308")
	}
	return b.value(o, "number", x)
}

func constant(v bool) where.Cond {
	if v {
		return where.True
	}
	return where.False
}

// turned are the comparisons with their sides exchanged.
var turned = map[string]string{"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

// compare makes a comparison of two scalars.
func (b *builder) compare(left operand, op string, right operand) where.Cond {
	switch {
	case left.field != "" && right.field != "":
		b.fail(right.at, right.field+" is a field too", "compare a field with a value; texts stand in single quotes")
	case left.field == "" && right.field == "":
		return b.compareValues(left, op, right)
	case left.field == "":
		left, op, right = right, turned[op], left
	}
	if left.fold && op != "=" && op != "<>" {
		b.fail(left.at, "CASEI has no order", "compare it by =, <>, LIKE or IN")
	}
	right = b.fit(left, right)
	if left.typ == "time" && right.typ == "date" {
		return compareDay(left.field, op, right.value.(time.Time))
	}
	v := right.value
	switch op {
	case "=":
		return equal(left, v)
	case "<>":
		return where.Not{C: equal(left, v)}
	case "<":
		return where.Range{Field: left.field, Max: v}
	case "<=":
		return where.Range{Field: left.field, Max: v, MaxClosed: true}
	case ">":
		return where.Range{Field: left.field, Min: v, MinOpen: true}
	}
	return where.Range{Field: left.field, Min: v}
}

func equal(field operand, v any) where.Cond {
	if field.fold {
		return where.Like{Field: field.field, Pattern: where.EscapeLike(v.(string)), Fold: true}
	}
	return where.Eq{Field: field.field, Value: v}
}

// compareDay compares a field of times with a whole day in UTC.
func compareDay(field, op string, day time.Time) where.Cond {
	next := day.Add(24 * time.Hour)
	switch op {
	case "=":
		return where.Range{Field: field, Min: day, Max: next}
	case "<>":
		return where.Not{C: where.Range{Field: field, Min: day, Max: next}}
	case "<":
		return where.Range{Field: field, Max: day}
	case "<=":
		return where.Range{Field: field, Max: next}
	case ">":
		return where.Range{Field: field, Min: next}
	}
	return where.Range{Field: field, Min: day}
}

// fit makes a value one of the field's type, or fails.
func (b *builder) fit(field, v operand) operand {
	wrong := v.show() + " is " + kinds[v.typ] + ", and the field " + field.field + " is " + kinds[field.typ]
	if v.field != "" {
		b.fail(v.at, v.field+" is a field", "write a value; texts stand in single quotes")
	}
	if s, ok := v.value.(string); ok && (field.typ == "date" || field.typ == "time") {
		// A text that is a date or a time is one (the standard's tests write so).
		if typ, t, ok := instantOf(s, ""); ok {
			v.typ, v.value = typ, t
		}
	}
	switch field.typ {
	case "text":
		if v.typ != "text" {
			b.fail(v.at, wrong, "write the text in single quotes")
		}
		if field.fold {
			v = v.folded()
		}
	case "integer":
		if v.typ != "number" {
			b.fail(v.at, wrong, "write a number without quotes")
		}
		if x, ok := v.value.(float64); ok && x == math.Trunc(x) && math.Abs(x) <= 1<<53 {
			v.value = int64(x)
		}
	case "number":
		if v.typ != "number" {
			b.fail(v.at, wrong, "write a number without quotes")
		}
		if n, ok := v.value.(int64); ok {
			v.value = float64(n)
		}
	case "boolean":
		if v.typ != "boolean" {
			b.fail(v.at, wrong, "write TRUE or FALSE")
		}
	case "date":
		if v.typ != "date" {
			b.fail(v.at, wrong, "write DATE('2026-01-31')")
		}
	case "time":
		if v.typ != "time" && v.typ != "date" {
			b.fail(v.at, wrong, "write TIMESTAMP('2026-01-31T08:00:00Z') or DATE('2026-01-31')")
		}
	default:
		b.fail(field.at, field.field+" is a geometry", "ask one of the functions S_…, as in S_INTERSECTS("+field.field+", BBOX(…)), or IS NULL")
	}
	return v
}

var kinds = map[string]string{"text": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
	"date": "a date", "time": "a time", "geometry": "a geometry"}

// compareValues decides a comparison of two values.
func (b *builder) compareValues(left operand, op string, right operand) where.Cond {
	pseudo := left
	pseudo.field = left.show()
	if left.typ == "time" || left.typ == "date" {
		if left.typ != right.typ {
			b.fail(right.at, right.show()+" is "+kinds[right.typ]+", and "+left.show()+" is "+kinds[left.typ], "compare values of one kind")
		}
	}
	right = b.fit(pseudo, right)
	c := where.Range{Min: right.value, Max: right.value, MaxClosed: true}
	switch op {
	case "<":
		c = where.Range{Max: right.value}
	case "<=":
		c = where.Range{Max: right.value, MaxClosed: true}
	case ">":
		c = where.Range{Min: right.value, MinOpen: true}
	case ">=":
		c = where.Range{Min: right.value}
	}
	holds := where.Match(c, func(string) any { return left.value }, where.At{})
	return constant(holds == (op != "<>"))
}

// like makes a comparison with a pattern.
func (b *builder) like(left, p operand) where.Cond {
	if left.typ != "text" {
		b.fail(left.at, left.show()+" is "+kinds[left.typ], "LIKE takes a field of text")
	}
	if left.fold {
		p = p.folded()
	}
	if left.field == "" {
		return constant(where.Match(where.Like{Pattern: p.value.(string)}, func(string) any { return left.value }, where.At{}))
	}
	return where.Like{Field: left.field, Pattern: p.value.(string), Fold: left.fold}
}

func (b *builder) between(left, low, high operand) where.Cond {
	if left.field == "" {
		b.fail(left.at, left.show()+" is no field", "write a field on the left of BETWEEN")
	}
	if left.fold || left.typ == "boolean" {
		b.fail(left.at, "there is nothing between two of these values", "BETWEEN takes a field of numbers, dates, times or texts")
	}
	return where.All{b.compare(left, ">=", low), b.compare(left, "<=", high)}
}

func (b *builder) in(left operand, list []operand) where.Cond {
	if left.field == "" {
		any := where.Any{}
		for _, v := range list {
			any = append(any, b.compare(left, "=", v))
		}
		return any
	}
	if left.typ == "text" && !left.fold {
		values := make([]string, len(list))
		for i, v := range list {
			values[i] = b.fit(left, v).value.(string)
		}
		return where.In{Field: left.field, Values: values}
	}
	any := make(where.Any, len(list))
	for i, v := range list {
		any[i] = b.compare(left, "=", v)
	}
	return any
}

func (b *builder) isNull(o operand) where.Cond {
	if o.field == "" {
		b.fail(o.at, o.show()+" is no field", "write a field on the left of IS NULL")
	}
	if o.typ == "geometry" { // every feature has one
		return where.False
	}
	return where.Empty{Field: o.field}
}
