// Package open311 is the cases of onemap as GeoReport v2 has them: services,
// which are classes that the public may report, and service requests.
//
// Two audiences see them. Who calls with a key sees requests by right, as
// everywhere, and their own with all fields. Where the setting open311.public
// is true, anyone sees of a case what it is, about where (to a thousandth of a
// degree, some 100 m), when, and how far it came: nothing that somebody wrote.
//
// A request is open until the case ends. The extension updated_after and
// updated_before, paging, and the case's own state go beyond the standard.
package open311

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// Store reads requests. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
}

// Settings are the city's choices, in onemap.setting as open311.
type Settings struct {
	Public       bool   `json:"public"`       // anyone reads
	Anonymous    bool   `json:"anonymous"`    // anyone reports
	Standard     string `json:"standard"`     // the list of classes offered; "": every list's
	Jurisdiction string `json:"jurisdiction"` // the only jurisdiction_id; "": any is taken
	Contact      string `json:"contact"`      // whom developers ask
}

// Settings returns them; all off where there are none.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	var raw []byte
	var set Settings
	err := s.Layers.DB().QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'open311'`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return set, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &set)
	}
	if err != nil {
		return Settings{}, fmt.Errorf("setting open311: %w", err)
	}
	return set, nil
}

// A Service is a class that the public may report.
type Service struct {
	Code     string
	Standard string
	ZH, EN   string
	GroupZH  string
	GroupEN  string
	Initials string
}

// offered are the classes: of matters that the public reports, in force. Where
// a code is in several lists, the newest list's.
const offered = `SELECT DISTINCT ON (c.code) c.code, c.standard, c.name_zh, c.name_en, c.major_zh, c.major_en, c.initials
	FROM onemap.class c LEFT JOIN onemap.class_edition e ON e.standard = c.standard
	WHERE c.kind = 'matter' AND c.public_reported AND c.active AND coalesce(e.active, true) AND (c.ended_on IS NULL OR c.ended_on > current_date)
	  AND ($1 = '' OR c.standard = $1) AND ($2 = '' OR c.code = $2)
	ORDER BY c.code, e.position NULLS LAST, c.standard DESC`

// Services are all that may be reported, by code.
func (s *Store) Services(ctx context.Context, set Settings) ([]Service, error) {
	return s.services(ctx, set, "")
}

// Service is one; an error wrapping [layers.ErrNotFound] where it is not offered.
func (s *Store) Service(ctx context.Context, set Settings, code string) (Service, error) {
	found, err := s.services(ctx, set, code)
	if err == nil && (len(found) == 0 || code == "") {
		err = fmt.Errorf("service_code %q: %w", layers.Short(code), layers.ErrNotFound)
	}
	if err != nil {
		return Service{}, err
	}
	return found[0], nil
}

func (s *Store) services(ctx context.Context, set Settings, code string) ([]Service, error) {
	rows, err := s.Layers.DB().Query(ctx, offered, set.Standard, code)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Service])
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	return found, nil
}

// A Condition is what makes a report of a service worth a case; the reporter may say which.
type Condition struct{ Code, ZH, EN string }

// Conditions of a service.
func (s *Store) Conditions(ctx context.Context, v Service) ([]Condition, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT code, text_zh, CASE text_en WHEN '' THEN text_zh ELSE text_en END FROM onemap.class_condition
		WHERE standard = $1 AND class = $2 AND active ORDER BY position, code`, v.Standard, v.Code)
	if err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Condition])
	if err != nil {
		return nil, fmt.Errorf("conditions: %w", err)
	}
	return found, nil
}

// A Request is a case as its reader may see it; what is hidden is empty.
type Request struct {
	ID          int64
	State       string // of the case; "" if hidden
	Code        string
	ZH, EN      string // of the service
	Description string
	AgencyZH    string
	AgencyEN    string
	Requested   time.Time
	Updated     time.Time
	Expected    *time.Time // when it is to be handled, once a department has it; the centre's own terms are not the caller's
	Address     string
	Lon, Lat    float64
	MergedInto  *int64
}

