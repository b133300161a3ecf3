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

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/feed"
)

// A Report is what a reporter sends.
type Report struct {
	UUID        uuid.UUID // made by the client: sent again, it is the same report
	Standard    string    // the class's list; "" where its code is in one list only
	Class       string    // a matter's code; "" with an asset: its defect
	Severity    int       // 1 to 4; 0: the class's own
	Source      string    // worker, public, hotline, sensor or video; "": worker
	At          Place
	Place       string // in words
	Description string
	OccurredAt  time.Time // zero: now
	Contact     string    // how to reach the reporter, where they leave it
	Photos      []Shown   // uploaded before
	Asset       int64     // number of the component that it is about; 0: none
	Condition   string    // the filing condition that the reporter sees; "": none
	SelfHandled bool      // settled on the spot (自处理): needs a photo of after
	// Another system's name of it, for what comes over a bridge: the same one again is the same report.
	ExternalSource string
	ExternalID     string
	Address        string // the reporter's IP address, for the audit
}

// ClockSkew is how far ahead of ours a reporter's clock may be.
const ClockSkew = 10 * time.Minute

// MaxPhotos is how many photos an incident may have.
const MaxPhotos = 20

var sources = []string{"worker", "public", "hotline", "sensor", "video"}
var photoKinds = []string{"near", "far", "reference", "before", "after"}

//go:embed sql/report.sql
var reportSQL string

// Report writes an incident and its first flow record, photos and audit entry
// in one transaction, and returns it with the cursor of the log after its
// commit, with what does not fit together in it, and with cases that are
// likely the same.
//
// A report of a UUID that is there already is answered with the incident as it
// is now, and again is true, if its content is the same, and with an error
// wrapping [layers.ErrConflict] if not. One of an external source is the same
// as an earlier one of the same source and id, whatever its content. What is
// wrong with the report is an [layers.InputError].
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
	if err := r.check(s.now()); err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	loc, err := s.locate(ctx, "place", r.At)
	if err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	set, err := s.settings(ctx)
	if err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	var id int64
	var warnings []Warning
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		n := &newcomer{s: s, tx: tx, scope: scope, who: who, set: set, r: r, at: loc, content: content}
		id, err = n.write(ctx)
		warnings, again = n.warnings, id == 0
		return err
	})
	if errors.Is(err, layers.ErrInvalid) {
		// What was taken once is not refused when its acknowledgement was lost and
		// its class has ended since, or the grids are others.
		if _, bad := s.sameReport(ctx, r, who.ID, content); bad == nil {
			err, again = nil, true
		}
	}
	if err != nil {
		return Incident{}, feed.Cursor{}, false, access.Wrap("report incident", err)
	}
	if again {
		if id, err = s.sameReport(ctx, r, who.ID, content); err != nil {
			return Incident{}, feed.Cursor{}, false, err
		}
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return Incident{}, feed.Cursor{}, false, fmt.Errorf("report incident: %w", err)
	}
	if i, err = s.Get(ctx, scope, id); err != nil {
		return Incident{}, feed.Cursor{}, false, err
	}
	i.Warnings = warnings
	if !ended(i.State) {
		i.Duplicates, err = s.Duplicates(ctx, scope, id)
	}
	return i, at, again, err
}

// sameReport returns the incident of an earlier report, if that was the same one.
func (s *Store) sameReport(ctx context.Context, r Report, reporter int64, content string) (int64, error) {
	var incident int64
	err := s.Layers.DB().QueryRow(ctx, `SELECT id FROM map.incident
		WHERE uuid = @uuid AND coalesce(reporter, 0) = @reporter AND attributes ->> 'content' = @content
		UNION ALL SELECT id FROM map.incident WHERE external_source <> '' AND external_source = @source AND external_id = @external`,
		pgx.NamedArgs{"uuid": r.UUID, "reporter": reporter, "content": content, "source": r.ExternalSource, "external": r.ExternalID}).Scan(&incident)
	if errors.Is(err, pgx.ErrNoRows) {
		// It does not say whose or what: the other report may be hidden from the caller.
		return 0, fmt.Errorf("a different report has the uuid %s: give a new report a new uuid: %w", r.UUID, layers.ErrConflict)
	}
	if err != nil {
		return 0, fmt.Errorf("find report %s: %w", r.UUID, err)
	}
	return incident, nil
}

// A newcomer is a report while it is written.
type newcomer struct {
	s         *Store
	tx        pgx.Tx
	scope     access.Scope
	who       access.Person
	set       settings
	r         Report
	at        located
	content   string
	class     class.Of
	component *component
	warnings  []Warning
}

