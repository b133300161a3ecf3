package quality

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Tests of each row among others: a statement that gives, of the rows that are
// assessed, their key and whether they are right.

// field0 is the rule's column and the condition on assessed rows.
func (c *compiler) valued(more ...string) (assessed string, err error) {
	conds := make([]string, 0, 1+len(more))
	for _, name := range append([]string{c.rule.Field}, more...) {
		if _, err := c.columnOf(name); err != nil {
			return "", err
		}
		conds = append(conds, c.present(name))
	}
	return c.assessed(conds...)
}

func (c *compiler) keySQL() string { return column(c.key) }

// inSet is a statement that asks whether a value is in a set, a query with one
// column v of distinct texts that are not NULL.
func (c *compiler) inSet(set, assessed string) string {
	return fmt.Sprintf("SELECT %s, s.v IS NOT NULL FROM %s f LEFT JOIN (%s) s ON s.v = %s WHERE %s",
		c.keySQL(), c.sql, set, text(c.rule.Field), assessed)
}

func inClassRows(c *compiler) (string, error) {
	kind := c.args.Add(c.text("class_kind")) + "::text"
	if list := c.text("standard_field"); list != "" {
		assessed, err := c.valued(list)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("SELECT %s, s.code IS NOT NULL FROM %s f LEFT JOIN onemap.class s ON s.kind = %s AND s.code = %s AND s.standard = %s WHERE %s",
			c.keySQL(), c.sql, kind, text(c.rule.Field), text(list), assessed), nil
	}
	assessed, err := c.valued()
	if err != nil {
		return "", err
	}
	standard := c.args.Add(c.text("standard")) + "::text"
	return c.inSet(fmt.Sprintf("SELECT DISTINCT code AS v FROM onemap.class WHERE kind = %s AND (%s = '' OR standard = %[2]s)", kind, standard), assessed), nil
}

// ownRegisters are onemap's own, whose codes everyone may know.
var ownRegisters = map[string]string{
	"organisation": "SELECT code AS v FROM onemap.organisation",
	"area":         "SELECT code AS v FROM onemap.area",
	"grid":         "SELECT DISTINCT grid_code AS v FROM (" + gridsInForce + ") g",
}

const gridsInForce = `SELECT grid_code, geom FROM map.grid_unit WHERE valid_to IS NULL
	UNION ALL SELECT grid_code, geom FROM map.grid_duty WHERE valid_to IS NULL
	UNION ALL SELECT grid_code, geom FROM map.grid_community WHERE valid_to IS NULL`

// theirField is the other layer's field that a parameter names, by default the
// one named as ours.
func (c *compiler) theirField(param, ours string) string {
	if name := c.text(param); name != "" {
		return name
	}
	return ours
}

func inRegisterRows(c *compiler) (string, error) {
	assessed, err := c.valued()
	if err != nil {
		return "", err
	}
	if set, ok := ownRegisters[c.text("register")]; ok {
		return c.inSet(set, assessed), nil
	}
	set, err := c.theirValues()
	if err != nil {
		return "", err
	}
	return c.inSet(set, assessed), nil
}

// theirValues is a query of the distinct values of another layer's field.
func (c *compiler) theirValues() (string, error) {
	theirs := c.theirField("their_field", c.rule.Field)
	rows, err := c.register("register", func(layers.Layer) (string, error) { return text(theirs) + " AS v", nil }, theirs)
	if err != nil {
		return "", err
	}
	return "SELECT DISTINCT v FROM (" + rows + ") o WHERE v <> ''", nil
}

func inStatedGridRows(c *compiler) (string, error) {
	if !c.has("geom") {
		return "", errNoColumn
	}
	assessed, err := c.valued()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s, coalesce(bool_or(ST_Intersects(g.geom, %s)), false) FROM %s f LEFT JOIN (%s) g ON g.grid_code = %s WHERE %s GROUP BY 1",
		c.keySQL(), c.place(), c.sql, gridsInForce, text(c.rule.Field), assessed), nil
}

// uniqueRows of a staging table look at the layer too: a row there that the
// import does not replace may have the value as well.
func uniqueRows(c *compiler) (string, error) {
	cols := append([]string{c.rule.Field}, c.texts("with")...)
	assessed, err := c.valued(cols[1:]...)
	if err != nil {
		return "", err
	}
	var list, joined, there []string
	for i, name := range cols {
		list = append(list, fmt.Sprintf("%s AS c%d", text(name), i))
		joined = append(joined, fmt.Sprintf("t.c%d = %s", i, text(name)))
		there = append(there, fmt.Sprintf("l.%s::text = %s", pgx.Identifier{name}.Sanitize(), text(name)))
	}
	twice := fmt.Sprintf("SELECT %s FROM %s f WHERE %s GROUP BY %s HAVING count(*) > 1", strings.Join(list, ", "), c.sql, assessed, ordinals(len(cols)))
	if c.staging && c.made && c.has("source_key") {
		twice += fmt.Sprintf(" UNION SELECT %s FROM %s f JOIN %s l ON %s WHERE %s AND NOT EXISTS (SELECT FROM %[2]s b WHERE b.source_key = l.source_key)",
			strings.Join(list, ", "), c.sql, pgx.Identifier{"map", c.source.layer.Name}.Sanitize(), strings.Join(there, " AND "), assessed)
	}
	return fmt.Sprintf("SELECT %s, t.c0 IS NULL FROM %s f LEFT JOIN (%s) t ON %s WHERE %s",
		c.keySQL(), c.sql, twice, strings.Join(joined, " AND "), assessed), nil
}

// ordinals is "1, 2, …, n", for GROUP BY.
func ordinals(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i + 1)
	}
	return strings.Join(out, ", ")
}

// agreesRows assesses the rows that the other register has under the same key.
func agreesRows(c *compiler) (string, error) {
	key := c.text("key")
	assessed, err := c.valued(key)
	if err != nil {
		return "", err
	}
	theirKey, theirs := c.theirField("their_key", key), c.theirField("their_field", c.rule.Field)
	rows, err := c.register("register", func(layers.Layer) (string, error) { return text(theirKey) + " AS k, " + text(theirs) + " AS v", nil }, theirKey, theirs)
	if err != nil {
		return "", err
	}
	same := func(sql string) string { return sql }
	if c.flag("fold") {
		same = func(sql string) string {
			return "lower(regexp_replace(normalize(" + sql + `, NFKC), '[[:space:]]', '', 'g'))`
		}
	}
	return fmt.Sprintf("SELECT %s, bool_or(%s = %s) FROM %s f JOIN (%s) o ON o.k = %s AND o.v <> '' WHERE %s GROUP BY 1",
		c.keySQL(), same("o.v"), same(text(c.rule.Field)), c.sql, rows, text(key), assessed), nil
}
