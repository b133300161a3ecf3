package hazard

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

// A Query asks for hazards.
type Query struct {
	Filter where.Cond // on the fields the caller may see; nil: all
	Mine   bool       // found by the caller
	Open   bool       // neither closed nor void
	Text   string     // in the title, the description, the place, the enterprise's name; or the number
	Page   string     // "" or what an earlier answer called next
	Limit  int        // 1 to 1000; 0: 100
}

// List returns the hazards that q asks for, the latest found first, and what
// to put into Page for those after them, "" at the end.
func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (found []Hazard, next string, err error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	var a layers.Args
	cond, err := v.cond(q, &a)
	if err != nil {
		return nil, "", err
	}
	if q.Page != "" {
		at, id, err := parsePage(q.Page)
		if err != nil {
			return nil, "", err
		}
		cond += fmt.Sprintf(" AND (f.found_at, f.id) < (%s::timestamptz, %s::bigint)", a.Add(at), a.Add(id))
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	found, err = v.read(ctx, s.Layers.DB(), selectSQL+"WHERE "+cond+" ORDER BY f.found_at DESC, f.id DESC LIMIT "+a.Add(q.Limit+1), a)
	if err != nil {
		return nil, "", wrap("list hazards", err)
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		if last := found[q.Limit-1]; last.FoundAt != nil { // where time is hidden, so is the way on
			next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.FoundAt.UnixMicro(), 36) + "." + strconv.FormatInt(last.ID, 36)))
		}
	}
	return found, next, nil
}

// cond writes q's condition without its page.
func (v sight) cond(q Query, a *layers.Args) (string, error) {
	cond, err := v.sql(q.Filter, q.Mine, a)
	if err != nil {
		return "", err
	}
	if q.Open {
		if !q.Mine && !slices.Contains(v.right.Fields, "state") {
			return "", &layers.InputError{Field: "query.open", Remedy: "leave it out: you may not see the state"}
		}
		cond += " AND f.state NOT IN ('closed', 'void')"
	}
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
	// Words are looked for only where the caller may read them.
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	for _, field := range []string{"title", "description", "place", "enterprise_name"} {
		if q.Mine || slices.Contains(v.right.Fields, field) {
			ors = append(ors, "f."+field+" ILIKE "+a.Add(pattern)+"::text")
		}
	}
	return cond + " AND (" + strings.Join(ors, " OR ") + ")", nil
}

func parsePage(s string) (at time.Time, id int64, err error) {
	bad := &layers.InputError{Field: "page", Value: layers.Short(s), Remedy: "what an earlier answer called next"}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return time.Time{}, 0, bad
	}
	t, n, _ := strings.Cut(string(b), ".")
	us, err1 := strconv.ParseInt(t, 36, 64)
	id, err2 := strconv.ParseInt(n, 36, 64)
	if err1 != nil || err2 != nil || us < -1<<53 || us > 1<<53 {
		return time.Time{}, 0, bad
	}
	return time.UnixMicro(us).UTC(), id, nil
}
