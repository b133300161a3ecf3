package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/geo/cql2"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A Kind is a way to test data. It is of one of three sorts: of each row by
// itself, of each row among all others, or of the layer as a whole.
type Kind struct {
	Name      string   `json:"name"`
	ZH        string   `json:"zh"`
	EN        string   `json:"en"`
	Indicator string   `json:"indicator" doc:"The sub-indicator that it usually belongs to"`
	Of        string   `json:"of" enum:"row,layer" doc:"What is counted: rows, or parts of the layer"`
	Fields    []string `json:"fields,omitempty" doc:"Types of fields that it is about; absent: it is about no field"`
	Optional  bool     `json:"optional,omitempty" doc:"The field may be left out: then it is about all that have such a type"`
	Params    []Param  `json:"params,omitempty"`

	row   func(c *compiler) (assessed, ok string, err error)
	rows  func(c *compiler) (statement string, err error) // of (row's key, whether it is right), assessed rows only
	layer func(ctx context.Context, c *compiler, tx pgx.Tx) (a, b int64, skipped string, err error)
}

// A Param is what a kind takes.
type Param struct {
	Name     string `json:"name"`
	Type     string `json:"type" enum:"text,number,integer,boolean,texts,field,fields,register"`
	Required bool   `json:"required,omitempty"`
	Doc      string `json:"doc"`
}

// kindOf finds a kind by its name.
func kindOf(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// Why a rule was not assessed.
var (
	errNoColumn = errors.New("no_column") // the table lacks a column that it needs
	errNoTable  = errors.New("no_table")  // the register that it compares with is gone
	errNoRight  = errors.New("no_right")  // the layer's owner may not see that register
)

// skippedBy returns what is kept of an error that makes a rule not assessed.
func skippedBy(err error) (string, bool) {
	for _, why := range []error{errNoColumn, errNoTable, errNoRight} {
		if errors.Is(err, why) {
			return why.Error(), true
		}
	}
	return "", false
}

// A compiler writes one rule as SQL on one table.
type compiler struct {
	source
	rule Rule
	args *layers.Args
	// other finds another layer and what the layer's owner may see of it.
	other func(name string) (layers.Layer, access.Right, error)
	store *Store
}

// field is the rule's column, which the table must have.
func (c *compiler) field() (string, error) { return c.columnOf(c.rule.Field) }

func (c *compiler) columnOf(name string) (string, error) {
	if !c.has(name) {
		return "", fmt.Errorf("%s: %w", name, errNoColumn)
	}
	return column(name), nil
}

// present is the condition that a column has a value.
func (c *compiler) present(name string) string {
	if typ := c.columns[name]; typ == "text" || strings.HasPrefix(typ, "character") {
		return "(" + column(name) + " <> '')" // unknown for NULL, so not assessed either
	}
	return "(" + column(name) + " IS NOT NULL)"
}

// when is the condition on the rows that are assessed.
func (c *compiler) when() (string, error) { return c.cql2("condition", c.rule.Condition) }

// cql2 writes a filter in CQL2 text on the layer's fields; the empty one is true.
func (c *compiler) cql2(param, filter string) (string, error) {
	if filter == "" {
		return "true", nil
	}
	cond, err := c.source.layer.Filter(param, filter, fieldNames(c.source.layer), cql2.Parser{})
	if err != nil {
		return "", err
	}
	for _, name := range append(fieldNames(c.source.layer), "id") {
		if where.Uses(cond, name) && !c.has(name) {
			return "", fmt.Errorf("%s: %w", name, errNoColumn)
		}
	}
	return c.source.layer.SQL(cond, c.args)
}

// assessed joins conditions with the rule's own.
func (c *compiler) assessed(conds ...string) (string, error) {
	when, err := c.when()
	if err != nil {
		return "", err
	}
	if when != "true" {
		conds = append(conds, "coalesce("+when+", false)")
	}
	if len(conds) == 0 {
		return "true", nil
	}
	return strings.Join(conds, " AND "), nil
}

// place is where a row lies, as a point.
func (c *compiler) place() string {
	if c.source.layer.Geometry == "Point" {
		return "f.geom"
	}
	return "ST_PointOnSurface(f.geom)"
}

// register is the SQL of columns of another layer's rows that the owner of the
// layer at hand may see; columns are given to it under the alias f.
func (c *compiler) register(param string, columns func(layers.Layer) (string, error), fields ...string) (string, error) {
	l, right, err := c.other(c.text(param))
	if err != nil {
		return "", err
	}
	for _, f := range fields {
		if !slices.Contains(right.Fields, f) {
			return "", fmt.Errorf("%s.%s: %w", l.Name, f, errNoRight)
		}
	}
	cond, err := l.SQL(l.InForce(right.Where), c.args)
	if err != nil {
		return "", err
	}
	cols, err := columns(l)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s FROM %s f WHERE (%s)", cols, pgx.Identifier{"map", l.Name}.Sanitize(), cond), nil
}

// The rule's parameters. Their types were looked at when the rule was made.

func (c *compiler) text(name string) string { s, _ := c.rule.Params[name].(string); return s }

func (c *compiler) number(name string) (float64, bool) {
	switch v := c.rule.Params[name].(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	}
	return 0, false
}

func (c *compiler) flag(name string) bool { b, _ := c.rule.Params[name].(bool); return b }

func (c *compiler) texts(name string) []string { return textsOf(c.rule.Params[name]) }

func textsOf(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		out := make([]string, 0, len(v))
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func fieldNames(l layers.Layer) []string {
	out := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		out[i] = f.Name
	}
	return out
}
