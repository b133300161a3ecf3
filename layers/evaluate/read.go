package evaluate

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// groups are the columns by which a query's facts are grouped.
func (q Query) groups() string {
	switch {
	case q.Subject == Department:
		return "f.dept_code"
	case q.Subject == Post:
		return "s.org, s.actor"
	case q.Level == "grid_unit":
		return "f.grid_code"
	case q.Level == "grid_duty":
		return "coalesce(u.duty_code, f.grid_code)"
	case q.Level == "grid_community":
		return "coalesce(u.community_code, f.grid_code)"
	}
	return "f.area_code"
}

// system is the key of what was done by a rule and by nobody.
const system = "system"

// alive are the facts of the cases that were open at some time of the period: no
// other can be in any count.
const alive = "tstzrange(f.reported_at, f.ended_at, '[]') && tstzrange({from}, {until})"

// source writes FROM and WHERE of a query: the rows that its counts are of.
// from and until are placeholders.
func (q Query) source(v sight, a *layers.Args, from, until string) (string, error) {
	period := strings.NewReplacer("{from}", from, "{until}", until)
	var b strings.Builder
	if q.Subject == Post {
		b.WriteString(period.Replace(q.steps()))
		b.WriteString(" WHERE true")
	} else {
		b.WriteString("FROM onemap.case_fact f")
		if q.Level == "grid_duty" || q.Level == "grid_community" {
			b.WriteString(" LEFT JOIN map.grid_unit u ON u.grid_code = f.grid_code AND u.valid_to IS NULL")
		}
		b.WriteString(" WHERE " + period.Replace(alive))
		if q.Subject == Department {
			b.WriteString(" AND f.n > 0")
		}
		if q.Subject == Area && q.Parent != "" {
			b.WriteString(" AND starts_with(f.area_code, " + a.Add(q.Parent) + ")")
		}
	}
	right, err := v.rows(q, a)
	return b.String() + " AND " + right, err
}

// steps are the steps of a post, with their case f and their dispatch d.
func (q Query) steps() string {
	actions := "'" + strings.Join(postActions[q.Post], "', '") + "'"
	steps := `SELECT w.id, w.at, w.incident, w.action, w.to_state, CASE WHEN w.actor = 'system' THEN 'system' ELSE w.org END AS org, w.actor,
			w.used_s > coalesce(w.limit_s, w.used_s) AS late, w.used_s
		FROM onemap.incident_flow w WHERE ` + in("w.at") + ` AND w.action IN (` + actions + `) AND w.post <> 'import' AND w.actor <> 'import'`
	if q.Post == Collector {
		who := "p.org, ''" // a case in the grids of several people of an organisation counts once for it
		if q.ByPerson {
			who = "p.org, p.login"
		}
		steps += ` UNION ALL
		SELECT 0, t.due_at, t.incident, t.kind || '_overdue', '', p.org, p.login, true, NULL
		FROM onemap.task t JOIN onemap.person p ON p.id = t.person
		WHERE t.kind IN ('verify', 'check') AND t.incident IS NOT NULL AND t.done_at IS NULL AND ` + in("t.due_at") + ` UNION ALL
		SELECT DISTINCT 0, f.filed_at, f.incident, CASE WHEN ` + fromPublic + ` AND f.verified THEN 'missed' ELSE 'filed_in_grids' END, '', ` + who + `, NULL::boolean, NULL::bigint
		FROM onemap.case_fact f LEFT JOIN map.grid_unit u ON u.grid_code = f.grid_code AND u.valid_to IS NULL
		CROSS JOIN LATERAL (VALUES (f.grid_code), (u.duty_code), (u.community_code)) of (grid)
		JOIN onemap.person_grid g ON g.grid_code = of.grid JOIN onemap.person p ON p.id = g.person
		WHERE f.last AND ` + alive + ` AND ` + in("f.filed_at")
	}
	from := `FROM (` + steps + `) s LEFT JOIN (SELECT * FROM onemap.case_fact f WHERE f.last AND ` + alive + `) f ON f.incident = s.incident`
	if q.Post == Dispatcher {
		from += ` LEFT JOIN (SELECT f.incident, f.flow, f.outcome, f.lost_s FROM onemap.case_fact f WHERE f.flow IS NOT NULL AND ` + alive + `) d ON d.incident = s.incident AND d.flow = s.id`
	}
	return from
}

