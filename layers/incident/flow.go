package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// records reads a case's flow, and the database's time: after the case's row
// is locked, nobody writes a later one.
func records(ctx context.Context, tx pgx.Tx, incident int64) (flow []Record, now time.Time, err error) {
	rows, err := tx.Query(ctx, `SELECT at, actor, post, org, action, from_state, to_state, dept, opinion, detail, clock_timestamp()
		FROM onemap.incident_flow WHERE incident = @id ORDER BY id`, pgx.NamedArgs{"id": incident})
	if err != nil {
		return nil, now, err
	}
	var r Record
	var detail []byte
	_, err = pgx.ForEachRow(rows, []any{&r.At, &r.Actor, &r.Post, &r.Org, &r.Action, &r.From, &r.To, &r.Dept, &r.Opinion, &detail, &now}, func() error {
		r.Detail = Detail{}
		if err := json.Unmarshal(detail, &r.Detail); err != nil {
			return fmt.Errorf("flow of incident %d: %w", incident, err)
		}
		flow = append(flow, r)
		return nil
	})
	if err == nil && len(flow) == 0 {
		err = tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	}
	return flow, now, err
}

// standing is where i stands by its flow. A row that came without a flow, or
// was moved by plain SQL past it, goes on from what its columns say.
func (i Incident) standing(rules Rules, flow []Record) Standing {
	if n := len(flow); n > 0 && flow[n-1].To == i.State {
		return Recount(rules, i.told(flow))
	}
	at := func(t *time.Time) time.Time {
		if t == nil {
			return time.Time{}
		}
		return *t
	}
	s := Standing{State: i.State, Dept: i.Dept, Handler: i.Handler, Pending: i.Pending, Verified: i.Verified, Checked: i.Checked,
		Condition: i.Condition, AreaClass: i.AreaClass, Limit: i.Limit.limit(), Since: at(i.Since), WarnAt: at(i.WarnAt), DueAt: at(i.DueAt), Escalation: i.Escalation,
		Supervised: i.Supervised, Decided: i.Decided, Overdue: i.row.overdue, Excused: i.Excused, Forced: i.Forced, Appealed: i.Appealed,
		Extensions: i.Extensions, Suspensions: i.Suspensions, Returns: i.Returns, Reworks: i.Reworks, Dispatches: i.Dispatches,
		SuspendedUntil: at(i.Until), MergedInto: i.MergedInto, RegisteredAt: at(i.row.registeredAt), FiledAt: at(i.FiledAt),
		DispatchedAt: at(i.row.dispatchedAt), HandledAt: at(i.row.handledAt), ClosedAt: at(i.ClosedAt),
		last: at(i.Since), with: i.Dept}
	if n := len(flow); n > 0 {
		s.last = flow[n-1].At
	}
	if i.running {
		s.running = s.Since
	}
	if a := rules.Stage(i.State); a != nil && i.DueAt != nil {
		s.allowance = a.allowance()
	}
	return s
}

// told is i's flow with the department in the records of a time when records
// did not say it, which have no post either: the one that it was with when the
// first later record was written.
func (i Incident) told(flow []Record) []Record {
	if flow[0].Post != "" || flow[0].Dept != "" {
		return flow
	}
	silent, dept := 0, i.Dept
	for silent < len(flow) && flow[silent].Post == "" && flow[silent].Dept == "" {
		silent++
	}
	if silent < len(flow) {
		if dept = flow[silent].Detail.Was; dept == "" {
			dept = flow[silent].Dept
		}
	}
	flow = slices.Clone(flow)
	for n := range silent {
		flow[n].Dept = dept
	}
	return flow
}

