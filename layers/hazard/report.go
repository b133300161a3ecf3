package hazard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/incident"
	"onemap/layers/locate"
)

// A Report is what whoever finds a hazard sends.
type Report struct {
	UUID        uuid.UUID // made by the client: sent again, it is the same report
	Level       string    // as the finder sees it; "": general
	Kind        string
	Title       string
	Description string
	At          *locate.Place // nil: the enterprise's
	Place       string        // in words
	Enterprise  int64         // map.enterprise.id; 0: none
	Incident    int64         // map.incident.id that it came from; 0: none
	FoundAt     time.Time     // by the finder's clock, kept and not counted with; zero: now
	Plan        *Proposal     `json:",omitempty"` // nil: nothing is proposed
	Photos      []incident.Shown
	Address     string // the finder's IP address, for the audit
}

// A Finding is a hazard as it is written, by a report or by a visit.
type Finding struct {
	UUID                            uuid.UUID
	Level, Kind, Title, Description string
	Place, EnterpriseName           string
	Enterprise, Incident, Task      int64
	Item                            string // of the checklist
	Dept                            string
	At                              orb.Point // EPSG:4326
	CRS                             string
	Orig                            *orb.Point
	SRID                            int
	Content                         string
	Now                             time.Time
	Plan                            *Proposal // nil: nothing is proposed; checked
	Photos                          []incident.Shown
	Detail                          map[string]any // of its first flow record
	Address                         string
}

// Report writes a hazard and its first flow record, photos and audit entry in
// one transaction, and returns it with the cursor of the log after its commit.
// A report of a UUID that is there already is answered with the hazard as it is
// now, and again is true, if its content is the same, and with an error
// wrapping [layers.ErrConflict] if not. What is wrong with the report is a
// [layers.InputError].
func (s *Store) Report(ctx context.Context, scope access.Scope, r Report) (h Hazard, at feed.Cursor, again bool, err error) {
	who, ok := scope.Person()
	if !ok {
		return h, at, false, access.ErrUnauthenticated
	}
	content, err := hash(who.ID, r)
	if err != nil {
		return h, at, false, err
	}
	if err := r.check(); err != nil {
		return h, at, false, err
	}
	if err := r.Plan.Check("plan", r.FoundAt, s.now()); err != nil {
		return h, at, false, err
	}
	f := Finding{UUID: r.UUID, Level: r.Level, Kind: r.Kind, Title: strings.TrimSpace(r.Title), Description: r.Description, Place: r.Place, Enterprise: r.Enterprise,
		Incident: r.Incident, Content: content, Plan: r.Plan, Photos: r.Photos, Address: r.Address, Detail: map[string]any{}, Now: s.now()}
	if !r.FoundAt.IsZero() {
		f.Detail["client_at"] = r.FoundAt
	}
	if err := s.placed(ctx, scope, r, &f); err != nil {
		return h, at, false, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if id, err = Open(ctx, tx, scope, f); err != nil || id != 0 {
			return err
		}
		again = true
		return tx.QueryRow(ctx, `SELECT id FROM map.hazard WHERE uuid = @uuid AND finder = @me AND attributes ->> 'content' = @content`,
			pgx.NamedArgs{"uuid": r.UUID, "me": who.ID, "content": content}).Scan(&id)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		// It does not say whose or what: the other report may be hidden from the caller.
		err = fmt.Errorf("a different report has the uuid %s: give a new report a new uuid: %w", r.UUID, layers.ErrConflict)
	}
	if err != nil {
		return h, at, false, wrap("report hazard", err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return h, at, false, fmt.Errorf("report hazard: %w", err)
	}
	h, err = s.Get(ctx, scope, id)
	return h, at, again, err
}

// check says what is wrong with r as far as that can be seen without the database.
func (r *Report) check() error {
	if r.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a new UUID for each report, kept when it is sent again"}
	}
	if r.Level == "" {
		r.Level = General
	}
	if r.Level != General && r.Level != Major {
		return &layers.InputError{Field: "level", Value: layers.Short(r.Level), Remedy: "general or major"}
	}
	if strings.TrimSpace(r.Title) == "" {
		return &layers.InputError{Field: "title", Remedy: "say in a few words what the hazard is"}
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"title", r.Title, 200}, {"kind", r.Kind, 100}, {"description", r.Description, 4000}, {"place.text", r.Place, 256}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if r.At == nil && r.Enterprise == 0 {
		return &layers.InputError{Field: "place", Remedy: "where it is, or the enterprise where it is"}
	}
	return nil
}

