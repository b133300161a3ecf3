package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// requireSelfOr lets callers do something for themselves, and others by role.
func (s Scope) requireSelfOr(login string, roles ...Role) error {
	if p, ok := s.Person(); ok && login != "" && p.Login == login {
		return nil
	}
	return s.Require(roles...)
}

// NewPerson is what makes a [Person].
type NewPerson struct {
	Login    string
	Name     string
	Org      string
	Password string // "" makes an account that nobody can sign in to yet
	Roles    []Role
	Grids    []string
}

// CreatePerson makes an account. Administrators make accounts; to give it a
// role right away takes a security administrator as well. It returns a
// [layers.InputError] for bad input, an error wrapping layers.ErrConflict for a
// login that exists.
func (d *Directory) CreatePerson(ctx context.Context, by Scope, p NewPerson) (Person, error) {
	if err := by.Require(Administrator); err != nil {
		return Person{}, err
	}
	if len(p.Roles) > 0 {
		if err := by.Require(SecurityAdministrator); err != nil {
			return Person{}, fmt.Errorf("giving roles: %w", err)
		}
	}
	if err := checkRoles(p.Roles); err != nil {
		return Person{}, err
	}
	hash := ""
	if p.Password != "" {
		if err := checkRules(p.Password, p.Login); err != nil {
			return Person{}, err
		}
		var err error
		if hash, err = d.hashPassword(ctx, p.Password); err != nil {
			return Person{}, err
		}
	}
	made := Person{Login: p.Login, Name: strings.TrimSpace(p.Name), Org: p.Org, Roles: slices.Clone(p.Roles), Grids: tidyGrids(p.Grids)}
	sortRoles(made.Roles)
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO onemap.person (login, name, org, password_hash) VALUES (@login, @name, @org, @hash) RETURNING id`,
			pgx.NamedArgs{"login": made.Login, "name": made.Name, "org": made.Org, "hash": hash}).Scan(&made.ID)
		if err != nil {
			return err
		}
		if err := writeRoles(ctx, tx, made.ID, made.Roles); err != nil {
			return err
		}
		if err := writeGrids(ctx, tx, made.ID, made.Grids); err != nil {
			return err
		}
		return record(ctx, tx, by, Entry{Action: "person.create", Object: "person/" + made.Login, Result: Done,
			Detail: map[string]any{"org": made.Org, "roles": made.Roles, "grids": made.Grids}})
	})
	if err != nil {
		return Person{}, asInput("create person", err)
	}
	return made, nil
}

// checkRoles holds the three administrators apart (三员分离).
func checkRoles(roles []Role) error {
	admins := 0
	for i, r := range roles {
		if !slices.Contains(Roles, r) {
			return &layers.InputError{Field: "roles", Value: string(r), Remedy: "one of " + roleNames()}
		}
		if slices.Contains(roles[:i], r) {
			return &layers.InputError{Field: "roles", Value: string(r), Remedy: "name each role once"}
		}
		if r == Administrator || r == SecurityAdministrator || r == Auditor {
			admins++
		}
	}
	if admins > 1 || admins == 1 && len(roles) > 1 {
		return &layers.InputError{Field: "roles", Remedy: "administrator, security_administrator and auditor each stand alone: separation of duties (三员分离)"}
	}
	return nil
}

func roleNames() string {
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

func tidyGrids(codes []string) []string {
	out := make([]string, 0, len(codes))
	for _, c := range codes {
		if c = strings.TrimSpace(c); c != "" {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SetPassword gives a person a new password, lifts a lock, ends all their
// sessions and revokes all their keys: who resets a password may do so because
// someone else has it, and that one may have made keys. It is for
// administrators; people use [Directory.ChangePassword].
func (d *Directory) SetPassword(ctx context.Context, by Scope, login, password string) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	return d.setPassword(ctx, by, login, password, true)
}

func (d *Directory) setPassword(ctx context.Context, by Scope, login, password string, keysToo bool) error {
	if err := checkRules(password, login); err != nil {
		return err
	}
	hash, err := d.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	detail := map[string]any{"keys_revoked": keysToo}
	return d.change(ctx, by, login, Entry{Action: "person.password", Detail: detail}, func(tx pgx.Tx, id int64) error {
		_, err := tx.Exec(ctx, `UPDATE onemap.person SET password_hash = @hash WHERE id = @id`,
			pgx.NamedArgs{"id": id, "hash": hash})
		if err != nil {
			return err
		}
		if err := unlock(ctx, tx, login); err != nil {
			return err
		}
		// The browsers of whoever had the old one are strangers again.
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.device WHERE person = $1`, id); err != nil {
			return err
		}
		if keysToo {
			if err := d.endKeys(ctx, tx, id); err != nil {
				return err
			}
		}
		return d.endSessions(ctx, tx, id)
	})
}

