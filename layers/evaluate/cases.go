package evaluate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Case is one of those behind a number. Of a count of dispatches or steps a
// case may stand there more than once, with the dispatch or the step.
type Case struct {
	ID           int64      `json:"id" doc:"The incident's"`
	Number       string     `json:"number,omitempty"`
	Standard     string     `json:"class_standard"`
	Class        string     `json:"class_code"`
	ClassZH      string     `json:"class_zh"`
	ClassEN      string     `json:"class_en"`
	State        string     `json:"state"`
	Source       string     `json:"source"`
	Area         string     `json:"area_code"`
	Grid         string     `json:"grid_code"`
	Dispatch     int        `json:"dispatch" doc:"Which dispatch of the case, from 1; 0: it was never dispatched"`
	Dept         string     `json:"dept_code" doc:"The department of that dispatch"`
	ReportedAt   time.Time  `json:"reported_at"`
	FiledAt      *time.Time `json:"filed_at,omitempty"`
	DispatchedAt *time.Time `json:"dispatched_at,omitempty"`
	Deadline     *time.Time `json:"deadline,omitempty"`
	HandledAt    *time.Time `json:"handled_at,omitempty"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
	Late         bool       `json:"late"`
	Excused      bool       `json:"excused"`
	Returned     string     `json:"returned,omitempty" enum:"upheld,shirked,open" doc:"Of a dispatch that was returned: whether it went to another department, came back, or neither yet"`
	LostHours    *float64   `json:"lost_hours,omitempty"`
	Action       string     `json:"action,omitempty" doc:"Of posts: the step"`
	At           *time.Time `json:"at,omitempty" doc:"Of posts: when it was done"`
	Actor        string     `json:"actor,omitempty" doc:"Of posts, to the command centre and the person: the login"`
}

// CaseQuery asks for the cases behind one number of a report.
type CaseQuery struct {
	Query
	Count string
	Key   string // of the row
	Total bool   // of all rows, in place of Key
	Until time.Time
	Page  string // "" or what an earlier answer called next
	Limit int    // 1 to 1000; 0: 100
}

// Cases returns the cases behind a count: as many as the count says, a page at
// a time, how many there are, and what to put into Page for those after them.
func (s *Store) Cases(ctx context.Context, scope access.Scope, q CaseQuery) (found []Case, total int64, next string, err error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return nil, 0, "", err
	}
	if err := q.check(); err != nil {
		return nil, 0, "", err
	}
	defs := countsOf(q.Subject, q.Post)
	at := slices.IndexFunc(defs, func(c count) bool { return c.name == q.Count })
	if at < 0 {
		return nil, 0, "", &layers.InputError{Field: "count", Value: q.Count, Remedy: "a count of that subject: see its definitions"}
	}
	now := time.Now()
	if !q.Until.IsZero() && q.Until.Before(now) {
		now = q.Until
	}
	p := q.Period.cut(now)
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL jit = off`); err != nil {
			return err
		}
		k, err := newKeys(ctx, tx, v, &q.Query)
		if err != nil {
			return err
		}
		var a layers.Args
		from, until := a.Add(p.From)+"::timestamptz", a.Add(p.Until)+"::timestamptz"
		source, err := q.source(v, &a, from, until)
		if err != nil {
			return err
		}
		row, err := q.row(ctx, tx, v, k, p, &a)
		if err != nil {
			return err
		}
		source += " AND (" + defs[at].predicate(q.Subject, from, until) + ")" + row
		if err := tx.QueryRow(ctx, "SELECT count(*) "+source, a...).Scan(&total); err != nil {
			return err
		}
		found, next, err = q.page(ctx, tx, v, source, a)
		return err
	})
	if err != nil {
		return nil, 0, "", access.Wrap("cases of an evaluation", err)
	}
	return found, total, next, nil
}

// row is the condition that a row is the one that is asked for, or one that
// the report's total holds.
func (q CaseQuery) row(ctx context.Context, tx pgx.Tx, v sight, k *keys, p Period, a *layers.Args) (string, error) {
	t, groups, err := q.visible(ctx, tx, v, k, p)
	if err != nil {
		return "", err
	}
	if _, ok := t[q.Key]; !q.Total && !ok {
		return "", fmt.Errorf("row %q: %w", q.Key, layers.ErrNotFound)
	}
	var in []string
	for _, g := range groups {
		if q.Total || g.key == q.Key {
			in = append(in, g.group+"\x1f"+g.actor)
		}
	}
	if q.Subject == Post {
		return " AND s.org || chr(31) || s.actor = ANY (" + a.Add(in) + "::text[])", nil
	}
	for i := range in {
		in[i] = strings.TrimSuffix(in[i], "\x1f")
	}
	return " AND " + q.groups() + " = ANY (" + a.Add(in) + "::text[])", nil
}

// A group of facts, and the row that it is in.
type group struct{ group, actor, key string }

