package task

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// List returns the tasks that q asks for, what is due first first, or the
// nearest, and what to put into Page for those after them, "" at the end.
func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (found []Task, next string, err error) {
	v, err := s.sight(scope)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	var a layers.Args
	cond, err := v.cond(q, &a)
	if err != nil {
		return nil, "", err
	}
	var near *orb.Point
	if q.Near != nil {
		near = &orb.Point{q.Near.Lon, q.Near.Lat}
	}
	order := " ORDER BY coalesce(t.due_at, 'infinity'), t.id"
	if q.ByDistance {
		if near == nil || q.Page != "" {
			return nil, "", &layers.InputError{Field: "query.sort", Value: "distance", Remedy: "give lon and lat with it, and no page"}
		}
		order = " ORDER BY m.metres NULLS LAST, coalesce(t.due_at, 'infinity'), t.id"
	}
	order += " LIMIT " + a.Add(q.Limit+1)
	rows, err := v.read(ctx, s.Layers.DB(), near, cond, order, a)
	if err != nil {
		return nil, "", fmt.Errorf("list tasks: %w", err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		if !q.ByDistance {
			next = page(rows[q.Limit-1].Task)
		}
	}
	if err := fill(ctx, s.Layers.DB(), rows); err != nil {
		return nil, "", err
	}
	found = make([]Task, len(rows))
	for i, t := range rows {
		found[i] = t.Task
	}
	return found, next, nil
}

func (v sight) cond(q Query, a *layers.Args) (string, error) {
	conds := []string{v.sql(a)}
	if q.Mine {
		if !v.scope.Has(access.GridWorker) {
			return "false", nil
		}
		conds = append(conds, v.own(a))
	}
	if q.Open {
		conds = append(conds, "t.done_at IS NULL")
		if q.Mine { // no longer those that were given to somebody else
			conds = append(conds, "(t.person IS NULL OR t.person = "+a.Add(v.who.ID)+")")
		}
	}
	if q.Kind != "" {
		if _, ok := results[q.Kind]; !ok {
			return "", &layers.InputError{Field: "query.kind", Value: layers.Short(q.Kind), Remedy: "one of verify, check, patrol, visit, recheck"}
		}
		conds = append(conds, "t.kind = "+a.Add(q.Kind))
	}
	if q.Grid != "" {
		if err := layers.CheckText("query.grid", q.Grid, 40); err != nil {
			return "", err
		}
		g := a.Add(q.Grid)
		conds = append(conds, "t.grid_code IN (SELECT "+g+"::text UNION SELECT grid_code FROM map.grid_unit WHERE valid_to IS NULL AND (duty_code = "+g+" OR community_code = "+g+
			") UNION SELECT grid_code FROM map.grid_duty WHERE valid_to IS NULL AND community_code = "+g+")")
	}
	if q.Person != "" {
		if err := layers.CheckText("query.person", q.Person, 63); err != nil {
			return "", err
		}
		p := a.Add(q.Person)
		conds = append(conds, "(p.login = "+p+" OR t.done_by = "+p+")")
	}
	if q.Incident != 0 {
		conds = append(conds, "t.incident = "+a.Add(q.Incident))
	}
	if q.Enterprise != 0 {
		conds = append(conds, "t.enterprise = "+a.Add(q.Enterprise))
	}
	if q.Page != "" {
		due, id, err := parsePage(q.Page)
		if err != nil {
			return "", err
		}
		if due == nil {
			conds = append(conds, "t.due_at IS NULL AND t.id > "+a.Add(id))
		} else {
			conds = append(conds, fmt.Sprintf("(coalesce(t.due_at, 'infinity'), t.id) > (%s::timestamptz, %s::bigint)", a.Add(*due), a.Add(id)))
		}
	}
	return strings.Join(conds, " AND "), nil
}

// page names the place after a task in the list.
func page(t Task) string {
	due := ""
	if t.DueAt != nil {
		due = strconv.FormatInt(t.DueAt.UnixMicro(), 36)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(due + "." + strconv.FormatInt(t.ID, 36)))
}

func parsePage(s string) (due *time.Time, id int64, err error) {
	bad := &layers.InputError{Field: "page", Value: layers.Short(s), Remedy: "what an earlier answer called next"}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, 0, bad
	}
	t, n, _ := strings.Cut(string(b), ".")
	if id, err = strconv.ParseInt(n, 36, 64); err != nil {
		return nil, 0, bad
	}
	if t == "" {
		return nil, id, nil
	}
	us, err := strconv.ParseInt(t, 36, 64)
	if err != nil || us < -1<<53 || us > 1<<53 {
		return nil, 0, bad
	}
	at := time.UnixMicro(us).UTC()
	return &at, id, nil
}
