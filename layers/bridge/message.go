package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/incident"
)

// A Message is what another system sends of one of its cases.
type Message struct {
	ID          string          // the other system's
	Category    string          // its word, to be mapped
	At          *incident.Place // where; nil: where the component is
	Asset       string          // code of a component, in the place of coordinates or beside them
	Place       string          // in words
	Description string
	OccurredAt  time.Time // zero: now
	Severity    int       // 0: the mapping's, else the class's
	Contact     string
}

// A Receipt says what became of a message.
type Receipt struct {
	Status
	Again   bool     // the same message came before: nothing was done
	Created bool     // it made the case
	Changed []string // fields of the case that it changed
	Ignored []string // fields that say something else than the case and are not a message's to change
}

// namespace of the UUIDs of cases that come over bridges.
var namespace = uuid.MustParse("b0d3f3a2-0c1e-5a6f-9d52-6f1f6e3a9c10")

// Receive makes a case of a message, or adds what it says to the case that its
// id has made before.
func (s *Store) Receive(ctx context.Context, by access.Scope, bridge string, m Message, address string) (Receipt, feed.Cursor, error) {
	b, err := s.open(ctx, by, bridge)
	if err != nil {
		return Receipt{}, feed.Cursor{}, err
	}
	if !isID(m.ID) {
		return Receipt{}, feed.Cursor{}, &layers.InputError{Field: "id", Value: layers.Short(m.ID), Remedy: "the other system's number of the case, 1 to 100 characters"}
	}
	hash, err := m.hash()
	if err != nil {
		return Receipt{}, feed.Cursor{}, err
	}
	r := Receipt{}
	r.Again, err = s.seen(ctx, b.Name, m.ID, hash)
	if err != nil {
		return Receipt{}, feed.Cursor{}, err
	}
	if !r.Again {
		id, err := s.caseOf(ctx, b.Name, m.ID)
		if err != nil {
			return Receipt{}, feed.Cursor{}, err
		}
		if id == 0 {
			id, r.Created, err = s.create(ctx, by, b, m, address)
			if err != nil {
				return Receipt{}, feed.Cursor{}, err
			}
		}
		if r.Changed, r.Ignored, err = s.add(ctx, by, b, m, id, hash, r.Created, address); err != nil {
			return Receipt{}, feed.Cursor{}, err
		}
	}
	at, err := feed.Now(ctx, s.Layers.DB())
	if err != nil {
		return Receipt{}, feed.Cursor{}, fmt.Errorf("bridge: %w", err)
	}
	r.Status, err = s.status(ctx, b, m.ID)
	return r, at, err
}