// write returns the new incident's number; 0 where the report is there already.
func (n *newcomer) write(ctx context.Context) (id int64, err error) {
	r := n.r
	if err := n.classify(ctx); err != nil {
		return 0, err
	}
	if r.Severity == 0 {
		r.Severity = n.class.Severity
	}
	rec := Record{Actor: n.who.Login, Org: n.who.Org, Post: n.post(), Action: "report", To: Reported, Detail: Detail{Condition: r.Condition}}
	if r.SelfHandled {
		rec.To = SelfHandled
	}
	if r.ExternalSource != "" {
		rec.Detail.External = r.ExternalSource + "/" + r.ExternalID
	}
	rec.Detail.Photos, rec.Detail.Stage = len(r.Photos), n.set.Stage(rec.To)
	args := pgx.NamedArgs{
		"uuid": r.UUID, "standard": n.class.Standard, "class": n.class.Code, "severity": r.Severity, "description": r.Description,
		"place": r.Place, "source": r.Source, "state": rec.To, "reporter": nil, "occurred_at": nil, "now": nil, "content": n.content, "asset": nil,
		"external_source": r.ExternalSource, "external_id": r.ExternalID,
		"crs": n.at.crs.String(), "x": nil, "y": nil, "srid": n.at.crs.SRID(), "geom": n.at.at,
	}
	if n.who.ID != 0 {
		args["reporter"] = n.who.ID
	}
	if r.Asset != 0 {
		args["asset"] = r.Asset
	}
	if !r.OccurredAt.IsZero() {
		args["occurred_at"] = r.OccurredAt
	}
	if n.s.Clock != nil {
		args["now"] = n.s.Clock()
	}
	if n.at.orig != nil {
		args["x"], args["y"] = n.at.orig[0], n.at.orig[1]
	}
	var grid, area string
	err = n.tx.QueryRow(ctx, reportSQL, args).Scan(&id, &rec.At, &grid, &area)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if grid == "" {
		if err := notFar(ctx, n.tx, "place", n.at.at); err != nil {
			return 0, err
		}
	}
	answer, err := n.s.classes().Responsible(ctx, n.tx, class.Question{Standard: n.class.Standard, Code: n.class.Code, Grid: grid, Area: area, Asset: r.Asset})
	if err != nil {
		return 0, err
	}
	rec.Dept = answer.Dept
	if r.Condition != "" {
		if _, err := n.s.classes().Condition(ctx, n.tx, n.class.Standard, n.class.Code, r.Condition, "B"); err != nil {
			return 0, err
		}
	}
	n.compare(grid, answer.Dept)
	if err := attach(ctx, n.tx, id, "photos", "", r.Photos); err != nil {
		return 0, err
	}
	b := &pgx.Batch{}
	var st Standing
	queueStep(b, id, uuid.Nil, rec, &st, n.set.Rules)
	queueStanding(b, id, st, false)
	if r.Contact != "" {
		b.Queue(`INSERT INTO onemap.incident_contact (incident, contact) VALUES (@id, @contact)`, pgx.NamedArgs{"id": id, "contact": r.Contact})
	}
	if err := n.tx.SendBatch(ctx, b).Close(); err != nil {
		return 0, err
	}
	return id, audit(ctx, n.tx, n.scope, "incident.report", id, r.Address, "")
}

// post is the role in which somebody reports.
func (n *newcomer) post() string {
	for _, role := range []access.Role{access.GridWorker, access.Acceptor, access.DepartmentOfficer} {
		if n.scope.Has(role) && n.who.ID != 0 {
			return string(role)
		}
	}
	if n.scope.Has(access.CommandCentre) && n.who.ID != 0 {
		return string(access.Acceptor) // stands in
	}
	return "reporter"
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
func (r Report) check(now time.Time) error {
	if r.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a new UUID for each report, kept when it is sent again"}
	}
	if r.Severity < 0 || r.Severity > 4 {
		return &layers.InputError{Field: "severity", Value: fmt.Sprint(r.Severity), Remedy: "1 (red) to 4 (blue), or leave it out"}
	}
	if !slices.Contains(sources, r.Source) {
		return &layers.InputError{Field: "source", Value: layers.Short(r.Source), Remedy: "one of " + strings.Join(sources, ", ")}
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"description", r.Description, 4000}, {"place.text", r.Place, 256}, {"contact", r.Contact, 200}, {"external_source", r.ExternalSource, 60}, {"external_id", r.ExternalID, 200}, {"condition", r.Condition, 24}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if r.SelfHandled && !slices.ContainsFunc(r.Photos, func(p Shown) bool { return p.Kind == "after" }) {
		return &layers.InputError{Field: "photos", Remedy: "what was settled on the spot needs a photo of kind after"}
	}
	if (r.ExternalSource == "") != (r.ExternalID == "") {
		return &layers.InputError{Field: "external_id", Remedy: "the source and its id, or neither"}
	}
	if r.OccurredAt.After(now.Add(ClockSkew)) {
		return &layers.InputError{Field: "occurred_at", Value: r.OccurredAt.Format(time.RFC3339), Remedy: "a time that has passed: check the clock"}
	}
	if !r.OccurredAt.IsZero() && r.OccurredAt.Year() < 1900 {
		return &layers.InputError{Field: "occurred_at", Value: r.OccurredAt.Format(time.RFC3339), Remedy: "a time after 1900"}
	}
	return nil
}