// placed fills in where the hazard is, and whose enterprise it is at.
func (s *Store) placed(ctx context.Context, scope access.Scope, r Report, f *Finding) error {
	if r.At != nil {
		l, err := locate.On(ctx, s.Layers.DB(), "place", *r.At)
		if err != nil {
			return err
		}
		f.At, f.CRS, f.Orig, f.SRID = l.At, l.CRS.String(), l.Orig, l.CRS.SRID()
	}
	if r.Enterprise == 0 {
		return nil
	}
	l, err := s.Layers.Layer(ctx, "enterprise")
	if err != nil {
		return err
	}
	unknown := &layers.InputError{Field: "enterprise", Value: fmt.Sprint(r.Enterprise), Remedy: "the number of an enterprise that you may see"}
	var a layers.Args
	may := "false"
	if right, ok := scope.Layer(l); ok {
		if may, err = l.SQL(right.Where, &a); err != nil {
			return err
		}
	}
	id := a.Add(r.Enterprise)
	// Whoever visits it, or did, saw it.
	person, _ := scope.Person()
	cells, me, login := a.Add(scope.Cells()), a.Add(person.ID), a.Add(person.Login)
	var at orb.Point
	err = s.Layers.DB().QueryRow(ctx, `SELECT name, dept_code, geom FROM map.enterprise f WHERE id = `+id+` AND (`+may+` OR EXISTS (SELECT FROM onemap.task t
		WHERE t.enterprise = f.id AND (t.person = `+me+` OR t.done_by = `+login+` OR t.person IS NULL AND t.done_at IS NULL AND t.grid_code = ANY(`+cells+`::text[]))))`, a...).
		Scan(&f.EnterpriseName, &f.Dept, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return unknown
	}
	if err != nil {
		return fmt.Errorf("enterprise %d: %w", r.Enterprise, err)
	}
	if r.At == nil {
		f.At, f.CRS = at, "WGS84"
	}
	return nil
}

// Open writes a hazard with its first flow record, photos and audit entry in
// the caller's transaction, and returns its id; 0 where one with its UUID is
// there already.
func Open(ctx context.Context, tx pgx.Tx, scope access.Scope, f Finding) (id int64, err error) {
	who, _ := scope.Person()
	args := pgx.NamedArgs{"uuid": f.UUID, "level": f.Level, "kind": f.Kind, "title": f.Title, "description": f.Description, "place": f.Place,
		"enterprise": f.Enterprise, "enterprise_name": f.EnterpriseName, "task": f.Task, "item": f.Item, "incident": f.Incident, "dept": f.Dept,
		"finder": who.ID, "content": f.Content, "crs": f.CRS, "x": nil, "y": nil, "srid": f.SRID, "geom": f.At}
	if f.Orig != nil {
		args["x"], args["y"] = f.Orig[0], f.Orig[1]
	}
	days, warn, err := limit(ctx, tx, Found)
	if err != nil {
		return 0, err
	}
	now := f.Now
	args["now"], args["warn"], args["due"] = now, nil, nil
	if days > 0 {
		args["warn"], args["due"] = deadline(now, days, warn)
	}
	args["term"] = nil
	if f.Plan != nil && !f.Plan.Term.IsZero() {
		args["term"] = f.Plan.Term
	}
	err = tx.QueryRow(ctx, `INSERT INTO map.hazard (uuid, level, state, kind, title, description, place, enterprise, enterprise_name, task, item, incident, dept_code,
			finder, found_at, term_at, since, warn_at, due_at, attributes, crs, orig, geom)
		VALUES (@uuid, @level, 'found', @kind, @title, @description, @place, nullif(@enterprise, 0::bigint), @enterprise_name, nullif(@task, 0::bigint), @item, nullif(@incident, 0::bigint), @dept,
			nullif(@finder, 0::bigint), @now, @term::timestamptz, @now, @warn, @due, jsonb_build_object('content', @content::text), @crs,
			CASE WHEN @x::float8 IS NULL THEN NULL ELSE ST_SetSRID(ST_MakePoint(@x, @y), @srid::int) END, @geom)
		ON CONFLICT (uuid) DO NOTHING RETURNING id`, args).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if f.Detail == nil {
		f.Detail = map[string]any{}
	}
	f.Detail["level"] = f.Level
	if !f.Plan.Empty() {
		f.Detail["proposed"] = f.Plan.said()
		if err := plan(ctx, tx, id, Action{Measure: f.Plan.Measure, Responsible: f.Plan.Responsible, MoneyYuan: f.Plan.MoneyYuan, Contingency: f.Plan.Contingency}, true); err != nil {
			return 0, err
		}
	}
	step, err := record(ctx, tx, id, who, uuid.Nil, now, "find", "", Found, "", f.Detail)
	if err != nil {
		return 0, err
	}
	if err := attach(ctx, tx, id, step, "near", f.Photos); err != nil {
		return 0, err
	}
	return id, access.RecordTx(ctx, tx, scope, access.Entry{Action: "hazard.find", Object: fmt.Sprintf("hazard/%d", id), Result: access.Done, Address: f.Address})
}

