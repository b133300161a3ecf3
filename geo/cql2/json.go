package cql2

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"onemap/geo/relate"
	"onemap/geo/where"
)

// jsonReader makes conditions of a JSON value.
type jsonReader struct{ builder }

// op returns an object's op, in small letters, and its args.
func (r *jsonReader) op(n *node) (string, []*node) {
	op, args := n.member("op"), n.member("args")
	if op == nil || op.kind != isText {
		r.fail(n.at, "found "+n.show(), `expected an object with "op" and "args"`)
	}
	if args == nil || args.kind != isList {
		r.fail(n.at, op.text+" has no args", `write "args": […]`)
	}
	return strings.ToLower(op.text), args.list
}

// want checks how many args there are.
func (r *jsonReader) want(n *node, op string, args []*node, many int) {
	if len(args) != many {
		r.fail(n.at, fmt.Sprintf("%s has %d args", op, len(args)), fmt.Sprintf("%s takes %d", op, many))
	}
}

func (r *jsonReader) cond(n *node, depth int) where.Cond {
	if depth > MaxDepth {
		r.tooDeep(n.at)
	}
	if n.kind == isBool {
		return constant(n.yes)
	}
	if n.kind != isObject {
		r.fail(n.at, "found "+n.show(), `expected a condition: an object with "op" and "args", true or false`)
	}
	op, args := r.op(n)
	switch op {
	case "and", "or":
		if len(args) < 2 {
			r.fail(n.at, fmt.Sprintf("%s has %d args", op, len(args)), "it takes two or more")
		}
		cs := make([]where.Cond, len(args))
		for i, a := range args {
			cs[i] = r.cond(a, depth+1)
		}
		if op == "and" {
			return where.All(cs)
		}
		return where.Any(cs)
	case "not":
		r.want(n, op, args, 1)
		return where.Not{C: r.cond(args[0], depth+1)}
	case "like":
		r.want(n, op, args, 2)
		return r.like(r.scalar(args[0], 0), r.pattern(args[1], 0))
	case "between":
		r.want(n, op, args, 3)
		return r.between(r.scalar(args[0], 0), r.scalar(args[1], 0), r.scalar(args[2], 0))
	case "in":
		r.want(n, op, args, 2)
		if args[1].kind != isList || len(args[1].list) == 0 {
			r.fail(args[1].at, "found "+args[1].show(), "expected a list of values")
		}
		left := r.scalar(args[0], 0)
		list := make([]operand, len(args[1].list))
		for i, v := range args[1].list {
			list[i] = r.scalar(v, 0)
		}
		return r.in(left, list)
	case "isnull":
		r.want(n, op, args, 1)
		return r.isNull(r.scalar(args[0], 0))
	}
	if slices.Contains(comparisons, op) {
		r.want(n, op, args, 2)
		return r.compare(r.scalar(args[0], 0), op, r.scalar(args[1], 0))
	}
	if name, ok := strings.CutPrefix(op, "s_"); ok && slices.Contains(relate.Ops, name) {
		r.want(n, op, args, 2)
		return r.spatial(name, r.shape(args[0]), r.shape(args[1]))
	}
	if slices.Contains(temporalFunctions, strings.ToUpper(op)) {
		r.want(n, op, args, 2)
		return r.temporal(strings.ToUpper(op), r.period(args[0]), r.period(args[1]))
	}
	r.fail(n.at, "there is no op "+short(op), "the ops are and, or, not, =, <>, <, >, <=, >=, like, between, in, isNull, casei, the functions s_… and t_…")
	return nil
}

// scalar reads a field, or a value.
func (r *jsonReader) scalar(n *node, depth int) operand {
	if depth > MaxDepth {
		r.tooDeep(n.at)
	}
	o := operand{at: n.at}
	switch n.kind {
	case isText:
		return r.value(o, "text", n.text)
	case isNumber:
		return r.numeric(o, n.text)
	case isBool:
		return r.value(o, "boolean", n.yes)
	case isObject:
		if f := n.member("property"); f != nil && f.kind == isText {
			return r.property(o, f.text)
		}
		for key, form := range map[string]string{"date": "DATE", "timestamp": "TIMESTAMP"} {
			if t := n.member(key); t != nil && t.kind == isText {
				typ, v := r.instant(t.at, t.text, form)
				return r.value(o, typ, v)
			}
		}
		if n.member("op") != nil {
			op, args := r.op(n)
			switch op {
			case "casei":
				r.want(n, op, args, 1)
				in := r.scalar(args[0], depth+1)
				if in.typ != "text" {
					r.fail(in.at, in.show()+" is no text", "casei takes a text")
				}
				return in.folded()
			case "accenti":
				r.fail(n.at, "accenti is not known here", "leave it out; casei is known")
			case "+", "-", "*", "/", "^", "%", "div":
				r.fail(n.at, "found "+op, "calculate the value beforehand: there is no arithmetic here")
			}
			r.fail(n.at, "there is no function "+short(op), "casei and the functions s_… and t_… are known")
		}
	}
	r.fail(n.at, "found "+n.show(), `expected a value, or a field as {"property": "name"}`)
	return o
}

func (r *jsonReader) pattern(n *node, depth int) operand {
	if depth > MaxDepth {
		r.tooDeep(n.at)
	}
	if n.kind == isObject {
		if op, args := r.op(n); op == "casei" {
			r.want(n, op, args, 1)
			return r.pattern(args[0], depth+1).folded()
		}
	}
	if n.kind != isText {
		r.fail(n.at, "found "+n.show(), "expected a pattern")
	}
	return r.value(operand{at: n.at}, "text", n.text)
}

func (r *jsonReader) period(n *node) period {
	in := n.member("interval")
	if in == nil {
		return r.moment(r.scalar(n, 0))
	}
	if in.kind != isList || len(in.list) != 2 {
		r.fail(in.at, "found "+in.show(), `expected two dates, times, ".." or fields`)
	}
	limit := func(n *node, side int) limit {
		if n.kind == isText {
			return r.limitOf(n.at, n.text, side)
		}
		return r.moment(r.scalar(n, 0)).start
	}
	return r.span(n.at, limit(in.list[0], -1), limit(in.list[1], 1))
}

// check refuses what is no text, or too long.
func check(text string) {
	if !utf8.ValidString(text) {
		at := utf8.RuneCountInString(text[:invalidAt(text)]) + 1
		panic(&Error{at, "found bytes that are no character", "write the filter in UTF-8"})
	}
	if n := utf8.RuneCountInString(text); n > MaxLength {
		panic(&Error{MaxLength + 1, fmt.Sprintf("the filter has %d characters", n), fmt.Sprintf("at most %d", MaxLength)})
	}
}

// caught turns a panic of this package's own type, by which errors travel, into
// an error.
func caught(c *where.Cond, err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*c, *err = nil, e
	default:
		panic(e)
	}
}
