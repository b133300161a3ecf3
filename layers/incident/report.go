package incident

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// A Report is what a reporter sends.
type Report struct {
	UUID        uuid.UUID // made by the client: sent again, it is the same report
	Standard    string    // the class's list; "" where its code is in one list only
	Class       string    // a matter's code
	Severity    int       // 1 to 4; 0: the class's own
	Source      string    // worker, public, hotline, sensor or video; "": worker
	At          Place
	Place       string // in words
	Description string
	OccurredAt  time.Time // zero: now
	Contact     string    // how to reach the reporter, where they leave it
	Photos      []Shown   // uploaded before
	Address     string    // the reporter's IP address, for the audit
}

// clockSkew is how far ahead of ours a reporter's clock may be.
const clockSkew = 10 * time.Minute

// maxPhotos is how many photos an incident may have.
const maxPhotos = 20

var sources = []string{"worker", "public", "hotline", "sensor", "video"}
var photoKinds = []string{"near", "far", "reference", "before", "after"}

//go:embed sql/report.sql
var reportSQL string

// Report writes an incident and its first flow record, photos and audit entry
// in one transaction, and returns it with the cursor of the log after its
// commit. A report of a UUID that is there already is answered with the
// incident as it is now, and again is true, if its content is the same, and
// with an error wrapping [layers.ErrConflict] if not. What is wrong with the
// report is an [layers.InputError].
func (s *Store) Report(ctx context.Context, scope access.Scope, r Report) (i Incident, at feed.Cursor, again bool, err error) {
	who, ok := scope.Person()
	if !ok {
		return Incident{}, feed.Cursor{}, false, access.ErrUnauthenticated
	}
	// The content as it was sent decides whether a second report is the same;
	// what we fill in may differ from one day to the next.
	content, err := r.hash(who.ID)
	if err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	if r.Source == "" {
		r.Source = "worker"
	}
	if err := r.check(); err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	cl, err := s.class(ctx, r.Standard, r.Class)
	if err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	if r.Severity == 0 {
		r.Severity = cl.Severity
	}
	loc, err := s.locate(ctx, "place", r.At)
	if err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}

	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		args := pgx.NamedArgs{
			"uuid": r.UUID, "standard": cl.Standard, "class": cl.Code, "severity": r.Severity, "description": r.Description,
			"place": r.Place, "source": r.Source, "dept": cl.Dept, "reporter": who.ID, "occurred_at": nil, "content": content,
			"crs": loc.crs.String(), "x": nil, "y": nil, "srid": loc.crs.SRID(), "geom": loc.at,
		}
		if !r.OccurredAt.IsZero() {
			args["occurred_at"] = r.OccurredAt
		}
		if loc.orig != nil {
			args["x"], args["y"] = loc.orig[0], loc.orig[1]
		}
		err := tx.QueryRow(ctx, reportSQL, args).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			again = true
			return nil
		}
		if err != nil {
			return err
		}
		if err := step(ctx, tx, id, who, "report", "", Reported, ""); err != nil {
			return err
		}
		if err := attach(ctx, tx, id, "photos", r.Photos); err != nil {
			return err
		}
		if r.Contact != "" {
			if _, err := tx.Exec(ctx, `INSERT INTO onemap.incident_contact (incident, contact) VALUES (@id, @contact)`,
				pgx.NamedArgs{"id": id, "contact": r.Contact}); err != nil {
				return err
			}
		}
		return audit(ctx, tx, scope, "incident.report", id, r.Address, "")
	})
	if err != nil {
		return Incident{}, feed.Cursor{}, false, wrap("report incident", err)
	}
	if again {
		if id, err = s.sameReport(ctx, r.UUID, who.ID, content); err != nil {
			return Incident{}, feed.Cursor{}, false, err
		}
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return Incident{}, feed.Cursor{}, false, fmt.Errorf("report incident: %w", err)
	}
	i, err = s.Get(ctx, scope, id)
	return i, at, again, err
}

// sameReport returns the incident of an earlier report, if that was the same one.
func (s *Store) sameReport(ctx context.Context, id uuid.UUID, reporter int64, content string) (int64, error) {
	var incident int64
	err := s.Layers.DB().QueryRow(ctx, `SELECT id FROM map.incident
		WHERE uuid = @uuid AND reporter = @reporter AND attributes ->> 'content' = @content`,
		pgx.NamedArgs{"uuid": id, "reporter": reporter, "content": content}).Scan(&incident)
	if errors.Is(err, pgx.ErrNoRows) {
		// It does not say whose or what: the other report may be hidden from the caller.
		return 0, fmt.Errorf("a different report has the uuid %s: give a new report a new uuid: %w", id, layers.ErrConflict)
	}
	if err != nil {
		return 0, fmt.Errorf("find report %s: %w", id, err)
	}
	return incident, nil
}

// hash identifies what a person sent.
func (r Report) hash(person int64) (string, error) {
	if !r.OccurredAt.IsZero() {
		r.OccurredAt = r.OccurredAt.UTC()
	}
	r.Address = "" // a phone changes it between two tries
	b, err := json.Marshal(struct {
		Person int64
		Report Report
	}{person, r})
	if err != nil { // a coordinate that is no number
		return "", &layers.InputError{Field: "place.coordinates", Remedy: "two finite numbers"}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// check says what is wrong with r as far as that can be seen without the database.
func (r Report) check() error {
	if r.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a new UUID for each report, kept when it is sent again"}
	}
	if r.Severity < 0 || r.Severity > 4 {
		return &layers.InputError{Field: "severity", Value: fmt.Sprint(r.Severity), Remedy: "1 (red) to 4 (blue), or leave it out"}
	}
	if !slices.Contains(sources, r.Source) {
		return &layers.InputError{Field: "source", Value: short(r.Source), Remedy: "one of " + strings.Join(sources, ", ")}
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"description", r.Description, 4000}, {"place.text", r.Place, 256}, {"contact", r.Contact, 200}} {
		if err := checkText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if r.OccurredAt.After(time.Now().Add(clockSkew)) {
		return &layers.InputError{Field: "occurred_at", Value: r.OccurredAt.Format(time.RFC3339), Remedy: "a time that has passed: check the clock"}
	}
	if !r.OccurredAt.IsZero() && r.OccurredAt.Year() < 1900 {
		return &layers.InputError{Field: "occurred_at", Value: r.OccurredAt.Format(time.RFC3339), Remedy: "a time after 1900"}
	}
	return nil
}

// checkText refuses a text of more than most characters, and what PostgreSQL
// cannot keep: broken UTF-8 and the character NUL.
func checkText(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return &layers.InputError{Field: field, Value: short(text), Remedy: fmt.Sprintf("at most %d characters (it has %d)", most, n)}
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return &layers.InputError{Field: field, Remedy: "text in UTF-8 without the character NUL"}
	}
	return nil
}

// short cuts a text for an error message.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