// record appends to a hazard's flow.
func record(ctx context.Context, tx pgx.Tx, hazard int64, who access.Person, id uuid.UUID, at time.Time, action, from, to, opinion string, detail map[string]any) (step int64, err error) {
	var key *uuid.UUID
	if id != uuid.Nil {
		key = &id
	}
	if detail == nil {
		detail = map[string]any{}
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.hazard_flow (hazard, uuid, at, actor, org, action, from_state, to_state, opinion, detail)
		VALUES (@hazard, @uuid, @at, @actor, @org, @action, @from, @to, @opinion, @detail) RETURNING id`,
		pgx.NamedArgs{"hazard": hazard, "uuid": key, "at": at, "actor": who.Login, "org": who.Org, "action": action, "from": from, "to": to, "opinion": opinion, "detail": detail}).Scan(&step)
	return step, err
}

// hash identifies what a person sent: as it was sent, for what is filled in may
// differ from one day to the next.
func hash(person int64, sent any) (string, error) {
	switch v := sent.(type) {
	case Report:
		v.Address, v.FoundAt = "", v.FoundAt.UTC()
		v.Plan = v.Plan.UTC()
		sent = v
	case Action:
		v.Address, v.ClientAt, v.Term, v.Version = "", v.ClientAt.UTC(), v.Term.UTC(), 0
		sent = v
	}
	b, err := json.Marshal(struct {
		Person int64
		Sent   any
	}{person, sent})
	if err != nil { // a coordinate that is no number
		return "", &layers.InputError{Field: "place.coordinates", Remedy: "two finite numbers"}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Seen notes, in the caller's transaction, that an open hazard was found again.
// What is proposed then stands in it only until it is assessed: later there is
// a plan, and the proposal is in the flow for those who handle it.
func Seen(ctx context.Context, tx pgx.Tx, scope access.Scope, id int64, now time.Time, note string, p *Proposal, detail map[string]any, photos []incident.Shown) error {
	who, _ := scope.Person()
	var state string
	if err := tx.QueryRow(ctx, `SELECT state FROM map.hazard WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil {
		return err
	}
	if !p.Empty() {
		detail["proposed"] = p.said()
		if state == Found || state == Registered {
			if err := propose(ctx, tx, id, p); err != nil {
				return err
			}
		}
	}
	step, err := record(ctx, tx, id, who, uuid.Nil, now, "seen_again", state, state, note, detail)
	if err != nil {
		return err
	}
	return attach(ctx, tx, id, step, "near", photos)
}
