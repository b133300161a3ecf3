package incident

import (
	"context"
	"crypto/sha256"
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

// An Action is what someone does to an incident.
type Action struct {
	UUID      uuid.UUID // made by the client: sent again, it is the same action; zero: none
	Name      string    // an action of [Transitions]
	Version   int       // of the incident that the caller looked at
	Opinion   string    // the reason, in words
	Dept      string    // file, dispatch, decide: whose it is; return: who is thought responsible
	Worker    string    // send_verify, send_check, assign: login
	Condition string    // file: the filing condition
	Until     time.Time // ask_suspension
	Into      int64     // merge: the case that goes on
	Result    string    // report_verify: true, false, unknown; report_check: passed, failed
	Standard  string    // register: the class's list
	Class     string    // register
	Severity  int       // register: 1 to 4; 0: as it is
	Photos    []Shown   // uploaded before
	DoneAt    time.Time // when it was done, by the client's clock; zero: now
	Address   string    `json:"-"` // the caller's IP address, for the audit
}

// Act does it, records it in the flow and the audit in the same transaction,
// and returns the incident with the cursor of the log after the commit. An
// action with a UUID that was done already is not done again: the incident
// is returned as it is now. Of one that went out of the caller's sight by then,
// as a case that they returned, only the ID is.
//
// It returns an error wrapping [layers.ErrNotFound] for an incident that the
// caller may not see, [access.ErrForbidden] for an action that others may do,
// [layers.ErrConflict] where the incident's state or what happened to it do not
// allow it, someone acted since Version, or the UUID is another action's,
// saying why and what is possible, and a [layers.InputError] for the rest.
func (s *Store) Act(ctx context.Context, scope access.Scope, id int64, do Action) (Incident, feed.Cursor, error) {
	who, ok := scope.Person()
	if !ok {
		return Incident{}, feed.Cursor{}, access.ErrUnauthenticated
	}
	if err := do.check(s.now()); err != nil {
		return Incident{}, feed.Cursor{}, err
	}
	set, err := s.settings(ctx)
	if err != nil {
		return Incident{}, feed.Cursor{}, err
	}
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Incident{}, feed.Cursor{}, err
	}
	v.whole = true
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		d := &deed{s: s, tx: tx, scope: scope, who: who, set: set, do: do}
		return d.run(ctx, v, id)
	})
	if pgCode(err) == uniqueViolation {
		err = fmt.Errorf("another action has the uuid %s: %w", do.UUID, layers.ErrConflict)
	}
	if err != nil {
		return Incident{}, feed.Cursor{}, access.Wrap(fmt.Sprintf("act on incident %d", id), err)
	}
	at, err := feed.Now(ctx, s.Layers.DB())
	if err != nil {
		return Incident{}, feed.Cursor{}, fmt.Errorf("act on incident %d: %w", id, err)
	}
	i, err := s.Get(ctx, scope, id)
	if errors.Is(err, layers.ErrNotFound) { // done all the same: it went to others
		return Incident{ID: id, Actions: []string{}}, at, nil
	}
	return i, at, err
}

const uniqueViolation = "23505"

// check says what is wrong with an action as far as that can be seen alone.
func (do Action) check(now time.Time) error {
	if err := layers.CheckText("opinion", do.Opinion, 2000); err != nil {
		return err
	}
	if do.Severity < 0 || do.Severity > 4 {
		return &layers.InputError{Field: "severity", Value: fmt.Sprint(do.Severity), Remedy: "1 (red) to 4 (blue), or leave it out"}
	}
	if do.DoneAt.After(now.Add(ClockSkew)) {
		return &layers.InputError{Field: "done_at", Value: do.DoneAt.Format(time.RFC3339), Remedy: "a time that has passed: check the clock"}
	}
	for field, text := range map[string]string{"dept": do.Dept, "worker": do.Worker, "condition": do.Condition, "result": do.Result, "class.standard": do.Standard, "class.code": do.Class} {
		if err := layers.CheckText(field, text, 100); err != nil {
			return err
		}
	}
	return nil
}

// A deed is an action while it is done.
type deed struct {
	s     *Store
	tx    pgx.Tx
	scope access.Scope
	who   access.Person
	set   settings
	do    Action

	i      Incident // as it was
	t      Transition
	st     Standing // as it stands, then as it will
	record Record   // of the action
	after  []Record // that the action brings with it
	flow   []Record // so far
	class  class.Of // register: the one it is given; Code "": none
	number string   // file: the one it is given
	also   func(*pgx.Batch)
}

