package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// A Hit is something found by its name or code.
type Hit struct {
	Layer string    `json:"layer"`
	ID    int64     `json:"id"`
	Title string    `json:"title"`
	More  string    `json:"more" doc:"What tells it from others of its name: a class, an address"`
	Lon   float64   `json:"lon" doc:"Degrees"`
	Lat   float64   `json:"lat" doc:"Degrees"`
	BBox  []float64 `json:"bbox" nullable:"false" doc:"west, south, east, north in degrees"`
}

// searched are the layers that the search box looks through, in the order in
// which equal hits are shown.
var searched = []struct {
	layer string
	words []string // fields whose text may hold what is looked for
	codes []string // fields that must be it, whole: they have an index
	more  []string // shown beside the first of them
}{
	{"base_boundary", []string{"name", "name_en", "code"}, nil, []string{"level"}},
	{"grid_unit", []string{"grid_code", "name"}, nil, []string{"name"}},
	{"grid_duty", []string{"grid_code", "name"}, nil, []string{"name"}},
	{"grid_community", []string{"grid_code", "name"}, nil, []string{"name"}},
	{"incident", []string{"place", "description"}, nil, []string{"state"}},
	{"place", []string{"name"}, nil, []string{"kind"}},
	{"base_road", []string{"name", "name_en", "ref"}, nil, []string{"class"}},
	{"base_poi", []string{"name", "name_en"}, nil, []string{"class", "address"}},
	{"enterprise", []string{"name"}, []string{"uscc", "licence"}, []string{"address"}},
	{"asset", nil, []string{"code"}, []string{"name"}},
	{"base_address", []string{"name", "street"}, nil, []string{"number", "place"}},
	{"base_building", []string{"name", "address"}, nil, []string{"class"}},
}

// recentDays is how far back words of incidents are looked for where they have
// ended: the search box is for what goes on. The list of incidents looks
// further, within the times that it is asked for.
const recentDays = 30

// slow is how long one layer may take. A search that is typed is not worth
// more of the database's time.
const slow = 800 * time.Millisecond

// Found is what a search finds.
type Found struct {
	Hits       []Hit
	Incomplete []string // layers that took too long and are not in Hits
}

// Find returns what the caller may see of what bears text in its name or code,
// best first: names that are the text before names that begin with it before
// names that hold it. "#42" and plain numbers find incidents too.
func (x *Index) Find(ctx context.Context, scope access.Scope, text string, limit int) (Found, error) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return Found{}, nil
	}
	var found Found
	var all []ranked
	for order, in := range searched {
		l, err := x.Layers.Layer(ctx, in.layer)
		if err != nil {
			return Found{}, err
		}
		right, ok := scope.Layer(l)
		if !ok {
			continue
		}
		hits, err := x.findIn(ctx, l, right, in.words, in.codes, in.more, text, limit)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "57014" && ctx.Err() == nil { // query_canceled: by the time it was given
			found.Incomplete = append(found.Incomplete, l.Name)
			continue
		}
		if err != nil {
			return Found{}, fmt.Errorf("search %s: %w", l.Name, err)
		}
		for i := range hits {
			hits[i].order = order
		}
		all = append(all, hits...)
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.order, b.order), cmp.Compare(len(a.Title), len(b.Title)),
			cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	for _, h := range all[:min(len(all), limit)] {
		found.Hits = append(found.Hits, h.Hit)
	}
	return found, nil
}

type ranked struct {
	Hit
	rank, order int
}

// findIn looks through one layer, by the fields that the caller may see.
func (x *Index) findIn(ctx context.Context, l layers.Layer, right access.Right, words, codes, more []string, text string, limit int) ([]ranked, error) {
	var a layers.Args
	sql, err := findSQL(l, right, words, codes, more, text, limit, &a)
	if err != nil || sql == "" {
		return nil, err
	}
	var hits []ranked
	err = pgx.BeginTxFunc(ctx, x.Layers.DB(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', @ms, true)`,
			pgx.NamedArgs{"ms": strconv.FormatInt(slow.Milliseconds(), 10)}); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sql, a...)
		if err != nil {
			return err
		}
		hits, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ranked, error) {
			h := ranked{Hit: Hit{Layer: l.Name}}
			err := row.Scan(&h.ID, &h.Title, &h.More, &h.Lon, &h.Lat, &h.BBox, &h.rank)
			h.Lon, h.Lat = round7(h.Lon), round7(h.Lat)
			for i := range h.BBox {
				h.BBox[i] = round7(h.BBox[i])
			}
			return h, err
		})
		return err
	})
	return hits, err
}