// hash identifies what was sent.
func (m Message) hash() ([]byte, error) {
	m.OccurredAt = m.OccurredAt.UTC()
	b, err := json.Marshal(m)
	if err != nil { // a coordinate that is no number
		return nil, &layers.InputError{Field: "place.coordinates", Remedy: "two finite numbers"}
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

func (s *Store) seen(ctx context.Context, bridge, id string, hash []byte) (bool, error) {
	var seen bool
	err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.bridge_message WHERE bridge = @bridge AND external_id = @id AND content = @hash)`,
		pgx.NamedArgs{"bridge": bridge, "id": id, "hash": hash}).Scan(&seen)
	if err != nil {
		return false, fmt.Errorf("bridge message: %w", err)
	}
	return seen, nil
}

// caseOf returns the number of the case of an id; 0 for none.
func (s *Store) caseOf(ctx context.Context, bridge, id string) (int64, error) {
	var n int64
	err := s.Layers.DB().QueryRow(ctx, `SELECT id FROM map.incident WHERE external_source = @bridge AND external_id = @id`, pgx.NamedArgs{"bridge": bridge, "id": id}).Scan(&n)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("case of %s: %w", bridge, err)
	}
	return n, nil
}

// create reports the case. created is false where another message of the id
// was a moment faster.
func (s *Store) create(ctx context.Context, by access.Scope, b Bridge, m Message, address string) (id int64, created bool, err error) {
	c, err := s.classOf(ctx, b, m)
	if err != nil {
		return 0, false, err
	}
	r := incident.Report{UUID: uuid.NewSHA1(namespace, []byte(b.Name+"/"+m.ID)), Standard: c.Standard, Class: c.Class, Severity: c.Severity, Source: b.Source,
		Place: m.Place, Description: m.Description, OccurredAt: m.OccurredAt, Contact: m.Contact, ExternalSource: b.Name, ExternalID: m.ID, Address: address}
	if m.Severity != 0 {
		r.Severity = m.Severity
	}
	if m.Asset != "" {
		at, number, err := s.asset(ctx, m.Asset)
		if err != nil {
			return 0, false, err
		}
		r.Asset = number
		r.At = incident.Place{CRS: "WGS84", X: at[0], Y: at[1]}
	}
	if m.At != nil {
		r.At = *m.At
	} else if m.Asset == "" {
		return 0, false, &layers.InputError{Field: "place", Remedy: "coordinates with their crs, or the code of a component in asset: words alone are not placed here; GET /api/v1/search finds places by name"}
	}
	i, _, again, err := s.Incidents.Report(ctx, by, r)
	return i.ID, !again, err
}

// classOf maps the other system's category.
func (s *Store) classOf(ctx context.Context, b Bridge, m Message) (Mapping, error) {
	var c Mapping
	err := s.Layers.DB().QueryRow(ctx, `SELECT code, standard, class, severity, note FROM onemap.bridge_class WHERE bridge = @bridge AND code IN (@code, '') ORDER BY code DESC LIMIT 1`,
		pgx.NamedArgs{"bridge": b.Name, "code": m.Category}).Scan(&c.Code, &c.Standard, &c.Class, &c.Severity, &c.Note)
	if errors.Is(err, pgx.ErrNoRows) {
		return Mapping{}, &layers.InputError{Field: "category", Value: layers.Short(m.Category),
			Remedy: "a category that the mapping of this bridge knows; an administrator keeps it at /api/v1/bridges/" + b.Name + "/classes"}
	}
	if err != nil {
		return Mapping{}, fmt.Errorf("mapping of %s: %w", b.Name, err)
	}
	return c, nil
}

// asset finds a component by its code.
func (s *Store) asset(ctx context.Context, code string) (orb.Point, int64, error) {
	var at orb.Point
	var id int64
	err := s.Layers.DB().QueryRow(ctx, `SELECT id, geom FROM map.asset WHERE code = @code`, pgx.NamedArgs{"code": code}).Scan(&id, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return orb.Point{}, 0, &layers.InputError{Field: "asset", Value: layers.Short(code), Remedy: "the code of a component that the register has"}
	}
	if err != nil {
		return orb.Point{}, 0, fmt.Errorf("component: %w", err)
	}
	return at, id, nil
}

// ended are the states after which nothing is added.
var ended = []string{incident.Closed, incident.Rejected, incident.Void, incident.Merged}

// add writes what a message says beyond the case, and that it came.
func (s *Store) add(ctx context.Context, by access.Scope, b Bridge, m Message, id int64, hash []byte, created bool, address string) (changed, ignored []string, err error) {
	changed, ignored = []string{}, []string{}
	if created {
		changed = append(changed, "case")
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if !created {
			if changed, ignored, err = s.merge(ctx, tx, b, m, id); err != nil {
				return err
			}
		}
		who, _ := by.Person()
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.bridge_message (bridge, external_id, incident, content, changed, login)
			VALUES (@bridge, @id, @incident, @content, @changed, @login) ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"bridge": b.Name, "id": m.ID, "incident": id, "content": hash, "changed": changed, "login": who.Login}); err != nil {
			return err
		}
		if created {
			return nil // the report is in the audit
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "bridge.message", Object: fmt.Sprintf("incident/%d", id), Result: access.Done, Address: address,
			Detail: map[string]any{"bridge": b.Name, "changed": changed}})
	})
	return changed, ignored, access.Wrap("bridge message", err)
}

// merge changes of a case what a later message may.
func (s *Store) merge(ctx context.Context, tx pgx.Tx, b Bridge, m Message, id int64) (changed, ignored []string, err error) {
	changed, ignored = []string{}, []string{}
	var state, description, place string
	var severity int
	var occurred time.Time
	if err := tx.QueryRow(ctx, `SELECT state, description, place, severity, occurred_at FROM map.incident WHERE id = @id FOR UPDATE`, pgx.NamedArgs{"id": id}).
		Scan(&state, &description, &place, &severity, &occurred); err != nil {
		return nil, nil, err
	}
	sets, args := []string{}, pgx.NamedArgs{"id": id}
	if note := strings.TrimSpace(m.Description); note != "" && !strings.Contains(description, note) {
		var stamp string
		if err := tx.QueryRow(ctx, `SELECT to_char(now() AT TIME ZONE coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'UTC'), 'YYYY-MM-DD HH24:MI')`).Scan(&stamp); err != nil {
			return nil, nil, err
		}
		text := description + "\n[" + b.Name + " " + stamp + "] " + note
		if n := utf8.RuneCountInString(text); n > 4000 {
			return nil, nil, &layers.InputError{Field: "description", Remedy: fmt.Sprintf("a shorter note: with what is there already it is %d of at most 4000 characters", n)}
		}
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return nil, nil, &layers.InputError{Field: "description", Remedy: "text in UTF-8 without the character NUL"}
		}
		changed, sets, args["description"] = append(changed, "description"), append(sets, "description = @description"), text
	}
	if m.Severity < 0 || m.Severity > 4 {
		return nil, nil, &layers.InputError{Field: "severity", Value: fmt.Sprint(m.Severity), Remedy: "1 (red) to 4 (blue), or leave it out"}
	}
	switch {
	case m.Severity == 0 || m.Severity == severity:
	case m.Severity < severity:
		changed, sets, args["severity"] = append(changed, "severity"), append(sets, "severity = @severity"), m.Severity
	default:
		ignored = append(ignored, "severity") // what was grave is made less by people here
	}
	if m.Place != "" && m.Place != place {
		if place != "" {
			ignored = append(ignored, "place")
		} else if utf8.RuneCountInString(m.Place) <= 256 && !strings.ContainsRune(m.Place, 0) {
			changed, sets, args["place"] = append(changed, "place"), append(sets, "place = @place"), m.Place
		} else {
			return nil, nil, &layers.InputError{Field: "place.text", Remedy: "at most 256 characters"}
		}
	}
	if !m.OccurredAt.IsZero() && !m.OccurredAt.Equal(occurred) {
		ignored = append(ignored, "occurred_at")
	}
	contact, err := s.contact(ctx, tx, m, id)
	if err != nil {
		return nil, nil, err
	}
	if contact {
		changed = append(changed, "contact")
	}
	if len(changed) > 0 && slices.Contains(ended, state) {
		return nil, nil, fmt.Errorf("the case is %s and takes nothing more: send it as a case of its own, with another id: %w", state, layers.ErrConflict)
	}
	if len(sets) > 0 {
		if _, err := tx.Exec(ctx, `UPDATE map.incident SET `+strings.Join(sets, ", ")+`, updated_at = now() WHERE id = @id`, args); err != nil {
			return nil, nil, err
		}
	}
	return changed, ignored, nil
}

// contact keeps another way to reach the reporter.
func (s *Store) contact(ctx context.Context, tx pgx.Tx, m Message, id int64) (bool, error) {
	if m.Contact == "" {
		return false, nil
	}
	if utf8.RuneCountInString(m.Contact) > 200 || strings.ContainsRune(m.Contact, 0) {
		return false, &layers.InputError{Field: "contact", Remedy: "at most 200 characters"}
	}
	tag, err := tx.Exec(ctx, `INSERT INTO onemap.incident_contact AS c (incident, contact) VALUES (@id, @contact)
		ON CONFLICT (incident) DO UPDATE SET contact = excluded.contact WHERE c.contact <> excluded.contact`, pgx.NamedArgs{"id": id, "contact": m.Contact})
	return tag.RowsAffected() > 0, err
}