// run does it.
func (d *deed) run(ctx context.Context, v sight, id int64) (err error) {
	if d.do.Name == "merge" && d.do.Into != 0 {
		// Both in the order of their numbers: two who merge each into the other wait, and do not deadlock.
		if _, err := d.tx.Exec(ctx, `SELECT FROM map.incident WHERE id IN (@id, @into) ORDER BY id FOR UPDATE`,
			pgx.NamedArgs{"id": id, "into": d.do.Into}); err != nil {
			return err
		}
	}
	if d.i, err = v.one(ctx, d.tx, d.scope, id, " FOR UPDATE OF f"); err != nil {
		if errors.Is(err, layers.ErrNotFound) {
			d.i.ID = id
			if again, _ := d.again(ctx); again { // what they did took it out of their sight
				return nil
			}
		}
		return err
	}
	if again, err := d.again(ctx); again || err != nil {
		return err
	}
	if d.t, err = possible(d.scope, d.i, d.do); err != nil {
		return err
	}
	flow, now, err := records(ctx, d.tx, id)
	if err != nil {
		return err
	}
	if d.s.Clock != nil {
		now = d.s.Clock().Truncate(time.Microsecond)
	}
	d.flow, d.st = flow, d.i.standing(d.set.Rules, flow)
	if now.Before(d.st.last) {
		now = d.st.last // this transaction began before the one that it waited for
	}
	d.record = Record{At: now, Actor: d.who.Login, Org: d.who.Org, Post: d.t.post(d.scope, d.i), Action: d.t.Action, From: d.i.State, To: d.t.To,
		Dept: d.i.Dept, Opinion: d.do.Opinion}
	if d.record.To == "" {
		d.record.To = d.i.State
	}
	if !d.do.DoneAt.IsZero() {
		at := d.do.DoneAt.UTC()
		d.record.Detail.DoneAt = &at
	}
	if d.do.UUID != uuid.Nil {
		d.record.Detail.Sent = d.do.hash(id)
	}
	if effect := effects[d.t.Action]; effect != nil {
		if err := effect(ctx, d); err != nil {
			return err
		}
	}
	if d.t.has("photos") {
		d.record.Detail.Photos = len(d.do.Photos)
		if err := attach(ctx, d.tx, id, "photos", d.who.Login, d.do.Photos); err != nil {
			return err
		}
	}
	if err := d.write(ctx); err != nil {
		return err
	}
	return audit(ctx, d.tx, d.scope, "incident."+d.t.Action, id, d.do.Address, d.do.Opinion)
}

// write brings the records into the flow and where the case stands then into
// its row.
func (d *deed) write(ctx context.Context) error {
	b := &pgx.Batch{}
	for n, r := range append([]Record{d.record}, d.after...) {
		if r.From != r.To {
			r.Detail.Stage = d.set.Stage(r.To)
		}
		id := uuid.Nil
		if n == 0 {
			id = d.do.UUID
		}
		queueStep(b, d.i.ID, id, r, &d.st, d.set.Rules)
	}
	queueStanding(b, d.i.ID, d.st, true)
	if d.class.Code != "" {
		b.Queue(`UPDATE map.incident SET class_standard = @standard, class_code = @code, severity = @severity WHERE id = @id`,
			pgx.NamedArgs{"standard": d.class.Standard, "code": d.class.Code, "severity": d.class.Severity, "id": d.i.ID})
	}
	if d.number != "" {
		b.Queue(`UPDATE map.incident SET number = @number WHERE id = @id`, pgx.NamedArgs{"number": d.number, "id": d.i.ID})
	}
	if d.also != nil {
		d.also(b)
	}
	if ended(d.st.State) && !ended(d.i.State) {
		// How to reach the reporter is kept no longer than it is needed.
		b.Queue(`DELETE FROM onemap.incident_contact WHERE incident = @id`, pgx.NamedArgs{"id": d.i.ID})
	}
	if d.i.State != d.st.State && (d.i.State == Verifying || d.i.State == Checking) {
		b.Queue(cancelTasks, pgx.NamedArgs{"id": d.i.ID, "at": d.record.At, "by": d.who.Login})
	}
	return d.tx.SendBatch(ctx, b).Close()
}

// again says whether the action was done before under its UUID.
func (d *deed) again(ctx context.Context) (bool, error) {
	if d.do.UUID == uuid.Nil {
		return false, nil
	}
	var of int64
	var actor, sent string
	err := d.tx.QueryRow(ctx, `SELECT incident, actor, coalesce(detail ->> 'sent', '') FROM onemap.incident_flow WHERE uuid = @uuid`,
		pgx.NamedArgs{"uuid": d.do.UUID}).Scan(&of, &actor, &sent)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case of != d.i.ID || actor != d.who.Login || sent != d.do.hash(d.i.ID):
		return false, fmt.Errorf("a different action has the uuid %s: give a new action a new uuid: %w", d.do.UUID, layers.ErrConflict)
	}
	return true, nil
}

