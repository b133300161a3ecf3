// Package bridge takes cases from other systems (12345, 110, 119, video
// analysis, sensors) and tells them what became of theirs.
//
// A case is known by its bridge and the other system's id: a message of an id
// that is there already changes what it may (a further note, a graver level, a
// contact, a place in words) and says what it left alone. The same message
// again changes nothing. The other system's categories are mapped to our
// classes by a table that the administrator keeps.
//
// A bridge is open to the accounts of one organisation, and to command centres.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// Store is the bridges. Its methods are safe for concurrent use.
type Store struct {
	Layers    *layers.Store
	Incidents *incident.Store
}

// A Bridge is one other system.
type Bridge struct {
	Name    string
	TitleZH string
	TitleEN string
	Source  string // of its cases: hotline, sensor, video or public
	Org     string // whose accounts use it; "": command centres only
	Classes int    // lines of its mapping
}

// A Mapping is the other system's word for one of our classes.
type Mapping struct {
	Code     string // ""; whatever has no line of its own
	Standard string
	Class    string
	Severity int // 1 to 4; 0: the class's
	Note     string
}

var sources = []string{"hotline", "sensor", "video", "public"}

// List returns all bridges, to administrators and command centres.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Bridge, error) {
	if err := by.Require(access.Administrator, access.CommandCentre); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT name, title_zh, title_en, source, coalesce(org, ''),
		(SELECT count(*) FROM onemap.bridge_class c WHERE c.bridge = b.name) FROM onemap.bridge b ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("bridges: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Bridge])
	if err != nil {
		return nil, fmt.Errorf("bridges: %w", err)
	}
	return found, nil
}

// Put makes or changes a bridge.
func (s *Store) Put(ctx context.Context, by access.Scope, b Bridge, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if !isName(b.Name) {
		return &layers.InputError{Field: "source", Value: layers.Short(b.Name), Remedy: "1 to 32 small letters, digits, - and _"}
	}
	if !in(b.Source, sources) {
		return &layers.InputError{Field: "source", Value: layers.Short(b.Source), Remedy: "one of " + strings.Join(sources, ", ")}
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if b.Org != "" {
			var there bool
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = @org)`, pgx.NamedArgs{"org": b.Org}).Scan(&there); err != nil {
				return err
			}
			if !there {
				return &layers.InputError{Field: "org", Value: layers.Short(b.Org), Remedy: "the code of an organisation"}
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.bridge (name, title_zh, title_en, source, org) VALUES (@name, @zh, @en, @source, nullif(@org, ''))
			ON CONFLICT (name) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en, source = excluded.source, org = excluded.org, updated_at = now()`,
			pgx.NamedArgs{"name": b.Name, "zh": b.TitleZH, "en": b.TitleEN, "source": b.Source, "org": b.Org}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "bridge.put", Object: "bridge/" + b.Name, Result: access.Done, Address: address,
			Detail: map[string]any{"org": b.Org, "source": b.Source}})
	})
	return access.Wrap("put bridge", err)
}

// Mappings returns a bridge's words for our classes.
func (s *Store) Mappings(ctx context.Context, by access.Scope, bridge string) ([]Mapping, error) {
	if _, err := s.List(ctx, by); err != nil {
		return nil, err
	}
	if _, err := s.bridge(ctx, bridge); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT code, standard, class, severity, note FROM onemap.bridge_class WHERE bridge = @bridge ORDER BY code`, pgx.NamedArgs{"bridge": bridge})
	if err != nil {
		return nil, fmt.Errorf("mapping of %s: %w", bridge, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Mapping])
	if err != nil {
		return nil, fmt.Errorf("mapping of %s: %w", bridge, err)
	}
	return found, nil
}

// PutMappings sets all of a bridge's words at once.
func (s *Store) PutMappings(ctx context.Context, by access.Scope, bridge string, all []Mapping, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if _, err := s.bridge(ctx, bridge); err != nil {
		return err
	}
	seen := map[string]bool{}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// One writer at a time: who comes second replaces what the first one wrote.
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.bridge WHERE name = @bridge FOR UPDATE`, pgx.NamedArgs{"bridge": bridge}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.bridge_class WHERE bridge = @bridge`, pgx.NamedArgs{"bridge": bridge}); err != nil {
			return err
		}
		for n, m := range all {
			field := fmt.Sprintf("classes[%d]", n)
			if utf8.RuneCountInString(m.Code) > 100 || strings.ContainsRune(m.Code, 0) || seen[m.Code] {
				return &layers.InputError{Field: field + ".code", Value: layers.Short(m.Code), Remedy: "at most 100 characters, and once only"}
			}
			seen[m.Code] = true
			if m.Severity < 0 || m.Severity > 4 {
				return &layers.InputError{Field: field + ".severity", Value: fmt.Sprint(m.Severity), Remedy: "1 (red) to 4 (blue), or leave it out"}
			}
			tag, err := tx.Exec(ctx, `INSERT INTO onemap.bridge_class (bridge, code, standard, class, severity, note)
				SELECT @bridge, @code, standard, code, @severity, @note FROM onemap.class WHERE standard = @standard AND kind = 'matter' AND code = @class`,
				pgx.NamedArgs{"bridge": bridge, "code": m.Code, "standard": m.Standard, "class": m.Class, "severity": m.Severity, "note": m.Note})
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return &layers.InputError{Field: field + ".class", Value: layers.Short(m.Standard + " " + m.Class), Remedy: "a matter's standard and code, from /api/v1/classes"}
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "bridge.classes", Object: "bridge/" + bridge, Result: access.Done, Address: address,
			Detail: map[string]any{"lines": len(all)}})
	})
	return access.Wrap("put mapping", err)
}

// bridge returns one bridge.
func (s *Store) bridge(ctx context.Context, name string) (Bridge, error) {
	var b Bridge
	err := s.Layers.DB().QueryRow(ctx, `SELECT name, title_zh, title_en, source, coalesce(org, '') FROM onemap.bridge WHERE name = @name`, pgx.NamedArgs{"name": name}).
		Scan(&b.Name, &b.TitleZH, &b.TitleEN, &b.Source, &b.Org)
	if errors.Is(err, pgx.ErrNoRows) {
		return Bridge{}, fmt.Errorf("bridge %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	if err != nil {
		return Bridge{}, fmt.Errorf("bridge %q: %w", layers.Short(name), err)
	}
	return b, nil
}

// open returns a bridge to those who may use it. Others hear that there is none.
func (s *Store) open(ctx context.Context, by access.Scope, name string) (Bridge, error) {
	if err := by.Require(); err != nil {
		return Bridge{}, err
	}
	b, err := s.bridge(ctx, name)
	if err == nil && !by.Has(access.CommandCentre) && (b.Org == "" || by.Org().Code != b.Org) {
		err = fmt.Errorf("bridge %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	return b, err
}

func isName(s string) bool {
	return len(s) > 0 && len(s) <= 32 && strings.IndexFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_') }) < 0 &&
		s[0] != '-' && s[0] != '_'
}

func isID(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 100 && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar })
}

func in(s string, of []string) bool {
	for _, o := range of {
		if s == o {
			return true
		}
	}
	return false
}
