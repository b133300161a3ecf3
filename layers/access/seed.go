package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A Seed is an account to start with.
type Seed struct {
	Login string
	Name  string
	Org   string
	Roles []Role
	Grids []string
}

// Seeded is an account and, if it was made just now, its password.
type Seeded struct {
	Login    string
	Name     string
	Org      string
	Roles    []Role
	Password string // "" if the account was there before
}

// SeedOrgs names the organisations that the first accounts belong to. An empty
// code leaves its accounts out.
type SeedOrgs struct {
	Government string   // admin, security, auditor
	Centre     string   // centre, acceptor, leader, dispatcher, planner, gateway
	Urban      string   // urban: an officer of urban management
	Police     string   // police: an officer of another department
	Town       string   // worker
	Grids      []string // that worker answers for
}

// Seeds returns an account for each role.
func (o SeedOrgs) Seeds() []Seed {
	var out []Seed
	for _, s := range []Seed{
		{Login: "admin", Name: "系统管理员", Org: o.Government, Roles: []Role{Administrator}},
		{Login: "security", Name: "安全管理员", Org: o.Government, Roles: []Role{SecurityAdministrator}},
		{Login: "auditor", Name: "审计管理员", Org: o.Government, Roles: []Role{Auditor}},
		{Login: "centre", Name: "指挥长", Org: o.Centre, Roles: []Role{CommandCentre}},
		{Login: "acceptor", Name: "受理员", Org: o.Centre, Roles: []Role{Acceptor}},
		{Login: "leader", Name: "值班长", Org: o.Centre, Roles: []Role{ShiftLeader}},
		{Login: "dispatcher", Name: "派遣员", Org: o.Centre, Roles: []Role{Dispatcher}},
		{Login: "urban", Name: "城管专员", Org: o.Urban, Roles: []Role{DepartmentOfficer}},
		{Login: "police", Name: "公安专员", Org: o.Police, Roles: []Role{DepartmentOfficer}},
		{Login: "planner", Name: "规划分析员", Org: o.Centre, Roles: []Role{Planner}},
		{Login: "gateway", Name: "接入网关", Org: o.Centre, Roles: []Role{Gateway}},
		{Login: "worker", Name: "网格员", Org: o.Town, Roles: []Role{GridWorker}, Grids: o.Grids},
	} {
		if s.Org != "" {
			out = append(out, s)
		}
	}
	return out
}

// SeedUsers makes the accounts that are not there yet, each with a random
// password that can be read out, and returns all of them. Accounts that are
// there keep their password, roles and grids. It also makes the grants without
// which they would see little, see [Directory.SeedGrants]. It is for whoever
// sets up a city: by must be an [Operator].
func (d *Directory) SeedUsers(ctx context.Context, by Scope, seeds []Seed) ([]Seeded, error) {
	var out []Seeded
	for _, s := range seeds {
		made := Seeded{Login: s.Login, Name: s.Name, Org: s.Org, Roles: s.Roles}
		var exists bool
		if err := d.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.person WHERE login = $1)`, s.Login).Scan(&exists); err != nil {
			return out, doing("seed users", err)
		}
		if !exists {
			made.Password = ReadablePassword()
			_, err := d.CreatePerson(ctx, by, NewPerson{Login: s.Login, Name: s.Name, Org: s.Org, Password: made.Password, Roles: s.Roles, Grids: s.Grids})
			if err != nil {
				return out, fmt.Errorf("account %s: %w", s.Login, err)
			}
		}
		out = append(out, made)
	}
	_, err := d.SeedGrants(ctx, by)
	return out, err
}

// SeedGrants gives what the duties of a city need, as grants that everyone can
// see and revoke: each command centre, and the topmost government, may see
// every conditional layer (the governments below it each in their own area).
// Where an organisation has or had a grant on a layer, it adds none.
func (d *Directory) SeedGrants(ctx context.Context, by Scope) (int, error) {
	if err := by.Require(SecurityAdministrator); err != nil {
		return 0, err
	}
	p, _ := by.Person()
	made := 0
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.layer_grant (layer, org, reason, granted_by)
			SELECT l.name, o.code, CASE o.kind WHEN 'command_centre' THEN '城市运行指挥职责 (duty: commanding the city''s operation)'
			                                  ELSE '属地管理职责 (duty: governing its territory)' END, @by
			FROM onemap.layer l, onemap.organisation o
			WHERE l.share = 'conditional'
			  AND (o.kind = 'command_centre' OR o.kind = 'government' AND NOT EXISTS (
			        SELECT FROM onemap.organisation p WHERE p.code = o.parent AND p.kind = 'government'))
			  AND NOT EXISTS (SELECT FROM onemap.layer_grant g WHERE g.layer = l.name AND g.org = o.code)
			ORDER BY o.code, l.position`, pgx.NamedArgs{"by": p.Login})
		if err != nil {
			return err
		}
		if made = int(tag.RowsAffected()); made == 0 {
			return nil
		}
		return record(ctx, tx, by, Entry{Action: "grant.seed", Object: "layer/*", Result: Done, Detail: map[string]any{"grants": made}})
	})
	if err != nil {
		return 0, asInput("seed grants", err)
	}
	return made, nil
}

// SetOwners gives layers that have no owner one: what a city's set-up calls
// after it made its organisations. It changes no layer that has an owner.
func (d *Directory) SetOwners(ctx context.Context, by Scope, owners map[string]string) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		for layer, owner := range owners {
			tag, err := tx.Exec(ctx, `UPDATE onemap.layer SET owner = coalesce(owner, $2) WHERE name = $1`, layer, owner)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return fmt.Errorf("layer %q: %w", layer, layers.ErrNotFound)
			}
		}
		return record(ctx, tx, by, Entry{Action: "layer.owners", Object: "layer/*", Result: Done, Detail: map[string]any{"owners": owners}})
	})
	return asInput("set owners", err)
}

// ReadablePassword returns a random password that can be read out and typed on
// a phone, such as "Bafu-Kemo-Tiso-4827": 51 bits, and by the rules for passwords.
func ReadablePassword() string {
	const consonants, vowels, digits = "bdfghjkmnprstvwz", "aeiou", "0123456789"
	b := make([]byte, 1)
	pick := func(from string) byte {
		for {
			rand.Read(b)
			if int(b[0]) < 256/len(from)*len(from) {
				return from[int(b[0])%len(from)]
			}
		}
	}
	for {
		var s strings.Builder
		for range 3 {
			s.WriteByte(pick(consonants) - 'a' + 'A')
			s.WriteByte(pick(vowels))
			s.WriteByte(pick(consonants))
			s.WriteByte(pick(vowels))
			s.WriteByte('-')
		}
		for range 4 {
			s.WriteByte(pick(digits))
		}
		if checkRules(s.String(), "") == nil {
			return s.String()
		}
	}
}