// Open says whether the request is still worked on.
func (r Request) Open() bool { return !slices.Contains(ended, r.State) }

var ended = []string{"closed", "rejected", "void", "merged"}

// A Query asks for requests, the latest first.
type Query struct {
	IDs                         []int64
	Codes                       []string
	Open, Closed                bool // both or none: either
	Start, End                  time.Time
	UpdatedAfter, UpdatedBefore time.Time
	Page, Size                  int // Page from 1
}

// maxSpan is how long a time of requests may be asked for at once, by the standard.
const maxSpan = 90 * 24 * time.Hour

// settle fills in what was left out: the last 90 days, unless requests are
// named or asked for by their changes.
func (q *Query) settle(now time.Time) error {
	named := len(q.IDs) > 0 || !q.UpdatedAfter.IsZero() || !q.UpdatedBefore.IsZero()
	switch {
	case q.Start.IsZero() && q.End.IsZero() && named:
		return nil
	case q.Start.IsZero() && q.End.IsZero():
		q.End = now.Add(time.Minute)
		q.Start = q.End.Add(-maxSpan)
	case q.Start.IsZero():
		q.Start = q.End.Add(-maxSpan)
	case q.End.IsZero():
		q.End = q.Start.Add(maxSpan)
	}
	if q.End.Before(q.Start) || q.End.Sub(q.Start) > maxSpan {
		return &layers.InputError{Field: "end_date", Remedy: "after start_date and within 90 days of it"}
	}
	return nil
}

