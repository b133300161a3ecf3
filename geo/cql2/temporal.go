package cql2

import (
	"strings"
	"time"

	"onemap/geo/where"
)

// instantOf reads a date or a timestamp; form DATE or TIMESTAMP asks for the one.
func instantOf(s, form string) (typ string, t time.Time, ok bool) {
	inTime := func(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }
	if form != "TIMESTAMP" {
		if t, err := time.Parse(time.DateOnly, s); err == nil && inTime(t) {
			return "date", t, true
		}
	}
	if form != "DATE" {
		// Fractions finer than PostgreSQL's microseconds would be lost silently.
		if t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err == nil && inTime(t.UTC()) && t.Nanosecond()%1000 == 0 {
			return "time", t.UTC(), true
		}
	}
	return "", time.Time{}, false
}

// instant is instantOf of what must be one.
func (b *builder) instant(at int, s, form string) (typ string, t time.Time) {
	if typ, t, ok := instantOf(s, form); ok {
		return typ, t
	}
	right := "write a date as 2026-01-31, or a time as 2026-01-31T08:00:00Z, with at most six digits of a second"
	switch form {
	case "DATE":
		right = "write a date as DATE('2026-01-31')"
	case "TIMESTAMP":
		right = "write a time as TIMESTAMP('2026-01-31T08:00:00Z'), with at most six digits of a second"
	}
	b.fail(at, "'"+short(s)+"' is no such time", right)
	return "", time.Time{}
}

// limit is one end of a period: a moment, a field, or open.
type limit struct {
	operand
	open int // -1: since ever, 1: for ever
}

// period is a temporal operand. Of an instant, both ends are it.
type period struct {
	at         int
	start, end limit
	interval   bool
}

func (p period) field() *operand {
	for _, l := range []*limit{&p.start, &p.end} {
		if l.field != "" {
			return &l.operand
		}
	}
	return nil
}

// temporalOnInstants are the functions of the standard's first table, which take
// instants too; T_DURING and T_CONTAINS do so here.
var temporalOnInstants = map[string]bool{"T_AFTER": true, "T_BEFORE": true, "T_DISJOINT": true, "T_EQUALS": true, "T_INTERSECTS": true, "T_DURING": true, "T_CONTAINS": true}

var temporalFunctions = []string{"T_AFTER", "T_BEFORE", "T_CONTAINS", "T_DISJOINT", "T_DURING", "T_EQUALS", "T_FINISHEDBY", "T_FINISHES",
	"T_INTERSECTS", "T_MEETS", "T_METBY", "T_OVERLAPPEDBY", "T_OVERLAPS", "T_STARTEDBY", "T_STARTS"}

func (r *reader) temporalPredicate() where.Cond {
	f := r.tok
	known := false
	for _, n := range temporalFunctions {
		known = known || n == f.upper
	}
	if !known {
		r.fail(f.at, "there is no function "+short(f.text), "the temporal functions are "+strings.Join(temporalFunctions, ", "))
	}
	r.next()
	r.next()
	a := r.period()
	r.want(",", "the first of two times")
	b := r.period()
	r.want(")", "the second of two times")
	return r.temporal(f.upper, a, b)
}

func (r *reader) period() period {
	at := r.tok.at
	if !(r.is("INTERVAL") && r.opens()) {
		o := r.scalar("a field, DATE, TIMESTAMP or INTERVAL")
		return r.moment(o)
	}
	r.next()
	r.next()
	start := r.limit(-1)
	r.want(",", "the interval's beginning")
	stop := r.limit(1)
	r.want(")", "the interval's end")
	return r.span(at, start, stop)
}

// moment makes an instant of a field or a value.
func (b *builder) moment(o operand) period {
	if o.typ != "date" && o.typ != "time" {
		b.fail(o.at, o.show()+" is "+kinds[o.typ], "write a field of dates or times, DATE('…'), TIMESTAMP('…') or INTERVAL('…', '…')")
	}
	return period{at: o.at, start: limit{operand: o}, end: limit{operand: o}}
}

// limit reads an end of an interval.
func (r *reader) limit(side int) limit {
	if r.tok.kind == literal {
		t := r.tok
		r.next()
		return r.limitOf(t.at, plain(t.text), side)
	}
	o := r.scalar("a date, a time or '..' in single quotes, or a field")
	return r.moment(o).start
}

func (b *builder) limitOf(at int, s string, side int) limit {
	if s == ".." {
		return limit{operand: operand{at: at}, open: side}
	}
	typ, t := b.instant(at, s, "")
	return limit{operand: b.value(operand{at: at}, typ, t)}
}

// span makes an interval of its ends.
func (b *builder) span(at int, start, end limit) period {
	if start.value != nil && end.value != nil && start.typ == end.typ && start.value.(time.Time).After(end.value.(time.Time)) {
		b.fail(end.at, "the interval ends before it begins", "write the earlier time first")
	}
	return period{at, start, end, true}
}