// queueStep takes a record on in st and queues it for the flow.
func queueStep(b *pgx.Batch, incident int64, id uuid.UUID, r Record, st *Standing, rules Rules) {
	used, limit, limited := st.Apply(rules, r)
	r.Detail.Deadline = st.Deadline(r.Action)
	args := pgx.NamedArgs{"incident": incident, "uuid": nil, "at": r.At, "actor": r.Actor, "post": r.Post, "org": r.Org, "action": r.Action, "from": r.From, "to": r.To,
		"dept": r.Dept, "opinion": r.Opinion, "used": int64(used / time.Second), "limit": nil, "detail": r.Detail}
	if id != uuid.Nil {
		args["uuid"] = id
	}
	if limited {
		args["limit"] = int64(limit / time.Second)
	}
	if r.From == "" {
		args["used"] = nil
	}
	b.Queue(`INSERT INTO onemap.incident_flow (incident, uuid, at, actor, post, org, action, from_state, to_state, dept, opinion, used_s, limit_s, detail)
		VALUES (@incident, @uuid, @at, @actor, @post, @org, @action, @from, @to, @dept, @opinion, @used::bigint, @limit::bigint, @detail)`, args)
}

// Columns are the columns of map.incident that hold where a case stands, in the
// order of [Standing.Values].
var Columns = []string{"state", "dept_code", "pending", "verified", "checked", "condition", "area_class", "limit_n", "limit_unit", "since", "warn_at", "due_at",
	"escalation", "supervised", "decided", "overdue", "excused", "forced", "appealed", "extensions", "suspensions", "returns", "reworks", "dispatches",
	"suspended_until", "merged_into", "registered_at", "filed_at", "dispatched_at", "handled_at", "closed_at"}

// Values are what [Columns] hold, the handler left out: a column has a
// person's number for the login.
func (s Standing) Values() []any {
	var n, unit, into any
	if s.Limit != nil {
		n, unit = int32(s.Limit.N), string(s.Limit.Unit)
	}
	if s.MergedInto != 0 {
		into = s.MergedInto
	}
	area := s.AreaClass
	if area == "" {
		area = "B"
	}
	at := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t
	}
	return []any{s.State, s.Dept, s.Pending, s.Verified, s.Checked, s.Condition, area, n, unit, s.Since, at(s.WarnAt), at(s.DueAt),
		int16(s.Escalation), s.Supervised, s.Decided, s.Overdue, s.Excused, s.Forced, s.Appealed,
		int16(s.Extensions), int16(s.Suspensions), int16(s.Returns), int16(s.Reworks), int16(s.Dispatches),
		at(s.SuspendedUntil), into, at(s.RegisteredAt), at(s.FiledAt), at(s.DispatchedAt), at(s.HandledAt), at(s.ClosedAt)}
}

// queueStanding queues the writing of where a case stands. An action of a
// person makes a new version; what the system notes does not take the case out
// of the hands of who is looking at it.
func queueStanding(b *pgx.Batch, incident int64, s Standing, version bool) {
	args := append([]any{incident, s.Handler, version}, s.Values()...)
	b.Queue(standingSQL, args...)
}

var standingSQL = func() string {
	sql := `UPDATE map.incident SET handler = CASE WHEN $2::text = '' THEN NULL ELSE (SELECT id FROM onemap.person WHERE login = $2) END,
		version = version + CASE WHEN $3::boolean THEN 1 ELSE 0 END, updated_at = now()`
	for n, c := range Columns {
		sql += fmt.Sprintf(", %s = $%d", c, n+4)
	}
	return sql + ` WHERE id = $1`
}()

