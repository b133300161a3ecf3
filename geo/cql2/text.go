package cql2

import (
	"strings"

	"onemap/geo/where"
)

// is says whether the token is a keyword, or a symbol.
func (r *reader) is(word string) bool {
	return (r.tok.kind == name || r.tok.kind == symbol) && r.tok.upper == word
}

// accept reads over a keyword or a symbol if it is there.
func (r *reader) accept(word string) bool {
	if r.is(word) {
		r.next()
		return true
	}
	return false
}

// want reads over a symbol that must be there.
func (r *reader) want(word, after string) {
	if !r.accept(word) {
		r.expected(word + " after " + after)
	}
}

// expected fails at the token.
func (r *reader) expected(what string) {
	wrong := "found " + r.tok.show()
	if r.tok.kind == symbol && strings.Contains("+-*/%^", r.tok.text) || r.is("DIV") {
		r.fail(r.tok.at, wrong, "calculate the value beforehand: there is no arithmetic here")
	}
	r.fail(r.tok.at, wrong, "expected "+what)
}

// opens says whether a parenthesis follows the token: then it is a function.
func (r *reader) opens() bool {
	i := r.i
	for i < len(r.text) && isSpace(r.text[i]) {
		i++
	}
	return i < len(r.text) && r.text[i] == '('
}