// visible are the keys of the rows that the caller may see, and the groups that
// are in them or in the total: what [read] makes, without its counts.
func (q CaseQuery) visible(ctx context.Context, tx pgx.Tx, v sight, k *keys, p Period) (map[string]bool, []group, error) {
	var a layers.Args
	from, until := a.Add(p.From)+"::timestamptz", a.Add(p.Until)+"::timestamptz"
	source, err := q.source(v, &a, from, until)
	if err != nil {
		return nil, nil, err
	}
	actor := "''"
	if q.Subject == Post {
		actor = "s.actor"
	}
	first, _, _ := strings.Cut(q.groups(), ", ")
	if strings.HasPrefix(first, "coalesce(u.") {
		first = q.groups()
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT "+first+", "+actor+" "+source, a...)
	if err != nil {
		return nil, nil, err
	}
	var all []group
	var g group
	people := map[string]map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&g.group, &g.actor}, func() error {
		if q.Subject == Post && g.actor != "" {
			if people[g.group] == nil {
				people[g.group] = map[string]bool{}
			}
			people[g.group][g.actor] = true
		}
		if q.ByPerson && !v.showsPost(q.Query, g.group, g.actor, 0, k.orgs) || !k.under(g.group, q.Parent) && q.Subject != Area {
			return nil
		}
		g.key = k.of(g.group)
		if q.ByPerson {
			g.key = g.actor
		}
		all = append(all, g)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	keys := map[string]bool{}
	if k.all {
		for key := range k.names {
			keys[key] = true
		}
	}
	kept := all[:0]
	for _, g := range all {
		switch {
		case q.Subject == Department && !v.showsDepartment(g.group, k.orgs): // in the total alone
			kept = append(kept, g)
			continue
		case q.Subject == Post && !q.ByPerson && !v.showsPost(q.Query, g.group, "", len(people[g.group]), k.orgs):
			continue
		}
		keys[g.key] = true
		kept = append(kept, g)
	}
	return keys, kept, nil
}

// page reads a page of the cases, by number, dispatch and step.
func (q CaseQuery) page(ctx context.Context, tx pgx.Tx, v sight, source string, a layers.Args) ([]Case, string, error) {
	n, step, at, action, actor := "f.n", "0::bigint", "NULL::timestamptz", "''", "''"
	id := "f.incident"
	if q.Subject == Post {
		id, step, at, action = "s.incident", "s.id", "s.at", "s.action"
		actor = "CASE WHEN " + strconv.FormatBool(v.centre) + " OR s.actor = " + a.Add(v.login) + " THEN s.actor ELSE '' END"
		n = "coalesce(f.n, 0)"
	}
	sql := "SELECT " + id + " AS id, " + n + " AS n, " + step + " AS step, " + at + " AS at, " + action + " AS action, " + actor + ` AS actor,
		f.dept_code, f.filed_at, f.dispatched_at, f.deadline, f.handled_at, f.ended_at, f.late, f.excused, f.returned_at, f.outcome, f.lost_s ` + source
	skip := 0
	if q.Page != "" {
		var err error
		if skip, err = strconv.Atoi(q.Page); err != nil || skip < 0 || skip > 100_000_000 {
			return nil, "", &layers.InputError{Field: "page", Remedy: "what an earlier answer called next"}
		}
	}
	limit := a.Add(q.Limit+1) + " OFFSET " + a.Add(skip)
	sql = `SELECT x.id, coalesce(i.number, ''), i.class_standard, i.class_code, coalesce(c.name_zh, i.class_code), coalesce(c.name_en, i.class_code), i.state, i.source, i.area_code, i.grid_code,
		x.n, coalesce(x.dept_code, ''), i.reported_at, x.filed_at, x.dispatched_at, x.deadline, x.handled_at, x.ended_at, coalesce(x.late, false), coalesce(x.excused, false),
		CASE WHEN x.returned_at IS NULL THEN '' WHEN x.outcome = '' THEN 'open' ELSE x.outcome END, x.lost_s, x.action, x.at, x.actor
		FROM (` + sql + " ORDER BY 1, 2, 3, 5, 4, 6 LIMIT " + limit + `) x JOIN map.incident i ON i.id = x.id
		LEFT JOIN onemap.class c ON c.standard = i.class_standard AND c.kind = i.class_kind AND c.code = i.class_code ORDER BY x.id, x.n, x.step, x.action, x.at, x.actor`
	rows, err := tx.Query(ctx, sql, a...)
	if err != nil {
		return nil, "", err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Case, error) {
		var c Case
		var lost *int64
		err := row.Scan(&c.ID, &c.Number, &c.Standard, &c.Class, &c.ClassZH, &c.ClassEN, &c.State, &c.Source, &c.Area, &c.Grid,
			&c.Dispatch, &c.Dept, &c.ReportedAt, &c.FiledAt, &c.DispatchedAt, &c.Deadline, &c.HandledAt, &c.EndedAt, &c.Late, &c.Excused,
			&c.Returned, &lost, &c.Action, &c.At, &c.Actor)
		if lost != nil {
			c.LostHours = rounded(float64(*lost) / 3600)
		}
		// What reports count is seen by who may ask for them; the rest by right.
		if !slices.Contains(v.right.Fields, "number") {
			c.Number = ""
		}
		if !slices.Contains(v.right.Fields, "class_code") {
			c.Standard, c.Class, c.ClassZH, c.ClassEN = "", "", "", ""
		}
		return c, err
	})
	if err != nil || len(found) <= q.Limit {
		return found, "", err
	}
	return found[:q.Limit], strconv.Itoa(skip + q.Limit), nil
}
