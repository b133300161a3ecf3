package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/locate"
	"onemap/layers/worktime"
)

// What a correction says is wrong.
const (
	WrongValue = "value"   // a field
	WrongPlace = "place"   // where it lies
	Gone       = "gone"    // it is no longer there
	Missing    = "missing" // something that the layer has not
	Double     = "double"  // it is there twice
	Other      = "other"
)

var corrections = []string{WrongValue, WrongPlace, Gone, Missing, Double, Other}

// mostOpen is how many open corrections one person may have.
const mostOpen = 200

// An Ask is a correction that somebody asks for.
type Ask struct {
	UUID     uuid.UUID // made by the client; sent again, it is the same
	Layer    string
	Feature  int64 // 0: none, of kinds missing and other
	Kind     string
	Field    string // of kind value
	Proposed string // what it should be, in words
	Place    *locate.Place
	Reason   string
	Rule     int64 // that the row failed; 0: none
	Address  string
}

// AskCorrection asks a layer's provider to correct something, and returns it
// with its deadline. Whoever sees a feature may. again is true where it was
// asked before with the same uuid.
//
// It returns an error wrapping [layers.ErrNotFound] for a layer or feature that
// the caller does not see, and a [layers.InputError] that names what is wrong.
func (s *Store) AskCorrection(ctx context.Context, by access.Scope, a Ask) (c Correction, again bool, err error) {
	who, ok := by.Person()
	if !ok {
		return c, false, access.ErrUnauthenticated
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.correction.' || $1, 0))`, strconv.FormatInt(who.ID, 10)); err != nil {
			return err
		}
		var asker int64
		err := tx.QueryRow(ctx, `SELECT id, asker FROM onemap.correction WHERE uuid = $1`, a.UUID).Scan(&id, &asker)
		switch {
		case err == nil && asker == who.ID:
			again = true
			return nil
		case err == nil:
			return fmt.Errorf("this uuid is another's: %w", layers.ErrConflict)
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		id, err = s.ask(ctx, tx, by, who, a)
		return err
	})
	if err != nil {
		return c, false, access.Wrap("ask for a correction", err)
	}
	c, err = s.Correction(ctx, by, id)
	return c, again, err
}