// expression reads conditions joined by OR.
func (r *reader) expression(depth int) where.Cond {
	or := where.Any{r.term(depth)}
	for r.accept("OR") {
		or = append(or, r.term(depth))
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

// term reads conditions joined by AND.
func (r *reader) term(depth int) where.Cond {
	and := where.All{r.factor(depth)}
	for r.accept("AND") {
		and = append(and, r.factor(depth))
	}
	if len(and) == 1 {
		return and[0]
	}
	return and
}

func (r *reader) factor(depth int) where.Cond {
	if depth > MaxDepth {
		r.tooDeep(r.tok.at)
	}
	if r.accept("NOT") {
		return where.Not{C: r.factor(depth + 1)}
	}
	if r.accept("(") {
		c := r.expression(depth + 1)
		if !r.is(")") {
			r.expected("AND, OR or )")
		}
		r.next()
		return c
	}
	return r.predicate()
}

var comparisons = []string{"=", "<>", "<", ">", "<=", ">="}

// predicate reads one comparison or function.
func (r *reader) predicate() where.Cond {
	if r.tok.kind == name && r.opens() {
		switch {
		case strings.HasPrefix(r.tok.upper, "S_"):
			return r.spatialPredicate()
		case strings.HasPrefix(r.tok.upper, "T_"):
			return r.temporalPredicate()
		case strings.HasPrefix(r.tok.upper, "A_"):
			r.fail(r.tok.at, r.tok.text+" is not known here", "no field is an array")
		}
	}
	left := r.scalar("a condition")
	if r.tok.kind == symbol {
		for _, op := range comparisons {
			if r.is(op) {
				r.next()
				return r.compare(left, op, r.scalar("a value after "+op))
			}
		}
	}
	not := r.accept("NOT")
	var c where.Cond
	switch {
	case r.accept("LIKE"):
		c = r.like(left, r.patternOperand(0))
	case r.accept("BETWEEN"):
		low := r.scalar("a value after BETWEEN")
		if !r.accept("AND") {
			r.expected("AND and the upper value after " + low.show())
		}
		c = r.between(left, low, r.scalar("a value after AND"))
	case r.accept("IN"):
		r.want("(", "IN")
		list := []operand{r.scalar("a value after (")}
		for r.accept(",") {
			list = append(list, r.scalar("a value after ,"))
		}
		if !r.is(")") {
			r.expected(", or ) after " + list[len(list)-1].show())
		}
		r.next()
		c = r.in(left, list)
	case not:
		r.expected("LIKE, BETWEEN or IN after NOT")
	case r.accept("IS"):
		not = r.accept("NOT")
		if !r.accept("NULL") {
			r.expected("NULL after IS")
		}
		c = r.isNull(left)
	case left.typ == "boolean" && left.field == "":
		return constant(left.value.(bool))
	default:
		if left.typ == "boolean" {
			r.expected("= TRUE or = FALSE after " + left.show())
		}
		r.expected("a comparison after " + left.show() + ": =, <>, <, >, <=, >=, LIKE, BETWEEN, IN or IS NULL")
	}
	if not {
		return where.Not{C: c}
	}
	return c
}

// reserved are the words that are no field unless in double quotes.
var reserved = map[string]bool{"AND": true, "OR": true, "NOT": true, "LIKE": true, "BETWEEN": true, "IN": true, "IS": true, "NULL": true, "DIV": true}

// scalar reads a field, or a value.
func (r *reader) scalar(what string) operand { return r.operand(what, 0) }

func (r *reader) operand(what string, depth int) operand {
	if depth > MaxDepth {
		r.tooDeep(r.tok.at)
	}
	t := r.tok
	o := operand{at: t.at}
	switch t.kind {
	case literal:
		r.next()
		return r.value(o, "text", plain(t.text))
	case number:
		r.next()
		return r.numeric(o, t.text)
	case quoted:
		r.next()
		return r.property(o, t.text)
	case symbol:
		if r.is("-") || r.is("+") {
			r.next()
			if r.tok.kind != number {
				r.expected("a number after " + t.text)
			}
			text := r.tok.text
			r.next()
			return r.numeric(o, strings.TrimPrefix(t.text, "+")+text)
		}
	case name:
		switch {
		case reserved[t.upper]:
		case r.opens():
			return r.function(o, depth)
		case t.upper == "TRUE" || t.upper == "FALSE":
			r.next()
			return r.value(o, "boolean", t.upper == "TRUE")
		default:
			r.next()
			return r.property(o, t.text)
		}
	}
	r.expected(what)
	return o
}

// function reads what may stand for a value.
func (r *reader) function(o operand, depth int) operand {
	f := r.tok
	switch f.upper {
	case "CASEI":
		r.next()
		r.next()
		in := r.operand("a field or a text after (", depth+1)
		if in.typ != "text" {
			r.fail(in.at, in.show()+" is no text", "CASEI takes a text")
		}
		r.want(")", in.show())
		return in.folded()
	case "DATE", "TIMESTAMP":
		r.next()
		r.next()
		if r.tok.kind != literal {
			r.expected("a text in single quotes after " + f.text + "(")
		}
		t := r.tok
		r.next()
		o.typ, o.value = r.instant(t.at, plain(t.text), f.upper)
		r.want(")", t.show())
		return r.value(o, o.typ, o.value)
	case "ACCENTI":
		r.fail(f.at, "ACCENTI is not known here", "leave it out; CASEI is known")
	case "INTERVAL":
		r.fail(f.at, "an interval is no single value", "ask one of the functions T_…, as in T_DURING(field, INTERVAL('…', '…'))")
	}
	if isGeometry(f.upper) || f.upper == "BBOX" {
		r.fail(f.at, "a geometry cannot be compared like a value", "ask one of the functions S_…, as in S_INTERSECTS(geom, "+f.upper+"(…))")
	}
	r.fail(f.at, "there is no function "+short(f.text), "CASEI, DATE, TIMESTAMP and the functions S_… and T_… are known")
	return o
}

// patternOperand reads what stands after LIKE: a pattern, in CASEI or not.
func (r *reader) patternOperand(depth int) operand {
	if depth > MaxDepth {
		r.tooDeep(r.tok.at)
	}
	if r.is("CASEI") && r.opens() {
		r.next()
		r.next()
		o := r.patternOperand(depth + 1)
		r.want(")", o.show())
		return o.folded()
	}
	if r.tok.kind != literal {
		r.expected("a pattern in single quotes after LIKE")
	}
	t := r.tok
	r.next()
	return r.value(operand{at: t.at}, "text", pattern(t.text))
}

func (builder) tooDeep(at int) {
	panic(&Error{at, "the conditions are nested too deeply", "at most 32 parentheses and NOTs in each other"})
}