// ChangePassword gives the caller a new password, with the old one asked for,
// and ends all their sessions, this one too; with revokeKeys their keys as
// well. It returns [ErrUnauthenticated] if the old one is wrong, which counts
// as a failed sign-in, and a [LockedError] after too many.
func (d *Directory) ChangePassword(ctx context.Context, by Scope, old, password string, from From, revokeKeys bool) error {
	p, ok := by.Person()
	if !ok {
		return ErrUnauthenticated
	}
	if err := checkRules(password, p.Login); err != nil {
		return err
	}
	if by.ByKey() {
		return fmt.Errorf("%w: a key changes no password, sign in for that", ErrForbidden)
	}
	proof, err := d.prove(ctx, p.Login, old, from)
	if err != nil {
		return err
	}
	if proof.id != p.ID {
		return ErrUnauthenticated
	}
	return d.setPassword(ctx, by, p.Login, password, revokeKeys)
}

// ChangePerson gives a person another name or organisation. In another
// organisation they see other things, so their sessions end: they sign in as
// who they are now.
func (d *Directory) ChangePerson(ctx context.Context, by Scope, login, name, org string) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	detail := map[string]any{}
	err := d.change(ctx, by, login, Entry{Action: "person.change", Detail: detail}, func(tx pgx.Tx, id int64) error {
		var beforeName, beforeOrg string
		if err := tx.QueryRow(ctx, `SELECT name, org FROM onemap.person WHERE id = $1`, id).Scan(&beforeName, &beforeOrg); err != nil {
			return err
		}
		detail["before"], detail["after"] = map[string]string{"name": beforeName, "org": beforeOrg}, map[string]string{"name": strings.TrimSpace(name), "org": org}
		if _, err := tx.Exec(ctx, `UPDATE onemap.person SET name = $2, org = $3 WHERE id = $1`, id, strings.TrimSpace(name), org); err != nil {
			return err
		}
		if beforeOrg == org {
			return nil
		}
		return d.endSessions(ctx, tx, id)
	})
	if err == nil {
		d.changed.fire()
	}
	return err
}

// SetActive opens or closes an account. Closing ends its sessions and, as long
// as it is closed, its keys. Nobody closes their own.
func (d *Directory) SetActive(ctx context.Context, by Scope, login string, active bool) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	if p, _ := by.Person(); p.Login == login && !active {
		return &layers.InputError{Field: "login", Value: login, Remedy: "another administrator must close your account"}
	}
	return d.change(ctx, by, login, Entry{Action: "person.active", Detail: map[string]any{"active": active}}, func(tx pgx.Tx, id int64) error {
		if _, err := tx.Exec(ctx, `UPDATE onemap.person SET active = $2 WHERE id = $1`, id, active); err != nil {
			return err
		}
		if active {
			return nil
		}
		return d.endSessions(ctx, tx, id)
	})
}

// Unlock lifts a lock before its time.
func (d *Directory) Unlock(ctx context.Context, by Scope, login string) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	return d.change(ctx, by, login, Entry{Action: "person.unlock"}, func(tx pgx.Tx, _ int64) error {
		return unlock(ctx, tx, login)
	})
}

// SetRoles gives a person these roles and no others. Nobody sets their own.
func (d *Directory) SetRoles(ctx context.Context, by Scope, login string, roles []Role) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	if p, _ := by.Person(); p.Login == login {
		return &layers.InputError{Field: "login", Value: login, Remedy: "another security administrator must set your roles"}
	}
	if err := checkRoles(roles); err != nil {
		return err
	}
	return d.change(ctx, by, login, Entry{Action: "person.roles", Detail: map[string]any{"roles": roles}}, func(tx pgx.Tx, id int64) error {
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.person_role WHERE person = $1 AND role <> ALL ($2)`, id, roles); err != nil {
			return err
		}
		return writeRoles(ctx, tx, id, roles)
	})
}

// SetGrids gives a person these grids to answer for, and no others.
func (d *Directory) SetGrids(ctx context.Context, by Scope, login string, codes []string) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	codes = tidyGrids(codes)
	return d.change(ctx, by, login, Entry{Action: "person.grids", Detail: map[string]any{"grids": codes}}, func(tx pgx.Tx, id int64) error {
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.person_grid WHERE person = $1 AND grid_code <> ALL ($2)`, id, codes); err != nil {
			return err
		}
		return writeGrids(ctx, tx, id, codes)
	})
}