func (s *Store) ask(ctx context.Context, tx pgx.Tx, by access.Scope, who access.Person, a Ask) (int64, error) {
	l, right, err := s.visible(ctx, by, a.Layer)
	if err != nil {
		return 0, err
	}
	if err := checkAsk(l, right, a); err != nil {
		return 0, err
	}
	version := ""
	if a.Feature != 0 {
		if _, version, err = s.Layers.FeatureVersion(ctx, layers.Query{Layer: l, Where: right.Where}, a.Feature); err != nil {
			return 0, err
		}
	}
	var at orb.Geometry
	if a.Place != nil {
		found, err := locate.On(ctx, tx, "place", *a.Place)
		if err != nil {
			return 0, err
		}
		at = found.At
	}
	if a.Rule != 0 {
		var ok bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.quality_rule WHERE id = $1 AND layer = $2)`, a.Rule, l.Name).Scan(&ok); err != nil {
			return 0, err
		}
		if !ok {
			return 0, &layers.InputError{Field: "rule", Value: fmt.Sprint(a.Rule), Remedy: "a rule of " + l.Name}
		}
	}
	var open int
	err = tx.QueryRow(ctx, `SELECT count(*) FROM onemap.correction_now WHERE asker = $1 AND state IN ('asked', 'accepted', 'returned')`, who.ID).Scan(&open)
	if err != nil {
		return 0, err
	}
	if open >= mostOpen {
		return 0, fmt.Errorf("you have %d corrections open, which is the most at a time: %w", open, layers.ErrConflict)
	}
	provider, err := providerOf(ctx, tx, l)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.QueryRow(ctx, `INSERT INTO onemap.correction (uuid, layer, feature, version, kind, field, proposed, geom, reason, rule, asker, login, org, provider, asked_at)
		VALUES ($1, $2, nullif($3, 0::bigint), $4, $5, $6, $7, $8, $9, nullif($10, 0::bigint), $11, $12, $13, $14, $15) RETURNING id`,
		a.UUID, l.Name, a.Feature, version, a.Kind, a.Field, a.Proposed, at, strings.TrimSpace(a.Reason), a.Rule, who.ID, who.Login, who.Org, provider, s.now()).Scan(&id)
	if err != nil {
		return 0, err
	}
	if err := s.step(ctx, tx, id, step{UUID: uuid.New(), Login: who.Login, Org: who.Org, Action: "ask", State: Asked, clock: true}); err != nil {
		return 0, err
	}
	return id, access.RecordTx(ctx, tx, by, access.Entry{Action: "correction.ask", Object: fmt.Sprintf("correction/%d", id), Result: access.Done, Address: a.Address,
		Detail: map[string]any{"layer": l.Name, "feature": a.Feature, "kind": a.Kind, "field": a.Field}})
}

// checkAsk finds the first thing wrong with what is asked.
func checkAsk(l layers.Layer, right access.Right, a Ask) error {
	if a.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a uuid that the client makes"}
	}
	if !slices.Contains(corrections, a.Kind) {
		return &layers.InputError{Field: "kind", Value: layers.Short(a.Kind), Remedy: "one of " + strings.Join(corrections, ", ")}
	}
	if a.Feature == 0 && a.Kind != Missing && a.Kind != Other {
		return &layers.InputError{Field: "feature", Remedy: "the number of the feature that is wrong"}
	}
	if a.Feature != 0 && a.Kind == Missing {
		return &layers.InputError{Field: "feature", Remedy: "leave it out: what is missing has no number"}
	}
	switch {
	case a.Kind == WrongValue && !slices.Contains(right.Fields, a.Field):
		return &layers.InputError{Field: "field", Value: layers.Short(a.Field), Remedy: "a field of " + l.Name + " that you see"}
	case a.Kind != WrongValue && a.Field != "":
		return &layers.InputError{Field: "field", Remedy: "leave it out: only a wrong value has one"}
	case (a.Kind == WrongPlace || a.Kind == Missing) && a.Place == nil:
		return &layers.InputError{Field: "place", Remedy: "where it is"}
	case a.Kind != WrongPlace && a.Kind != Missing && a.Place != nil:
		return &layers.InputError{Field: "place", Remedy: "leave it out: only a wrong place and what is missing have one"}
	}
	if f, ok := l.Field(a.Field); ok && a.Proposed != "" {
		if _, err := parseValue("proposed", f.Type, a.Proposed); err != nil {
			return err
		}
	}
	if err := layers.CheckText("proposed", a.Proposed, 2000); err != nil {
		return err
	}
	if strings.TrimSpace(a.Reason) == "" {
		return &layers.InputError{Field: "reason", Remedy: "say what is wrong and how you know"}
	}
	return layers.CheckText("reason", a.Reason, 2000)
}

// providerOf is who answers for a layer: its owner, or the city's government
// where it has none.
func providerOf(ctx context.Context, tx pgx.Tx, l layers.Layer) (string, error) {
	if l.Owner != "" {
		return l.Owner, nil
	}
	var code string
	err := tx.QueryRow(ctx, `SELECT code FROM onemap.organisation WHERE parent IS NULL ORDER BY kind = 'government' DESC, code LIMIT 1`).Scan(&code)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", &layers.InputError{Field: "layer", Value: l.Name, Remedy: "a layer that somebody answers for: there is no organisation yet"}
	}
	return code, err
}

// parseValue reads the text of a value of a field's type.
func parseValue(at, typ, s string) (any, error) {
	s = strings.TrimSpace(s)
	var v any
	var err error
	want := ""
	switch typ {
	case "integer":
		want = "a whole number"
		v, err = strconv.ParseInt(s, 10, 64)
	case "number":
		want = "a number"
		v, err = strconv.ParseFloat(s, 64)
	case "boolean":
		want = "true or false"
		v, err = strconv.ParseBool(s)
	case "date":
		want = "a date such as 2026-11-23"
		v, err = time.Parse(time.DateOnly, s)
	case "time":
		want = "a time such as 2026-11-23T10:00:00+08:00"
		v, err = time.Parse(time.RFC3339, s)
	default:
		return s, nil
	}
	if err != nil {
		return nil, &layers.InputError{Field: at, Value: layers.Short(s), Remedy: want}
	}
	return v, nil
}

// A step is one entry of a correction's record.
type step struct {
	UUID    uuid.UUID
	Login   string
	Org     string
	Action  string
	State   string // "": as before
	Opinion string
	Detail  map[string]any
	clock   bool       // the provider's clock starts
	due     *time.Time // or goes on
}

// step appends to a correction's record, and puts down what its clock will ask for.
func (s *Store) step(ctx context.Context, tx pgx.Tx, correction int64, st step) error {
	if st.Detail == nil {
		st.Detail = map[string]any{}
	}
	var marks []time.Time
	if st.clock {
		var err error
		if marks, err = s.clock(ctx, tx); err != nil {
			return err
		}
		st.due = &marks[1]
	}
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO onemap.correction_step (correction, uuid, at, login, org, action, state, due_at, opinion, detail)
		VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10) RETURNING id`,
		correction, st.UUID, s.now(), st.Login, st.Org, st.Action, st.State, st.due, st.Opinion, st.Detail).Scan(&id)
	if err != nil || s.Jobs == nil {
		return err
	}
	for i, at := range marks {
		if err := s.Jobs.InsertTx(ctx, tx, clockJob{Correction: correction, Step: id, Level: i + 1}, &river.InsertOpts{ScheduledAt: at}); err != nil {
			return err
		}
	}
	return nil
}

// clock counts from now, on working days, when the provider is reminded, when
// the limit ends, and when silence has lasted twice as long.
func (s *Store) clock(ctx context.Context, tx pgx.Tx) ([]time.Time, error) {
	var text string
	err := tx.QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'correction.limit'), '10 working_day')`).Scan(&text)
	if err != nil {
		return nil, err
	}
	limit, err := worktime.ParseLimit(text)
	if err != nil {
		return nil, fmt.Errorf("setting correction.limit: %w", err)
	}
	calendar, err := s.Classes.Calendar(ctx, tx)
	if err != nil {
		return nil, err
	}
	warn, err := s.Classes.WarnPercent(ctx, tx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return []time.Time{calendar.Add(now, worktime.Share(limit.Length(), warn), limit.Unit), calendar.Deadline(now, limit), calendar.Add(now, 2*limit.Length(), limit.Unit)}, nil
}