// attach adds photos that were uploaded before after those that are there.
// Whoever names a photo by the hash of its content has seen it, so naming it
// is enough.
func attach(ctx context.Context, tx pgx.Tx, incident int64, field, by string, photos []Shown) error {
	if len(photos) == 0 {
		return nil
	}
	var have int
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(position) + 1, 0) FROM onemap.incident_photo WHERE incident = @id`,
		pgx.NamedArgs{"id": incident}).Scan(&have); err != nil {
		return err
	}
	if have+len(photos) > MaxPhotos {
		return &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d photos an incident", MaxPhotos)}
	}
	for n, p := range photos {
		at := fmt.Sprintf("%s[%d]", field, n)
		if p.Kind == "" {
			p.Kind = "near"
		}
		if !slices.Contains(photoKinds, p.Kind) {
			return &layers.InputError{Field: at + ".kind", Value: layers.Short(p.Kind), Remedy: fmt.Sprintf("one of %v", photoKinds)}
		}
		if !isHash(p.ID) {
			return &layers.InputError{Field: at + ".id", Value: layers.Short(p.ID), Remedy: "the id that the upload of the photo returned"}
		}
		if p.Lon != nil && p.Lat != nil && !(*p.Lon >= -180 && *p.Lon <= 180 && *p.Lat >= -90 && *p.Lat <= 90) {
			return &layers.InputError{Field: at + ".place", Remedy: "a place on Earth"}
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.incident_photo (incident, position, kind, photo, taken_at, geom, by)
			SELECT @incident, @position, @kind, sha256, @taken::timestamptz, ST_SetSRID(ST_MakePoint(@lon::float8, @lat::float8), 4326), @by
			FROM onemap.photo WHERE sha256 = @id FOR KEY SHARE`,
			pgx.NamedArgs{"incident": incident, "position": have + n, "kind": p.Kind, "id": p.ID, "taken": p.TakenAt, "lon": p.Lon, "lat": p.Lat, "by": by})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &layers.InputError{Field: at + ".id", Value: layers.Short(p.ID), Remedy: "upload the photo first, then report it"}
		}
	}
	return nil
}

// flow returns an incident's flow record. The reporter is named to themselves
// and to the command centre only. It tells the states, so that there is none
// for those who may not see the state, and what was said about the case only
// to those who may read its description.
func (s *Store) flow(ctx context.Context, scope access.Scope, i Incident) ([]Step, error) {
	if slices.Contains(i.Hidden, "state") {
		return nil, nil
	}
	set, err := s.settings(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT at, actor, post, org, action, from_state, to_state, dept, opinion, used_s, limit_s, detail
		FROM onemap.incident_flow WHERE incident = @id ORDER BY id`, pgx.NamedArgs{"id": i.ID})
	if err != nil {
		return nil, fmt.Errorf("flow of incident %d: %w", i.ID, err)
	}
	steps, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Step, error) {
		var x Step
		var d Detail
		err := row.Scan(&x.At, &x.Actor, &x.Post, &x.Org, &x.Action, &x.From, &x.To, &x.Dept, &x.Opinion, &x.UsedS, &x.LimitS, &d)
		if d.Sent = ""; d != (Detail{}) { // for the server alone
			x.Detail = &d
		}
		if x.UsedS != nil && x.LimitS != nil {
			x.Light = worktime.Light(time.Duration(*x.UsedS)*time.Second, time.Duration(*x.LimitS)*time.Second, set.WarnPercent)
		}
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("flow of incident %d: %w", i.ID, err)
	}
	// Between office hours a clock stands at its limit, and the limit has passed.
	late := false
	for n, x := range steps {
		if late = late || x.Action == "overdue"; late && x.Light == worktime.Yellow && *x.UsedS >= *x.LimitS {
			steps[n].Light = worktime.Red
		}
		late = late && x.From == x.To
	}
	if slices.Contains(i.Hidden, "description") {
		for n := range steps {
			steps[n].Opinion, steps[n].Detail = "", nil
		}
	}
	if slices.Contains(i.Hidden, "dept_code") {
		for n := range steps {
			steps[n].Dept, steps[n].Detail = "", nil
		}
	}
	if !i.Mine && !scope.Has(posts...) {
		for n := range steps {
			if steps[n].Action == "report" || steps[n].Post == "reporter" {
				steps[n].Actor = ""
			}
		}
	}
	return steps, nil
}