func writeRoles(ctx context.Context, tx pgx.Tx, id int64, roles []Role) error {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	_, err := tx.Exec(ctx, `INSERT INTO onemap.person_role (person, role) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`, id, names)
	return err
}

func writeGrids(ctx context.Context, tx pgx.Tx, id int64, codes []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.person_grid (person, grid_code) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`, id, codes)
	return err
}

// change makes one change to a person, recorded in the same transaction.
func (d *Directory) change(ctx context.Context, by Scope, login string, e Entry, do func(tx pgx.Tx, id int64) error) error {
	e.Object, e.Result = "person/"+login, Done
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		id, err := personID(ctx, tx, login)
		if err != nil {
			return err
		}
		if err := do(tx, id); err != nil {
			return err
		}
		return record(ctx, tx, by, e)
	})
	return asInput(e.Action, err)
}

func personID(ctx context.Context, tx pgx.Tx, login string) (id int64, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM onemap.person WHERE login = $1 FOR NO KEY UPDATE`, login).Scan(&id)
	if noRow(err) {
		return 0, fmt.Errorf("person %q: %w", login, layers.ErrNotFound)
	}
	return id, err
}

// endSessions ends a person's sessions: on this node at once, should the
// transaction fail too, and everywhere by the feed.
func (d *Directory) endSessions(ctx context.Context, tx pgx.Tx, person int64) error {
	rows, err := tx.Query(ctx, `DELETE FROM onemap.session WHERE person = $1 RETURNING token_hash`, person)
	if err != nil {
		return err
	}
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	for _, h := range hashes {
		d.gone.add(string(h))
	}
	return err
}

// endKeys revokes a person's keys, as endSessions ends their sessions.
func (d *Directory) endKeys(ctx context.Context, tx pgx.Tx, person int64) error {
	rows, err := tx.Query(ctx, `UPDATE onemap.api_key SET revoked_at = now() WHERE person = $1 AND revoked_at IS NULL RETURNING prefix`, person)
	if err != nil {
		return err
	}
	prefixes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, p := range prefixes {
		d.gone.add(p)
	}
	return err
}

// PersonInfo is what administrators see of an account.
type PersonInfo struct {
	Person
	Active      bool
	LockedUntil time.Time // zero, or past: not locked
	CreatedAt   time.Time
	Sessions    int // open ones
	Keys        int // in force
	TOTP        bool
	SeenAt      time.Time // last use of an open session, to the hour; zero: none is open
	Linked      bool      // signs in through an identity provider too
}

// ListPeople returns all accounts by login. It is for administrators, security
// administrators and auditors.
func (d *Directory) ListPeople(ctx context.Context, by Scope) ([]PersonInfo, error) {
	if err := by.Require(Administrator, SecurityAdministrator, Auditor); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, `SELECT id, login, name, org, active, `+lockSQL+`, created_at,
		       array(SELECT role FROM onemap.person_role WHERE person = p.id),
		       array(SELECT grid_code FROM onemap.person_grid WHERE person = p.id ORDER BY 1),
		       (SELECT count(*) FROM onemap.session WHERE person = p.id AND expires_at > now()),
		       (SELECT count(*) FROM onemap.api_key WHERE person = p.id AND revoked_at IS NULL AND coalesce(expires_at > now(), true)),
		       totp, (SELECT max(seen_at) FROM onemap.session WHERE person = p.id AND expires_at > now()),
		       EXISTS (SELECT FROM onemap.person_identity WHERE person = p.id)
		FROM onemap.person p ORDER BY login`)
	if err != nil {
		return nil, doing("list people", err)
	}
	people, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (PersonInfo, error) {
		var p PersonInfo
		var locked, seen *time.Time
		err := row.Scan(&p.ID, &p.Login, &p.Name, &p.Org, &p.Active, &locked, &p.CreatedAt, &p.Roles, &p.Grids, &p.Sessions, &p.Keys, &p.TOTP, &seen, &p.Linked)
		p.LockedUntil, p.SeenAt = timeOrZero(locked), timeOrZero(seen)
		sortRoles(p.Roles)
		return p, err
	})
	if err != nil {
		return nil, doing("list people", err)
	}
	return people, nil
}
