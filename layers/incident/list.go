package incident

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A Query asks for incidents, newest first.
type Query struct {
	Filter  where.Cond // on the fields the caller may see; nil: all
	Mine    bool       // the caller's own reports
	Open    bool       // those that have not ended
	Waiting bool       // those that wait for the caller, see [Queue]
	Stage   string     // one of [Stages]; "": any
	Light   string     // green, yellow or red; "": any
	Text    string     // in the description, the place, or the number
	ByDue   bool       // what is due first comes first; those without a clock come last
	Page    string     // "" or what an earlier answer called next
	Limit   int        // 1 to 1000; 0: 100
}

// List returns the incidents that q asks for, the latest to occur first, and
// what to put into Page for those after them, "" at the end.
func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (found []Incident, next string, err error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	var a layers.Args
	cond, err := v.cond(scope, q, &a)
	if err != nil {
		return nil, "", err
	}
	after, order, err := q.order(&a)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	found, err = v.read(ctx, s.Layers.DB(), scope, selectSQL+"WHERE "+cond+after+order+" LIMIT "+a.Add(q.Limit+1), a)
	if err != nil {
		return nil, "", access.Wrap("list incidents", err)
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		last := found[q.Limit-1]
		switch {
		case q.ByDue:
			next = page(last.DueAt, last.ID)
		case last.OccurredAt != nil: // where time is hidden, so is the way on
			next = page(last.OccurredAt, last.ID)
		}
	}
	return found, next, nil
}

// order writes the order of the list, and the condition on what comes after
// q's page.
func (q Query) order(a *layers.Args) (after, order string, err error) {
	order = " ORDER BY f.occurred_at DESC, f.id DESC"
	if q.ByDue {
		order = " ORDER BY f.due_at, f.id" // NULL is last
	}
	if q.Page == "" {
		return "", order, nil
	}
	at, id, err := parsePage(q.Page)
	if err != nil {
		return "", "", err
	}
	switch {
	case !q.ByDue && at == nil:
		return "", "", &layers.InputError{Field: "page", Value: layers.Short(q.Page), Remedy: "what an earlier answer of the same order called next"}
	case !q.ByDue:
		after = fmt.Sprintf(" AND (f.occurred_at, f.id) < (%s::timestamptz, %s::bigint)", a.Add(*at), a.Add(id))
	case at == nil:
		after = fmt.Sprintf(" AND f.due_at IS NULL AND f.id > %s::bigint", a.Add(id))
	default:
		after = fmt.Sprintf(" AND ((f.due_at, f.id) > (%s::timestamptz, %s::bigint) OR f.due_at IS NULL)", a.Add(*at), a.Add(id))
	}
	return after, order, nil
}

// cond writes q's condition without its page.
func (v sight) cond(scope access.Scope, q Query, a *layers.Args) (string, error) {
	if q.Filter == nil {
		q.Filter = where.True
	}
	cond, err := v.sql(q.Filter, q.Mine, a)
	if err != nil {
		return "", err
	}
	narrow, err := v.narrow(scope, q, a)
	if err != nil {
		return "", err
	}
	cond += narrow
	text := strings.TrimSpace(q.Text)
	if text == "" {
		return cond, nil
	}
	if err := layers.CheckText("q", text, 100); err != nil {
		return "", err
	}
	ors := []string{"false"}
	if n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64); err == nil {
		ors = append(ors, "f.id = "+a.Add(n))
	}
	if len(text) == 19 && strings.Trim(text, "0123456789") == "" && (q.Mine || slices.Contains(v.right.Fields, "number")) {
		ors = append(ors, "f.number = "+a.Add(text))
	}
	// Words are looked for only where the caller may read them.
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	op := " ILIKE "
	if strings.ToLower(text) == strings.ToUpper(text) { // Chinese has no case, and LIKE is twice as fast
		op = " LIKE "
	}
	for _, field := range []string{"description", "place"} {
		if q.Mine || slices.Contains(v.right.Fields, field) {
			ors = append(ors, "f."+field+op+a.Add(pattern)+"::text")
		}
	}
	return cond + " AND (" + strings.Join(ors, " OR ") + ")", nil
}

// page names the place after an incident in the list; at is nil where it has
// no such time.
func page(at *time.Time, id int64) string {
	t := "-"
	if at != nil {
		t = strconv.FormatInt(at.UnixMicro(), 36)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(t + "." + strconv.FormatInt(id, 36)))
}

func parsePage(s string) (at *time.Time, id int64, err error) {
	bad := &layers.InputError{Field: "page", Value: layers.Short(s), Remedy: "what an earlier answer called next"}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, 0, bad
	}
	t, n, _ := strings.Cut(string(b), ".")
	if id, err = strconv.ParseInt(n, 36, 64); err != nil {
		return nil, 0, bad
	}
	if t == "-" {
		return nil, id, nil
	}
	us, err := strconv.ParseInt(t, 36, 64)
	// Within 285 years of 1970, which PostgreSQL and Go both hold.
	if err != nil || us < -1<<53 || us > 1<<53 {
		return nil, 0, bad
	}
	when := time.UnixMicro(us).UTC()
	return &when, id, nil
}
