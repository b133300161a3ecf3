package class

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// An Edit is a class as an administrator wants it. All fields count.
type Edit struct {
	NameZH   string   `json:"name_zh" maxLength:"60"`
	NameEN   string   `json:"name_en" maxLength:"120"`
	Severity int      `json:"severity" minimum:"1" maximum:"4" doc:"1 red to 4 blue"`
	Dept     string   `json:"dept" maxLength:"32" doc:"Who is responsible where no rule and no component says it; empty: nobody"`
	Active   bool     `json:"active" doc:"New cases may be of it"`
	EndedOn  string   `json:"ended_on,omitempty" doc:"The first day without it; left out: it goes on" maxLength:"10"`
	Aliases  []string `json:"aliases,omitempty" maxItems:"50" doc:"Other names, for search"`
}

// check finds the first thing wrong with an edit.
func (e Edit) check() error {
	if err := checkName("name_zh", e.NameZH, 60); err != nil {
		return err
	}
	if err := checkName("name_en", e.NameEN, 120); err != nil {
		return err
	}
	if e.Severity < 1 || e.Severity > 4 {
		return &layers.InputError{Field: "severity", Value: fmt.Sprint(e.Severity), Remedy: "1 red, 2 orange, 3 yellow, 4 blue"}
	}
	if _, err := date("ended_on", e.EndedOn); err != nil {
		return err
	}
	for i, a := range e.Aliases {
		if err := checkName(fmt.Sprintf("aliases[%d]", i), a, 60); err != nil {
			return err
		}
	}
	return nil
}

func checkName(field, text string, most int) error {
	if strings.TrimSpace(text) != text || text == "" || utf8.RuneCountInString(text) > most || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return &layers.InputError{Field: field, Value: short(text, 40), Remedy: fmt.Sprintf("1 to %d characters, without control characters and without spaces around them", most)}
	}
	return nil
}

func checkText(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d characters of text", most)}
	}
	return nil
}

// Put changes a class that somebody looked at, at the version they saw.
//
// It returns [access.ErrForbidden] for all but administrators, an error
// wrapping [layers.ErrConflict] where somebody changed it since, and a
// [layers.InputError] for a bad value.
func (s *Store) Put(ctx context.Context, by access.Scope, k Key, e Edit, version int64, reason, address string) (Class, error) {
	if err := by.Require(access.Administrator); err != nil {
		return Class{}, err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return Class{}, err
	}
	var after Class
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		before, err := s.locked(ctx, tx, k)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fmt.Errorf("class %s was changed since: it is at version %d, you saw %d: %w", k, before.Version, version, layers.ErrConflict)
		}
		after, err = s.put(ctx, tx, by, k, e, false, reason, address)
		return err
	})
	if err != nil {
		return Class{}, access.Wrap("change class "+k.String(), err)
	}
	return after, nil
}

// locked returns a class that nobody else changes meanwhile.
func (s *Store) locked(ctx context.Context, tx pgx.Tx, k Key) (Class, error) {
	// The lock that every change takes, before any row is: see class_lock in the migration.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.class', 0))`); err != nil {
		return Class{}, err
	}
	return s.Get(ctx, tx, k)
}

// put writes an edit and remembers it; of a new class, that it was not there.
func (s *Store) put(ctx context.Context, tx pgx.Tx, by access.Scope, k Key, e Edit, fresh bool, reason, address string) (Class, error) {
	if err := e.check(); err != nil {
		return Class{}, err
	}
	var before any
	if !fresh {
		was, err := s.edit(ctx, tx, k)
		if err != nil {
			return Class{}, err
		}
		before = was
	}
	e.Aliases = slices.Compact(slices.Sorted(slices.Values(e.Aliases))) // the caller's stay as they are
	ended, err := date("ended_on", e.EndedOn)
	if err != nil {
		return Class{}, err
	}
	n := args(k)
	n["zh"], n["en"], n["initials"], n["severity"], n["dept"], n["active"], n["ended"], n["aliases"] =
		e.NameZH, e.NameEN, Initials(e.NameZH), e.Severity, e.Dept, e.Active, ended, e.Aliases
	// What the lists have by hand stays where the name does.
	if _, err := tx.Exec(ctx, `UPDATE onemap.class SET initials = CASE WHEN name_zh = @zh THEN initials ELSE @initials END, name_zh = @zh, name_en = @en,
		severity = @severity, dept = nullif(@dept, ''), active = @active, ended_on = @ended WHERE (standard, kind, code) = (@standard, @kind, @code)`, n); err != nil {
		return Class{}, noSuchDept(err, e.Dept)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.class_alias WHERE (standard, kind, class) = (@standard, @kind, @code)`, n); err != nil {
		return Class{}, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.class_alias (standard, kind, class, alias) SELECT @standard, @kind, @code, unnest(@aliases::text[])`, n); err != nil {
		return Class{}, err
	}
	if err := remember(ctx, tx, by, address, ofClass, k, "", before, e, reason); err != nil {
		return Class{}, err
	}
	return s.Get(ctx, tx, k)
}

// edit reads a class as an edit: what is remembered of it.
func (s *Store) edit(ctx context.Context, tx pgx.Tx, k Key) (Edit, error) {
	var e Edit
	err := tx.QueryRow(ctx, `SELECT name_zh, name_en, severity, coalesce(dept, ''), active, coalesce(ended_on::text, ''),
		ARRAY(SELECT alias FROM onemap.class_alias a WHERE (a.standard, a.kind, a.class) = (c.standard, c.kind, c.code) ORDER BY alias)
		FROM onemap.class c WHERE (standard, kind, code) = (@standard, @kind, @code)`, args(k)).
		Scan(&e.NameZH, &e.NameEN, &e.Severity, &e.Dept, &e.Active, &e.EndedOn, &e.Aliases)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, fmt.Errorf("class %s: %w", k, layers.ErrNotFound)
	}
	return e, err
}

func (s *Store) restoreClass(ctx context.Context, tx pgx.Tx, by access.Scope, k Key, c Revision, reason, address string) error {
	if _, err := s.locked(ctx, tx, k); err != nil {
		return err
	}
	if c.Before == nil { // it was new: it cannot be taken away, since cases may be of it
		e, err := s.edit(ctx, tx, k)
		if err != nil {
			return err
		}
		e.Active = false
		_, err = s.put(ctx, tx, by, k, e, false, reason, address)
		return err
	}
	var e Edit
	if err := json.Unmarshal(c.Before, &e); err != nil {
		return fmt.Errorf("change %d: %w", c.ID, err)
	}
	_, err := s.put(ctx, tx, by, k, e, false, reason, address)
	return err
}

// noSuchDept turns a reference to an organisation that is none into words.
func noSuchDept(err error, dept string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" { // foreign_key_violation
		return &layers.InputError{Field: "dept", Value: short(dept, 40), Remedy: "the code of an organisation"}
	}
	return err
}
