package intake

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// A classTable is the classes of one kind, by standard and code.
type classTable struct {
	byCode map[[2]string]class
}

type class struct {
	severity int
	dept     string
}

func (t *classTable) find(standard, code string) (class, bool) {
	c, ok := t.byCode[[2]string{standard, code}]
	return c, ok
}

// loadClasses reads the classes that a layer's rows may have.
func loadClasses(ctx context.Context, db *pgxpool.Pool, layer string) (*classTable, error) {
	kind := "matter"
	if layer == "asset" {
		kind = "component"
	}
	t := &classTable{byCode: map[[2]string]class{}}
	rows, err := db.Query(ctx, `SELECT standard, code, severity, coalesce(dept, '') FROM onemap.class WHERE kind = $1`, kind)
	if err != nil {
		return nil, fmt.Errorf("read classes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k [2]string
		var c class
		if err := rows.Scan(&k[0], &k[1], &c.severity, &c.dept); err != nil {
			return nil, fmt.Errorf("read classes: %w", err)
		}
		t.byCode[k] = c
	}
	return t, rows.Err()
}

// A collector gathers the classes that a file's rows name.
type collector struct {
	code  source
	name  source
	group *source
	have  map[string]found
}

// found is a class as a row names it.
type found struct{ name, group string }

func newCollector(m Mapping, cols *columns) (*collector, error) {
	l := m.Classes
	if l == nil || l.Code == nil {
		return nil, nil
	}
	c := &collector{have: map[string]found{}}
	var err error
	if c.code, err = compileSource("classes.code", *l.Code, m, cols); err != nil {
		return nil, &layers.InputError{Field: m.Name, Remedy: err.Error()}
	}
	c.name = c.code
	if l.NameOf != nil {
		if c.name, err = compileSource("classes.name", *l.NameOf, m, cols); err != nil {
			return nil, &layers.InputError{Field: m.Name, Remedy: err.Error()}
		}
	}
	if l.Group != nil {
		g, err := compileSource("classes.group", *l.Group, m, cols)
		if err != nil {
			return nil, &layers.InputError{Field: m.Name, Remedy: err.Error()}
		}
		c.group = &g
	}
	return c, nil
}

var classCode = regexp.MustCompile(`^[0-9A-Za-z._-]{1,24}$`)

// see takes a row's class. What is no code is left for the row's own check to reject.
func (c *collector) see(r *record, have map[string]found) {
	code, fault := c.code.text(r)
	if fault != nil || !classCode.MatchString(code) {
		return
	}
	if _, ok := have[code]; ok {
		return
	}
	name, fault := c.name.text(r)
	if fault != nil || name == "" {
		name = code
	}
	f := found{name: strings.Clone(name)}
	if c.group != nil {
		if g, fault := c.group.text(r); fault == nil {
			f.group = strings.Clone(g)
		}
	}
	have[strings.Clone(code)] = f
}

// registerClasses makes sure that the classes of a mapping exist. It changes
// none that is there: an administrator may have given it a department.
func registerClasses(ctx context.Context, db *pgxpool.Pool, l *ClassList, rows map[string]found) error {
	all := map[string]Class{}
	for code, f := range rows {
		all[code] = Class{Code: code, NameEN: f.name, NameZH: f.name, Major: slugOf(f.group), MajorEN: f.group}
	}
	for _, c := range l.List {
		all[c.Code] = c
	}
	type group struct {
		code, group *regexp.Regexp
		ClassRule
	}
	var groups []group
	for _, g := range l.Groups {
		code, err := regexp.Compile(g.Match)
		if err != nil {
			return &layers.InputError{Field: "classes.groups.match", Value: g.Match, Remedy: "not a regular expression"}
		}
		name, err := regexp.Compile(g.Group)
		if err != nil {
			return &layers.InputError{Field: "classes.groups.group", Value: g.Group, Remedy: "not a regular expression"}
		}
		groups = append(groups, group{code, name, g})
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		for _, c := range all {
			for _, g := range groups {
				if g.code.MatchString(c.Code) && g.group.MatchString(c.MajorEN) {
					c.fill(g.ClassRule)
					break
				}
			}
			c.fill(ClassRule{Major: "0", MajorEN: l.Standard, Severity: 3})
			if !classCode.MatchString(c.Code) || c.Severity < 1 || c.Severity > 4 {
				return &layers.InputError{Field: "classes", Value: c.Code, Remedy: "a code of letters, digits, points and hyphens, and a severity from 1 to 4"}
			}
			b.Queue(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, severity, public_reported)
				VALUES (@standard, @kind, @code, @major, @major_zh, @major_en, @name_zh, @name_en, @severity, @public) ON CONFLICT DO NOTHING`,
				pgx.NamedArgs{"standard": l.Standard, "kind": l.Kind, "code": c.Code, "major": c.Major, "major_zh": c.MajorZH, "major_en": c.MajorEN,
					"name_zh": c.NameZH, "name_en": c.NameEN, "severity": c.Severity, "public": c.PublicReported})
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

// fill gives a class what it lacks.
func (c *Class) fill(g ClassRule) {
	or := func(s *string, values ...string) {
		for _, v := range values {
			if *s == "" {
				*s = v
			}
		}
	}
	or(&c.Major, g.Major)
	or(&c.MajorEN, g.MajorEN, g.MajorZH)
	or(&c.MajorZH, g.MajorZH, c.MajorEN)
	or(&c.NameEN, c.NameZH, c.Code)
	or(&c.NameZH, c.NameEN)
	if c.Severity == 0 {
		c.Severity = g.Severity
	}
	c.PublicReported = c.PublicReported || g.PublicReported
}