// hash identifies what was sent. The version is not part of it: a client that
// looked again before it sent again means the same.
func (do Action) hash(id int64) string {
	do.Version, do.Address = 0, ""
	do.Until, do.DoneAt = do.Until.UTC(), do.DoneAt.UTC()
	b, _ := json.Marshal(struct {
		ID     int64
		Action Action
	}{id, do}) // of texts, numbers and times: it cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A refusal says in its own words why not, and what is possible instead; kind
// is what it is an error of.
type refusal struct {
	says string
	kind error
}

func (r *refusal) Error() string { return r.says }
func (r *refusal) Unwrap() error { return r.kind }

// whoMay names who does an action, in whatever state, in words.
func whoMay(action string) string {
	var who []string
	add := func(s string) {
		if !slices.Contains(who, s) {
			who = append(who, s)
		}
	}
	for _, t := range Transitions {
		if t.Action != action {
			continue
		}
		for _, role := range t.By {
			switch field := role == access.DepartmentOfficer || role == access.GridWorker; {
			case t.Assigned:
				add("the " + string(role) + " whose task it is")
			case t.Responsible && field:
				add("a " + string(role) + " of the department that it is with")
			default:
				add(string(role))
			}
		}
		if t.Reporter {
			add("who reported it")
		}
	}
	return strings.Join(who, ", ")
}

// possible finds the line of the table for what the caller wants, or says why not.
func possible(scope access.Scope, i Incident, do Action) (Transition, error) {
	can := strings.Join(i.Actions, ", ")
	if can == "" {
		can = "nothing by you"
	}
	// Who may never do this hears so first; the state is none of their business.
	known, role, once := false, false, false
	for _, t := range Transitions {
		known = known || t.Action == do.Name
		role = role || t.Action == do.Name && t.post(scope, i) != ""
		once = once || t.Action == do.Name && slices.ContainsFunc(t.By, func(r access.Role) bool { return scope.Has(r) })
	}
	if !known {
		return Transition{}, &layers.InputError{Field: "action", Value: layers.Short(do.Name), Remedy: "possible now: " + can}
	}
	refuse := func(why string) error {
		return &refusal{fmt.Sprintf("%s: %sincident %d is %s at version %d; possible now: %s", do.Name, why, i.ID, i.State, i.Version, can), layers.ErrConflict}
	}
	const faster = "somebody acted since you looked; "
	t, here := transition(do.Name, i.State)
	if !role || here && t.post(scope, i) == "" {
		if once && do.Version != 0 && do.Version != i.Version {
			// It may have been theirs when they looked: a task that is over, a step
			// that belongs to another post by now.
			return Transition{}, refuse(faster)
		}
		return Transition{}, &refusal{fmt.Sprintf("%s incident %d: you may not do this: it is for %s; possible now: %s", do.Name, i.ID, whoMay(do.Name), can), access.ErrForbidden}
	}
	if do.Version == 0 {
		return Transition{}, &layers.InputError{Field: "version", Remedy: "the version of the incident that you looked at"}
	}
	if !here {
		return Transition{}, refuse("")
	}
	if do.Version != i.Version {
		return Transition{}, refuse(faster)
	}
	if g, bad := t.fails(i); bad {
		return Transition{}, refuse(g.Says + "; ")
	}
	return t, t.complete(do)
}

// complete says what is missing of an action, or too much.
func (t Transition) complete(do Action) error {
	if t.Opinion && strings.TrimSpace(do.Opinion) == "" {
		return &layers.InputError{Field: "opinion", Remedy: "say why: " + do.Name + " needs a reason"}
	}
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"dept", do.Dept != ""}, {"worker", do.Worker != ""}, {"condition", do.Condition != ""}, {"until", !do.Until.IsZero()},
		{"into", do.Into != 0}, {"result", do.Result != ""}, {"class", do.Class != ""}, {"severity", do.Severity != 0}, {"photos", len(do.Photos) > 0},
	} {
		if !f.given && slices.Contains(t.Needs, f.name) {
			return &layers.InputError{Field: f.name, Remedy: do.Name + " needs it"}
		}
		if f.given && !t.has(f.name) {
			return &layers.InputError{Field: f.name, Remedy: "leave it out: " + do.Name + " has no use for it"}
		}
	}
	return nil
}
