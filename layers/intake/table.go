package intake

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// kind is how a column's values are written.
type kind uint8

const (
	text kind = iota
	int2
	int4
	bigint
	float4
	float8
	boolean
	date
	timestamp
	uuid
	jsonb
	geometry
)

var kinds = map[string]kind{
	"text": text, "smallint": int2, "integer": int4, "bigint": bigint, "real": float4, "double precision": float8,
	"boolean": boolean, "date": date, "timestamp with time zone": timestamp, "uuid": uuid, "jsonb": jsonb,
}

// A column of a layer's table, with what the table's checks ask of one value.
type column struct {
	name     string
	kind     kind
	notNull  bool
	hasValue bool // a default or an identity
	unique   bool

	oneOf   map[string]bool // closed vocabulary
	pattern *regexp.Regexp
	min     *float64
	max     *float64
	length  int // characters; 0: no limit
	filled  bool
}

// A table is a layer's, as the database describes it.
type table struct {
	layer   layers.Layer
	columns []column
	byName  map[string]*column
}

func (t *table) sql() string { return pgx.Identifier{"map", t.layer.Name}.Sanitize() }

// describe reads a layer's columns and the checks on single columns. The
// schema is the contract: a value that it would refuse is found here and
// rejects one row, where PostgreSQL would refuse the whole import.
func describe(ctx context.Context, db *pgxpool.Pool, layer layers.Layer) (*table, error) {
	t := &table{layer: layer, byName: map[string]*column{}}
	rows, err := db.Query(ctx, `
		SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef OR a.attidentity <> '',
		       EXISTS (SELECT FROM pg_index x WHERE x.indrelid = a.attrelid AND x.indisunique AND x.indnatts = 1 AND x.indkey[0] = a.attnum),
		       coalesce((SELECT array_agg(pg_get_expr(c.conbin, c.conrelid)) FROM pg_constraint c
		                 WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.conkey = ARRAY[a.attnum]), '{}')
		FROM pg_attribute a
		WHERE a.attrelid = to_regclass(@table) AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY a.attnum`, pgx.NamedArgs{"table": t.sql()})
	if err != nil {
		return nil, fmt.Errorf("describe layer %s: %w", layer.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		var typ string
		var checks []string
		if err := rows.Scan(&c.name, &typ, &c.notNull, &c.hasValue, &c.unique, &checks); err != nil {
			return nil, fmt.Errorf("describe layer %s: %w", layer.Name, err)
		}
		var ok bool
		if c.kind, ok = kinds[typ]; !ok {
			c.kind = geometry
		}
		for _, check := range checks {
			c.learn(check)
		}
		t.columns = append(t.columns, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("describe layer %s: %w", layer.Name, err)
	}
	for i := range t.columns {
		t.byName[t.columns[i].name] = &t.columns[i]
	}
	return t, nil
}

var (
	checkOneOf   = regexp.MustCompile(`= ANY \(ARRAY\[(.*)\]\)`)
	checkWord    = regexp.MustCompile(`'((?:[^']|'')*)'::text`)
	checkPattern = regexp.MustCompile(`^\(\w+ ~ '((?:[^']|'')*)'::text\)$`)
	checkLeast   = regexp.MustCompile(`\w+ >= \(?(-?[0-9.]+)\)?`)
	checkMost    = regexp.MustCompile(`\w+ <= \(?(-?[0-9.]+)\)?`)
	checkLength  = regexp.MustCompile(`^\((?:char_)?length\(\w+\) <= ([0-9]+)\)$`)
	checkFilled  = regexp.MustCompile(`^\(\w+ <> ''::text\)$`)
	checkEquals  = regexp.MustCompile(`^\(\w+ = '((?:[^']|'')*)'::text\)$`)
)

// learn takes a check on one column as PostgreSQL writes it. What it does not
// understand is left to the database.
func (c *column) learn(check string) {
	words := func(s string) map[string]bool {
		m := map[string]bool{}
		for _, w := range checkWord.FindAllStringSubmatch(s, -1) {
			m[strings.ReplaceAll(w[1], "''", "'")] = true
		}
		return m
	}
	number := func(re *regexp.Regexp) *float64 {
		if m := re.FindStringSubmatch(check); m != nil {
			if f, err := strconv.ParseFloat(m[1], 64); err == nil {
				return &f
			}
		}
		return nil
	}
	switch {
	case checkOneOf.MatchString(check):
		c.oneOf = words(checkOneOf.FindStringSubmatch(check)[1])
	case checkEquals.MatchString(check):
		c.oneOf = words(check)
	case checkPattern.MatchString(check):
		// PostgreSQL's patterns here are plain enough to mean the same in Go.
		c.pattern, _ = regexp.Compile(strings.ReplaceAll(checkPattern.FindStringSubmatch(check)[1], "''", "'"))
	case checkLength.MatchString(check):
		c.length, _ = strconv.Atoi(checkLength.FindStringSubmatch(check)[1])
	case checkFilled.MatchString(check):
		c.filled = true
	case c.kind == int2 || c.kind == int4 || c.kind == bigint || c.kind == float4 || c.kind == float8:
		c.min, c.max = number(checkLeast), number(checkMost)
	}
}
