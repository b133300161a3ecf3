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
		return l.join(c, " OR ", "false", a)
	case where.Not:
		in, err := l.SQL(c.C, a)
		return "NOT (" + in + ")", err
	case where.Empty:
		col, _, err := l.column(c.Field)
		return col + " IS NULL", err
	case where.Within:
		b := c.Bound
		return fmt.Sprintf("ST_Intersects(f.geom, ST_MakeEnvelope(%s, %s, %s, %s, 4326))",
			a.Add(b.Min[0]), a.Add(b.Min[1]), a.Add(b.Max[0]), a.Add(b.Max[1])), nil
	case where.Eq:
		return l.compare(c.Field, "=", c.Value, a)
	case where.In:
		col, typ, err := l.column(c.Field)
		if err != nil {
			return "", err
		}
		if typ != "text" {
			return "", &InputError{Field: c.Field, Remedy: "a list of texts needs a text field"}
		}
		return col + " = ANY (" + a.Add(c.Values) + "::text[])", nil
	case where.Prefix:
		col, typ, err := l.column(c.Field)
		if err != nil {
			return "", err
		}
		if typ != "text" {
			return "", &InputError{Field: c.Field, Remedy: "a prefix needs a text field"}
		}
		return prefixSQL(col, c.Prefix, a), nil
	case where.Range:
		var parts []string
		for _, end := range []struct {
			op string
			v  any
		}{{">=", c.Min}, {"<", c.Max}} {
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
	parts := make([]string, len(cs))
	for i, c := range cs {
		s, err := l.SQL(c, a)
		if err != nil {
			return "", err
		}
		parts[i] = "(" + s + ")"
	}
	return strings.Join(parts, op), nil
}

func (l Layer) compare(field, op string, v any, a *Args) (string, error) {
	col, typ, err := l.column(field)
	if err != nil {
		return "", err
	}
	ok := false
	switch v.(type) {
	case string:
		ok = typ == "text"
	case int64, float64:
		ok = typ == "bigint" || typ == "double precision"
		if _, whole := v.(int64); whole || typ == "double precision" {
			break
		}
		typ = "double precision" // an integer field may be asked to be below 2.5
	case bool:
		ok = typ == "boolean"
	case time.Time:
		ok = typ == "timestamptz" || typ == "date"
	}
	if !ok {
		return "", &InputError{Field: field, Value: fmt.Sprint(v), Remedy: "the field is of type " + typ}
	}
	return fmt.Sprintf("%s %s %s::%s", col, op, a.Add(v), typ), nil
}

// prefixSQL asks for texts that begin with prefix as a range of the
// text_pattern_ops index. LIKE would use that index only while the server
// plans with the value at hand, and it stops doing so after five executions.
func prefixSQL(col, prefix string, a *Args) string {
	if prefix == "" {
		return col + " IS NOT NULL"
	}
	last := prefix[len(prefix)-1]
	if last >= 0x7e { // the next text is not simply the next byte
		return fmt.Sprintf("starts_with(%s, %s::text)", col, a.Add(prefix))
	}
	next := prefix[:len(prefix)-1] + string(rune(last+1))
	return fmt.Sprintf("%s ~>=~ %s::text AND %s ~<~ %s::text", col, a.Add(prefix), col, a.Add(next))
}
