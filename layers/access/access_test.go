package access_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
)

var operator = access.Operator("test")

// city is a small city with its organisations, and a Directory that reads it
// from PostgreSQL.
type city struct {
	db    *pgxpool.Pool
	dir   *access.Directory
	store *layers.Store
}

// password is that of every account a test makes.
const password = "Correct-horse-9"

func newCity(t *testing.T) *city {
	t.Helper()
	db := layerstest.DB(t)
	c := &city{db: db, dir: access.NewDirectory(db), store: layers.NewStore(db)}
	t.Cleanup(c.dir.Close)
	c.organisations(t)
	return c
}

func (c *city) organisations(t *testing.T) {
	t.Helper()
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "east", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "west", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799002", NameZH: "西镇", NameEN: "West"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "城管局", NameEN: "Urban"},
		{Code: "urban-east", Parent: "urban", Level: "town", Kind: "department", AreaCode: "330799001", NameZH: "东镇中队", NameEN: "Urban East"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "公安局", NameEN: "Police"},
	} {
		if err := c.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
}

// person makes an account and returns its scope.
func (c *city) person(t *testing.T, login, org string, grids []string, roles ...access.Role) access.Scope {
	t.Helper()
	p, err := c.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: login, Name: login, Org: org, Roles: roles, Grids: grids})
	if err != nil {
		t.Fatal(err)
	}
	return c.scope(t, p.ID)
}

// scope returns a person's scope as PostgreSQL has it now.
func (c *city) scope(t *testing.T, id int64) access.Scope {
	t.Helper()
	if err := c.dir.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := c.dir.ScopeOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *city) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := c.db.Exec(context.WithoutCancel(t.Context()), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func wantInput(t *testing.T, err error, field string) {
	t.Helper()
	var in *layers.InputError
	if !errors.As(err, &in) || in.Field != field || in.Remedy == "" {
		t.Errorf("error %v, want an InputError about %s with a remedy", err, field)
	}
}

// scopeNow returns a person's scope from what the Directory has.
func (c *city) scopeNow(t *testing.T, id int64) access.Scope {
	t.Helper()
	s, err := c.dir.ScopeOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