// read counts one period.
func read(ctx context.Context, tx pgx.Tx, v sight, q Query, k *keys, p Period) (tally, error) {
	// Compiling so many predicates takes longer than running them.
	if _, err := tx.Exec(ctx, `SET LOCAL jit = off`); err != nil {
		return tally{}, err
	}
	var a layers.Args
	from, until := a.Add(p.From)+"::timestamptz", a.Add(p.Until)+"::timestamptz"
	source, err := q.source(v, &a, from, until)
	if err != nil {
		return tally{}, err
	}
	var b strings.Builder
	b.WriteString("SELECT " + q.groups())
	defs := countsOf(q.Subject, q.Post)
	for _, c := range defs {
		fmt.Fprintf(&b, ", count(*) FILTER (WHERE %s)", c.predicate(q.Subject, from, until))
	}
	added := q.sums()
	for _, s := range added {
		what, when, _ := strings.Cut(write(s.sql, q.Subject, from, until), " :: ")
		fmt.Fprintf(&b, ", coalesce(sum(%s) FILTER (WHERE %s), 0)::bigint", what, when)
	}
	groups := "1"
	if q.Subject == Post {
		groups = "1, 2"
	}
	b.WriteString(" " + source + " GROUP BY " + groups)
	rows, err := tx.Query(ctx, b.String(), a...)
	if err != nil {
		return tally{}, err
	}
	t := newTally(q, k)
	var group, actor string
	found := make([]int64, len(defs)+len(added))
	into := []any{&group}
	if q.Subject == Post {
		into = append(into, &actor)
	}
	for i := range found {
		into = append(into, &found[i])
	}
	people := map[string]map[string]bool{} // who acted, by organisation
	_, err = pgx.ForEachRow(rows, into, func() error {
		if q.Subject == Post && actor != "" {
			if people[group] == nil {
				people[group] = map[string]bool{}
			}
			people[group][actor] = true
		}
		if q.ByPerson && !v.showsPost(q, group, actor, 0, k.orgs) || !k.under(group, q.Parent) && q.Subject != Area {
			return nil
		}
		key := k.of(group)
		if q.ByPerson {
			key = actor
		}
		t.add(key, k, defs, added, found)
		return nil
	})
	if err != nil {
		return tally{}, err
	}
	for key := range t.rows {
		hidden := q.Subject == Department && !v.showsDepartment(key, k.orgs) ||
			q.Subject == Post && !q.ByPerson && !v.showsPost(q, key, "", len(people[key]), k.orgs)
		if hidden {
			if q.Subject == Post {
				t.total.take(t.rows[key])
			}
			delete(t.rows, key)
		}
	}
	return t, nil
}

func (q Query) sums() []sum {
	switch q.Subject {
	case Area:
		return sums
	case Department:
		return []sum{sums[0], sums[2]}
	}
	return postSums[q.Post]
}

func newTally(q Query, k *keys) tally {
	t := tally{rows: map[string]*Row{}, total: Row{Counts: map[string]int64{}, sums: map[string]int64{}, NameZH: "合计", NameEN: "Total"}}
	for _, c := range countsOf(q.Subject, q.Post) {
		t.total.Counts[c.name] = 0
	}
	if k.all {
		for key := range k.names {
			t.row(key, k)
		}
	}
	return t
}

// row returns the row of a key, making it where there is none.
func (t *tally) row(key string, k *keys) *Row {
	row := t.rows[key]
	if row != nil {
		return row
	}
	row = &Row{Key: key, NameZH: key, NameEN: key, Counts: map[string]int64{}, sums: map[string]int64{}, grid: k.grids[key]}
	for c := range t.total.Counts {
		row.Counts[c] = 0
	}
	switch n, ok := k.names[key]; {
	case ok:
		row.NameZH, row.NameEN = n.zh, n.en
	case key == "":
		row.NameZH, row.NameEN = "未归属", "In none"
	case key == system:
		row.NameZH, row.NameEN = "系统(按规则)", "The system, by rule"
	}
	t.rows[key] = row
	t.total.grid += row.grid
	return row
}

func (t *tally) add(key string, k *keys, defs []count, added []sum, found []int64) {
	row := t.row(key, k)
	for i, c := range defs {
		row.Counts[c.name] += found[i]
		t.total.Counts[c.name] += found[i]
	}
	for i, s := range added {
		row.sums[s.name] += found[len(defs)+i]
		t.total.sums[s.name] += found[len(defs)+i]
	}
}

// take takes a row out of a total.
func (row *Row) take(out *Row) {
	for name, n := range out.Counts {
		row.Counts[name] -= n
	}
	for name, n := range out.sums {
		row.sums[name] -= n
	}
}