// findSQL writes the search of one layer; "" where there is nothing to search.
func findSQL(l layers.Layer, right access.Right, words, codes, more []string, text string, limit int, a *layers.Args) (string, error) {
	visible := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(f string) bool { return !slices.Contains(right.Fields, f) })
	}
	words, codes, more = visible(words), visible(codes), visible(more)
	// A value added to a must be used: look first whether there is anything to search.
	if len(words)+len(codes) == 0 {
		return "", nil
	}
	may, err := l.SQL(right.Where, a)
	if err != nil {
		return "", err
	}
	col := func(f string) string { return "f." + pgx.Identifier{f}.Sanitize() + "::text" }
	whole := a.Add(text) + "::text"
	op := "ILIKE"
	if strings.ToLower(text) == strings.ToUpper(text) { // Chinese has no case, and LIKE is twice as fast
		op = "LIKE"
	}
	var hits, rank, titles, beside []string
	for _, f := range codes {
		hits = append(hits, col(f)+" = upper("+whole+")", col(f)+" = "+whole)
		titles = append(titles, "nullif("+col(f)+", '')")
	}
	if len(words) > 0 {
		begins, holds := a.Add(like(text)+"%")+"::text", a.Add("%"+like(text)+"%")+"::text"
		var any []string
		for _, f := range words {
			any = append(any, col(f)+" "+op+" "+holds)
			rank = append(rank, fmt.Sprintf("WHEN lower(%[1]s) = lower(%[2]s) THEN 1 WHEN %[1]s ILIKE %[3]s THEN 2", col(f), whole, begins))
		}
		titles = append(named(words, col), titles...)
		cond := strings.Join(any, " OR ")
		if l.Name == "incident" {
			cond = fmt.Sprintf("(%s) AND (f.state NOT IN ('closed', 'rejected', 'void') OR f.occurred_at > now() - interval '%d days')", cond, recentDays)
		}
		hits = append(hits, cond)
	}
	if l.Name == "incident" {
		if n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64); err == nil {
			p := a.Add(n)
			hits = append(hits, "f.id = "+p)
			rank = append([]string{"WHEN f.id = " + p + " THEN 0"}, rank...)
		}
		titles = append([]string{"'#' || f.id"}, titles...)
	}
	if len(codes) > 0 {
		rank = append(rank, "WHEN "+col(codes[0])+" = upper("+whole+") THEN 1")
	}
	for _, f := range more {
		beside = append(beside, "nullif("+col(f)+", '')")
	}
	if len(beside) == 0 {
		beside = []string{"''"}
	}
	// The inner limit keeps a common syllable from sorting a city's addresses. A
	// road is many rows of one name: one hit is enough.
	return fmt.Sprintf(`SELECT id, title, more, ST_X(at), ST_Y(at), ARRAY[ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)], rank
FROM (SELECT DISTINCT ON (title, more) * FROM (
    SELECT f.id, coalesce(%s, '') AS title, concat_ws(' ', %s) AS more, ST_PointOnSurface(f.geom) AS at, Box2D(f.geom) AS box,
           CASE %s ELSE 3 END AS rank
    FROM (SELECT * FROM %s f WHERE (%s) AND (%s) LIMIT 2000) f) t ORDER BY title, more, rank, id) u
ORDER BY rank, length(title), title, id LIMIT %s`,
		strings.Join(titles, ", "), strings.Join(beside, ", "), strings.Join(rank, " "),
		pgx.Identifier{"map", l.Name}.Sanitize(), may, strings.Join(hits, " OR "), a.Add(limit)), nil
}

func named(fields []string, col func(string) string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = "nullif(" + col(f) + ", '')"
	}
	return out
}

// round7 keeps seven decimals of a degree: a centimetre on the ground.
func round7(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }

// like escapes text for a LIKE pattern.
func like(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
