package hazard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/incident"
)

// An Action is what someone does to a hazard.
type Action struct {
	UUID        uuid.UUID // made by the client, may be uuid.Nil; sent again, it is the same action
	Name        string    // an action of [Transitions]
	Version     int       // of the hazard that the caller looked at; report_recheck and photo need none
	Opinion     string    // the reason, in words
	Dept        string
	Worker      string // login; "": any worker of the grid
	Level       string
	Measure     string
	Responsible string
	MoneyYuan   *float64
	Term        time.Time // until when
	Contingency string
	Result      string // of a re-check: passed, failed
	Task        int64  // of a re-check: the task that it is; 0: the one that is open
	Photos      []incident.Shown
	ClientAt    time.Time // by the client's clock, kept and not counted with
	Address     string    // the caller's IP address, for the audit
}

// Act does it, records it in the flow and the audit in the same transaction,
// and returns the hazard with the cursor of the log after the commit. Sent
// again with its UUID, it is not done again: again is true.
//
// It returns an error wrapping [layers.ErrNotFound] for a hazard that the
// caller may not see, [access.ErrForbidden] for an action that others may do,
// [layers.ErrConflict] where the hazard's state does not have it, a guard does
// not hold or someone acted since Version, saying what is possible, and a
// [layers.InputError] for the rest.
func (s *Store) Act(ctx context.Context, scope access.Scope, id int64, do Action) (h Hazard, at feed.Cursor, again bool, err error) {
	who, ok := scope.Person()
	if !ok {
		return h, at, false, access.ErrUnauthenticated
	}
	content, err := hash(who.ID, do)
	if err != nil {
		return h, at, false, err
	}
	if err := do.check(); err != nil {
		return h, at, false, err
	}
	v, err := s.sight(ctx, scope)
	if err != nil {
		return h, at, false, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// The row's lock first: the same action sent twice at once is done once.
		if _, err := tx.Exec(ctx, `SELECT FROM map.hazard WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		if again, err = done(ctx, tx, who, id, do.UUID, content); err != nil || again {
			if again {
				h, err = v.acted(ctx, tx, id)
			}
			return err
		}
		h, err = v.one(ctx, tx, id, "")
		if err != nil {
			return err
		}
		t, err := possible(ctx, tx, scope, h, do)
		if err != nil {
			return err
		}
		if err := v.do(ctx, tx, h, t, do, content); err != nil {
			return err
		}
		h, err = v.acted(ctx, tx, id)
		return err
	})
	if err != nil {
		return Hazard{}, at, false, wrap(fmt.Sprintf("act on hazard %d", id), err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return h, at, again, fmt.Errorf("act on hazard %d: %w", id, err)
	}
	return h, at, again, v.whole(ctx, s.Layers.DB(), &h)
}

// done says whether the caller did just this before.
func done(ctx context.Context, tx pgx.Tx, who access.Person, hazard int64, id uuid.UUID, content string) (bool, error) {
	if id == uuid.Nil {
		return false, nil
	}
	var same bool
	err := tx.QueryRow(ctx, `SELECT hazard = @hazard AND actor = @actor AND coalesce(detail ->> 'content' = @content, false) FROM onemap.hazard_flow WHERE uuid = @uuid`,
		pgx.NamedArgs{"hazard": hazard, "actor": who.Login, "content": content, "uuid": id}).Scan(&same)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err == nil && !same {
		err = fmt.Errorf("a different action has the uuid %s: give a new action a new uuid: %w", id, layers.ErrConflict)
	}
	return same, err
}

// check says what is wrong with an action whatever the hazard is.
func (do *Action) check() error {
	for _, t := range []struct {
		field, text string
		most        int
	}{{"opinion", do.Opinion, 2000}, {"measure", do.Measure, 4000}, {"responsible", do.Responsible, 100}, {"contingency", do.Contingency, 4000}, {"worker", do.Worker, 63}, {"dept", do.Dept, 32}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if do.Level != "" && do.Level != General && do.Level != Major {
		return &layers.InputError{Field: "level", Value: layers.Short(do.Level), Remedy: "general or major"}
	}
	if !isMoney(do.MoneyYuan) {
		return &layers.InputError{Field: "money_yuan", Remedy: "0 to 100,000,000,000 yuan"}
	}
	if do.Result != "" && do.Result != "passed" && do.Result != "failed" {
		return &layers.InputError{Field: "result", Value: layers.Short(do.Result), Remedy: "passed or failed"}
	}
	return nil
}

// fields are those that were sent, by the names that the table has.
func (do Action) fields() []string {
	var out []string
	for _, f := range []struct {
		name string
		sent bool
	}{{"dept", do.Dept != ""}, {"worker", do.Worker != ""}, {"level", do.Level != ""}, {"measure", strings.TrimSpace(do.Measure) != ""}, {"responsible", strings.TrimSpace(do.Responsible) != ""},
		{"money", do.MoneyYuan != nil}, {"term", !do.Term.IsZero()}, {"contingency", strings.TrimSpace(do.Contingency) != ""}, {"result", do.Result != ""}, {"photos", len(do.Photos) > 0}} {
		if f.sent {
			out = append(out, f.name)
		}
	}
	return out
}

// anyVersion are the actions of a phone that was without signal: their guard
// is the state, and that the task is still open.
var anyVersion = []string{"report_recheck", "photo"}

// possible finds the line of the table for what the caller wants, or says why not.
func possible(ctx context.Context, tx pgx.Tx, scope access.Scope, h Hazard, do Action) (Transition, error) {
	can := strings.Join(h.Actions, ", ")
	if can == "" {
		can = "nothing by you"
	}
	known, role := false, false
	for _, t := range Transitions {
		known = known || t.Action == do.Name
		// Whose task a re-check is may have changed: that is the state's answer, not the right's.
		role = role || t.Action == do.Name && (t.Assigned && scope.Has(t.By...) || t.mayBy(scope, h))
	}
	if !known {
		return Transition{}, &layers.InputError{Field: "action", Value: layers.Short(do.Name), Remedy: "possible now: " + can}
	}
	// Who may never do this hears so first; the state is none of their business.
	if !role {
		return Transition{}, fmt.Errorf("%s hazard %d: %w", do.Name, h.ID, access.ErrForbidden)
	}
	if do.Version == 0 && !slices.Contains(anyVersion, do.Name) {
		return Transition{}, &layers.InputError{Field: "version", Remedy: "the version of the hazard that you looked at"}
	}
	t, says := line(scope, h, do.Name)
	if t.Action == "" && says == "" && do.Name == "report_recheck" {
		says = lastRecheck(ctx, tx, h)
	}
	if t.Action == "" || do.Version != 0 && do.Version != h.Version {
		if says != "" {
			says += "; "
		}
		return Transition{}, fmt.Errorf("%shazard %d is %s at version %d; possible now: %s: %w", says, h.ID, h.State, h.Version, can, layers.ErrConflict)
	}
	return t, t.sent(h, do)
}

// line returns the line of the table for an action on a hazard as it is, or
// what the guard says that does not let it.
func line(scope access.Scope, h Hazard, action string) (t Transition, says string) {
	for _, t := range Transitions {
		if t.Action != action || !slices.Contains(t.From, h.State) || !t.mayBy(scope, h) {
			continue
		}
		g, fails := t.fails(h)
		if !fails {
			return t, ""
		}
		says = g.Says
	}
	return Transition{}, says
}

// lastRecheck says who did the re-check that the caller was sent to do.
func lastRecheck(ctx context.Context, tx pgx.Tx, h Hazard) string {
	var by, result string
	var at time.Time
	err := tx.QueryRow(ctx, `SELECT coalesce(done_by, ''), result, done_at FROM onemap.task WHERE hazard = $1 AND kind = 'recheck' AND done_at IS NOT NULL ORDER BY done_at DESC LIMIT 1`, h.ID).
		Scan(&by, &result, &at)
	switch {
	case err != nil:
		return "it is not your task"
	case result == "cancelled":
		return "the re-check was called back at " + at.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("the re-check was done by %s (%s) at %s", by, result, at.UTC().Format(time.RFC3339))
}

// sent says what is missing from the action, or is too much.
func (t Transition) sent(h Hazard, do Action) error {
	sent := do.fields()
	for _, f := range sent {
		if !t.has(f) {
			return &layers.InputError{Field: f, Remedy: "leave it out: " + t.Action + " takes none"}
		}
	}
	for _, f := range t.Needs {
		if !slices.Contains(sent, f) {
			return &layers.InputError{Field: f, Remedy: t.Action + " needs it"}
		}
	}
	switch {
	case t.Opinion && strings.TrimSpace(do.Opinion) == "":
		return &layers.InputError{Field: "opinion", Remedy: "say why: " + t.Action + " needs a reason"}
	case do.Result == "failed" && strings.TrimSpace(do.Opinion) == "":
		return &layers.InputError{Field: "opinion", Remedy: "say what is still wrong"}
	case t.Action == "assess" && do.Level == Major && do.MoneyYuan == nil:
		return &layers.InputError{Field: "money_yuan", Remedy: "a major hazard's plan has all five parts: the money, too"}
	case t.Action == "assess" && do.Level == Major && strings.TrimSpace(do.Contingency) == "":
		return &layers.InputError{Field: "contingency", Remedy: "a major hazard's plan has all five parts: what is done if it goes wrong meanwhile, too"}
	case t.Action == "replan" && len(sent) == 0:
		return &layers.InputError{Field: "measure", Remedy: "one of measure, responsible, money_yuan, contingency: what is planned otherwise"}
	}
	return nil
}