// Requests returns what q asks for, and whether there is more. The caller sees
// them by right, or, without a key, what the city opened: an error wrapping
// [access.ErrUnauthenticated] where that is nothing.
func (s *Store) Requests(ctx context.Context, by access.Scope, set Settings, q Query) (found []Request, more bool, err error) {
	if err := q.settle(time.Now()); err != nil {
		return nil, false, err
	}
	l, err := s.Layers.Layer(ctx, "incident")
	if err != nil {
		return nil, false, err
	}
	person, known := by.Person()
	right := access.Right{Where: where.False}
	switch {
	case known:
		// What hides a field may not be found by it either: then only one's own are left.
		if r, ok := by.Layer(l); ok && !slices.ContainsFunc(q.fields(), func(f string) bool { return !slices.Contains(r.Fields, f) }) {
			right = r
		}
	case !set.Public:
		return nil, false, access.ErrUnauthenticated
	}
	var a layers.Args
	may := "c.public_reported AND ($1 = '' OR f.class_standard = $1)"
	if known {
		if may, err = l.SQL(right.Where, &a); err != nil {
			return nil, false, err
		}
		may = "(" + may + ")"
		if person.ID != 0 {
			may = "(" + may + " OR f.reporter = " + a.Add(person.ID) + ")"
		}
	} else {
		a.Add(set.Standard)
	}
	cond := []string{may}
	q.narrow(&cond, &a)
	q.Size = min(max(q.Size, 1), 1000)
	if q.Page < 1 {
		q.Page = 1
	}
	if q.Page > 1000 {
		return nil, false, &layers.InputError{Field: "page", Value: strconv.Itoa(q.Page), Remedy: "1 to 1000: narrow the time, or go on by updated_after"}
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT f.id, f.state, f.class_code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''), f.description,
		coalesce(o.name_zh, ''), coalesce(o.name_en, ''), f.reported_at, f.updated_at,
		CASE WHEN f.state IN ('dispatched', 'handling') THEN f.due_at END, f.place, ST_X(f.geom), ST_Y(f.geom), f.merged_into, coalesce(f.reporter, 0)
		FROM map.incident f
		LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = f.class_kind AND c.code = f.class_code
		LEFT JOIN onemap.organisation o ON o.code = f.dept_code
		WHERE `+strings.Join(cond, " AND ")+` ORDER BY f.reported_at DESC, f.id DESC LIMIT `+a.Add(q.Size+1)+` OFFSET `+a.Add((q.Page-1)*q.Size), a...)
	if err != nil {
		return nil, false, fmt.Errorf("requests: %w", err)
	}
	found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Request, error) {
		var r Request
		var reporter int64
		err := row.Scan(&r.ID, &r.State, &r.Code, &r.ZH, &r.EN, &r.Description, &r.AgencyZH, &r.AgencyEN, &r.Requested, &r.Updated, &r.Expected, &r.Address,
			&r.Lon, &r.Lat, &r.MergedInto, &reporter)
		switch {
		case !known:
			r.forAnyone()
		case person.ID == 0 || reporter != person.ID:
			r.only(right.Fields)
		}
		return r, err
	})
	if err != nil {
		return nil, false, fmt.Errorf("requests: %w", err)
	}
	if len(found) > q.Size {
		found, more = found[:q.Size], true
	}
	return found, more, nil
}

// fields are those by which q narrows or orders.
func (q Query) fields() []string {
	all := []string{"reported_at"}
	if len(q.Codes) > 0 {
		all = append(all, "class_code")
	}
	if q.Open != q.Closed {
		all = append(all, "state")
	}
	if !q.UpdatedAfter.IsZero() || !q.UpdatedBefore.IsZero() {
		all = append(all, "updated_at")
	}
	return all
}

// narrow writes what is asked for as conditions.
func (q Query) narrow(cond *[]string, a *layers.Args) {
	add := func(c string) { *cond = append(*cond, c) }
	if len(q.IDs) > 0 {
		add("f.id = ANY (" + a.Add(q.IDs) + "::bigint[])")
	}
	if len(q.Codes) > 0 {
		add("f.class_code = ANY (" + a.Add(q.Codes) + "::text[])")
	}
	if q.Open != q.Closed {
		not := ""
		if q.Open {
			not = "NOT "
		}
		add("f.state " + not + "IN ('closed', 'rejected', 'void', 'merged')")
	}
	for _, t := range []struct {
		at   time.Time
		cond string
	}{{q.Start, "f.reported_at >= "}, {q.End, "f.reported_at <= "}, {q.UpdatedAfter, "f.updated_at > "}, {q.UpdatedBefore, "f.updated_at <= "}} {
		if !t.at.IsZero() {
			add(t.cond + a.Add(t.at) + "::timestamptz")
		}
	}
}

// forAnyone leaves what the public may know.
func (r *Request) forAnyone() {
	r.Description, r.Address, r.AgencyZH, r.AgencyEN, r.Expected = "", "", "", "", nil
	r.Lon, r.Lat = math.Round(r.Lon*1000)/1000, math.Round(r.Lat*1000)/1000
}

// only leaves what a right to these fields shows.
func (r *Request) only(fields []string) {
	has := func(f string) bool { return slices.Contains(fields, f) }
	if !has("class_code") {
		r.Code, r.ZH, r.EN = "", "", ""
	}
	if !has("state") {
		r.State, r.MergedInto = "", nil
	}
	if !has("description") {
		r.Description = ""
	}
	if !has("place") {
		r.Address = ""
	}
	if !has("dept_code") {
		r.AgencyZH, r.AgencyEN = "", ""
	}
	if !has("due_at") {
		r.Expected = nil
	}
	if !has("reported_at") {
		r.Requested = time.Time{}
	}
	if !has("updated_at") {
		r.Updated = time.Time{}
	}
}

// ByToken returns the number of a request by the token that reporting it gave:
// the report's UUID, which nobody can guess.
func (s *Store) ByToken(ctx context.Context, token string) (int64, error) {
	t, err := uuid.Parse(token)
	if err != nil {
		return 0, fmt.Errorf("token: %w", layers.ErrNotFound)
	}
	var id int64
	err = s.Layers.DB().QueryRow(ctx, `SELECT id FROM map.incident WHERE uuid = $1`, t).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("token: %w", layers.ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("token: %w", err)
	}
	return id, nil
}