// temporal makes a condition of two periods, by the definitions of OWL-Time.
func (b *builder) temporal(f string, x, y period) where.Cond {
	for _, p := range []period{x, y} {
		if !p.interval && !temporalOnInstants[f] {
			b.fail(p.at, f+" compares intervals, and this is an instant", "write INTERVAL('…', '…'), or use T_AFTER, T_BEFORE, T_DURING, T_EQUALS or T_INTERSECTS")
		}
	}
	// In what is asked of a field of times, a date is a day. T_EQUALS of an
	// instant and a date then asks whether it is within the day.
	day := false
	for _, p := range []*period{&x, &y} {
		of := x.field()
		if of == nil {
			of = y.field()
		}
		typ := "time"
		if of != nil {
			typ = of.typ
		}
		for _, l := range []*limit{&p.start, &p.end} {
			switch {
			case l.open != 0:
			case l.field != "" && l.typ != typ:
				b.fail(l.at, l.field+" is "+kinds[l.typ]+", and "+of.field+" is "+kinds[typ], "compare fields of one kind")
			case l.field != "" || l.typ == typ:
			case typ == "date":
				b.fail(l.at, l.show()+" is a time, and the field "+of.field+" is a date", "write a date as 2026-01-31")
			default:
				day = day || !p.interval
				if l == &p.end {
					l.value = l.value.(time.Time).Add(24*time.Hour - time.Microsecond)
				}
			}
		}
	}
	if f == "T_EQUALS" && day {
		f = "T_INTERSECTS"
	}
	cmp := b.compareLimits
	switch f {
	case "T_AFTER":
		return cmp(x.start, ">", y.end)
	case "T_BEFORE":
		return cmp(x.end, "<", y.start)
	case "T_CONTAINS":
		return where.All{cmp(x.start, "<", y.start), cmp(x.end, ">", y.end)}
	case "T_DISJOINT":
		return where.Any{cmp(x.end, "<", y.start), cmp(x.start, ">", y.end)}
	case "T_DURING":
		return where.All{cmp(x.start, ">", y.start), cmp(x.end, "<", y.end)}
	case "T_EQUALS":
		return where.All{cmp(x.start, "=", y.start), cmp(x.end, "=", y.end)}
	case "T_FINISHEDBY":
		return where.All{cmp(x.start, "<", y.start), cmp(x.end, "=", y.end)}
	case "T_FINISHES":
		return where.All{cmp(x.start, ">", y.start), cmp(x.end, "=", y.end)}
	case "T_INTERSECTS":
		return where.All{cmp(x.start, "<=", y.end), cmp(x.end, ">=", y.start)}
	case "T_MEETS":
		return cmp(x.end, "=", y.start)
	case "T_METBY":
		return cmp(x.start, "=", y.end)
	case "T_OVERLAPPEDBY":
		return where.All{cmp(x.start, ">", y.start), cmp(x.start, "<", y.end), cmp(x.end, ">", y.end)}
	case "T_OVERLAPS":
		return where.All{cmp(x.start, "<", y.start), cmp(x.end, ">", y.start), cmp(x.end, "<", y.end)}
	case "T_STARTEDBY":
		return where.All{cmp(x.start, "=", y.start), cmp(x.end, ">", y.end)}
	}
	return where.All{cmp(x.start, "=", y.start), cmp(x.end, "<", y.end)} // T_STARTS
}

// compareLimits compares two ends, whose dates are moments already.
func (b *builder) compareLimits(l limit, op string, m limit) where.Cond {
	if l.open != 0 && m.field != "" || l.field == "" && m.field != "" {
		l, op, m = m, turned[op], l
	}
	if l.field == "" {
		order := l.open - m.open
		if l.open == 0 && m.open == 0 {
			order = l.value.(time.Time).Compare(m.value.(time.Time))
		}
		holds := map[string]bool{"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order == 0}
		return constant(holds[op])
	}
	if m.field != "" {
		if l.field == m.field {
			return whereFilled(l.field, strings.Contains(op, "="))
		}
		b.fail(m.at, m.field+" is a field too", "compare fields with values, not with each other")
	}
	if m.open != 0 {
		return whereFilled(l.field, m.open < 0 && op[0] == '>' || m.open > 0 && op[0] == '<')
	}
	switch v := m.value; op {
	case "<":
		return where.Range{Field: l.field, Max: v}
	case "<=":
		return where.Range{Field: l.field, Max: v, MaxClosed: true}
	case ">":
		return where.Range{Field: l.field, Min: v, MinOpen: true}
	case ">=":
		return where.Range{Field: l.field, Min: v}
	default:
		return where.Eq{Field: l.field, Value: v}
	}
}

// whereFilled is true, or false, where the field has a value, and unknown where
// it has none: so that a NOT does not find the empty ones.
func whereFilled(field string, holds bool) where.Cond {
	epoch := time.Unix(0, 0).UTC()
	if holds {
		return where.Any{where.Range{Field: field, Max: epoch}, where.Range{Field: field, Min: epoch}}
	}
	return where.Range{Field: field, Min: epoch, Max: epoch}
}
