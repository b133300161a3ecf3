package layers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
)

// Args collects the values of a statement that is put together from pieces.
type Args []any

// Add appends v and returns its placeholder.
func (a *Args) Add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// sqlTypes gives each field type the SQL type it is compared and served in.
var sqlTypes = map[string]string{
	"text": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean", "date": "date", "time": "timestamptz",
}

// column returns the field's column with alias f, cast to its served type. A
// cast to the column's own type costs nothing and leaves its index usable.
func (l Layer) column(name string) (sql, typ string, err error) {
	if name == "id" {
		return "f.id", "bigint", nil
	}
	f, ok := l.Field(name)
	if !ok {
		return "", "", &InputError{Field: name, Remedy: "layer " + l.Name + " has no such field"}
	}
	typ = sqlTypes[f.Type]
	id := "f." + pgx.Identifier{name}.Sanitize()
	if f.Type == "text" {
		return id + "::text", typ, nil // a uuid or another type served as text
	}
	return id, typ, nil
}

// SQL writes c as an SQL condition on the layer's table under the alias f, with
// its values added to a. It returns an [InputError] for a field that the layer
// does not have, or a value of another type than the field's.
func (l Layer) SQL(c where.Cond, a *Args) (string, error) {
	switch c := c.(type) {
	case where.All:
		return l.join(c, " AND ", "true", a)
	case where.Any:
		// In parentheses, so that whoever puts AND before it means what they wrote.
		in, err := l.join(c, " OR ", "false", a)
		return "(" + in + ")", err
	case where.Not:
		in, err := l.SQL(c.C, a)
		return "NOT (" + in + ")", err
	case where.Empty:
		col, _, err := l.column(c.Field)
		return col + " IS NULL", err
	case where.Within:
		return l.withinSQL(c.Bound, a), nil
	case where.Spatial:
		return spatialSQL(c, a)
	case where.Eq:
		return l.compare(c.Field, "=", c.Value, a)
	case where.In:
		col, err := l.textColumn(c.Field, "a list of texts", c.Values...)
		return col + " = ANY (" + a.Add(c.Values) + "::text[])", err
	case where.Prefix:
		col, err := l.textColumn(c.Field, "a prefix", c.Prefix)
		return prefixSQL(col, c.Prefix, a), err
	case where.Like:
		col, err := l.textColumn(c.Field, "LIKE", c.Pattern)
		return likeSQL(col, c, a), err
	case where.Range:
		low, high := ">=", "<"
		if c.MinOpen {
			low = ">"
		}
		if c.MaxClosed {
			high = "<="
		}
		var parts []string
		for _, end := range []struct {
			op string
			v  any
		}{{low, c.Min}, {high, c.Max}} {
			if end.v == nil {
				continue
			}
			s, err := l.compare(c.Field, end.op, end.v, a)
			if err != nil {
				return "", err
			}
			parts = append(parts, s)
		}
		if len(parts) == 0 {
			col, _, err := l.column(c.Field)
			return col + " IS NOT NULL", err
		}
		return strings.Join(parts, " AND "), nil
	}
	return "", fmt.Errorf("layer %s: condition %T has no SQL", l.Name, c)
}

func (l Layer) join(cs []where.Cond, op, empty string, a *Args) (string, error) {
	if len(cs) == 0 {
		return empty, nil
	}
	var parts []string
	if empty == "false" {
		parts, cs = l.integerLists(cs, a)
	}
	for _, c := range cs {
		s, err := l.SQL(c, a)
		if err != nil {
			return "", err
		}
		parts = append(parts, "("+s+")")
	}
	return strings.Join(parts, op), nil
}

// integerLists writes alternatives of one integer field as one list, and
// returns what is left: hundreds of numbers are one parameter.
func (l Layer) integerLists(cs []where.Cond, a *Args) (parts []string, rest []where.Cond) {
	lists := map[string][]int64{}
	var names []string
	for _, c := range cs {
		if eq, ok := c.(where.Eq); ok {
			if n, ok := eq.Value.(int64); ok {
				if _, typ, err := l.column(eq.Field); err == nil && typ == "bigint" {
					if lists[eq.Field] == nil {
						names = append(names, eq.Field)
					}
					lists[eq.Field] = append(lists[eq.Field], n)
					continue
				}
			}
		}
		rest = append(rest, c)
	}
	for _, name := range names {
		col, _, _ := l.column(name)
		parts = append(parts, "("+col+" = ANY ("+a.Add(lists[name])+"::bigint[]))")
	}
	return parts, rest
}

// compare writes a comparison, op as SQL has it.
func (l Layer) compare(field, op string, v any, a *Args) (string, error) {
	col, typ, err := l.column(field)
	if err != nil {
		return "", err
	}
	ok := false
	switch w := v.(type) {
	case string:
		if ok = typ == "text"; ok {
			if err := sendable(field, w); err != nil {
				return "", err
			}
			if op != "=" {
				// By bytes, whatever the database's language: these are the operators
				// of text_pattern_ops, so its indexes serve.
				op = "~" + op + "~"
			}
		}
	case int64, float64:
		ok = typ == "bigint" || typ == "double precision"
		if _, whole := v.(int64); whole || typ == "double precision" {
			break
		}
		typ = "double precision" // an integer field may be asked to be below 2.5
	case bool:
		ok = typ == "boolean"
	case time.Time:
		if ok = typ == "timestamptz" || typ == "date"; typ == "date" {
			var never bool
			if op, v, never = dateBound(op, w); never {
				return "(" + col + " IS NULL AND NULL)", nil // false, and unknown where it is empty
			}
		}
	}
	if !ok {
		return "", &InputError{Field: field, Value: fmt.Sprint(v), Remedy: "the field is of type " + typ}
	}
	return fmt.Sprintf("%s %s %s::%s", col, op, a.Add(v), typ), nil
}

// dateBound makes a comparison of a date, which is its midnight in UTC, with a
// moment one with a date. No date equals a moment that is no midnight.
func dateBound(op string, t time.Time) (string, time.Time, bool) {
	t = t.UTC()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	if day.Equal(t) {
		return op, day, false
	}
	switch op {
	case "<", "<=":
		return "<=", day, false
	case ">", ">=":
		return ">", day, false
	}
	return op, day, true
}
