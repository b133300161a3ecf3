package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

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
// which equal hits are shown: the fields whose text is looked for, and what is
// shown beside the first of them.
var searched = []struct {
	layer  string
	fields []string
	more   []string
}{
	{"base_boundary", []string{"name", "name_en", "code"}, []string{"level"}},
	{"grid_unit", []string{"grid_code", "name"}, []string{"name"}},
	{"grid_duty", []string{"grid_code", "name"}, []string{"name"}},
	{"grid_community", []string{"grid_code", "name"}, []string{"name"}},
	{"incident", []string{"place", "description"}, []string{"state"}},
	{"place", []string{"name"}, []string{"kind"}},
	{"base_road", []string{"name", "name_en", "ref"}, []string{"class"}},
	{"base_poi", []string{"name", "name_en"}, []string{"class", "address"}},
	{"enterprise", []string{"name", "uscc", "licence"}, []string{"address"}},
	{"asset", []string{"code", "name"}, []string{"name"}},
	{"base_address", []string{"name", "street"}, []string{"number", "place"}},
	{"base_building", []string{"name", "address"}, []string{"class"}},
}

// Find returns what the caller may see of what bears text in its name or code,
// best first: names that are the text before names that begin with it before
// names that hold it. "#42" and plain numbers find incidents too.
func (x *Index) Find(ctx context.Context, scope access.Scope, text string, limit int) ([]Hit, error) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return nil, nil
	}
	var a layers.Args
	var parts []string
	for order, in := range searched {
		l, err := x.Layers.Layer(ctx, in.layer)
		if err != nil {
			return nil, err
		}
		right, ok := scope.Layer(l)
		if !ok {
			continue
		}
		sql, err := findSQL(l, right, in.fields, in.more, order, text, limit, &a)
		if err != nil {
			return nil, err
		}
		if sql != "" {
			parts = append(parts, "("+sql+")")
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	// A road is many rows of one name: one hit is enough.
	rows, err := x.Layers.DB().Query(ctx, `SELECT layer, id, title, more, ST_X(at), ST_Y(at), ARRAY[ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)]
		FROM (SELECT DISTINCT ON (layer, title, more) * FROM (`+strings.Join(parts, " UNION ALL ")+`) t ORDER BY layer, title, more, rank, id) u
		ORDER BY rank, ord, length(title), title, id LIMIT `+a.Add(limit), a...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hit])
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// findSQL looks through one layer, by the fields that the caller may see.
func findSQL(l layers.Layer, right access.Right, fields, more []string, order int, text string, limit int, a *layers.Args) (string, error) {
	// A value added to a must be used: look first whether there is anything to search.
	if !slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(right.Fields, f) }) {
		return "", nil
	}
	may, err := l.SQL(right.Where, a)
	if err != nil {
		return "", err
	}
	whole, begins, holds := a.Add(text), a.Add(like(text)+"%"), a.Add("%"+like(text)+"%")
	var rank, any, titles []string
	for _, f := range fields {
		if !slices.Contains(right.Fields, f) {
			continue
		}
		col := "f." + pgx.Identifier{f}.Sanitize() + "::text"
		titles = append(titles, "nullif("+col+", '')")
		any = append(any, col+" ILIKE "+holds)
		rank = append(rank, fmt.Sprintf("WHEN lower(%[1]s) = lower(%[2]s) THEN 1 WHEN %[1]s ILIKE %[3]s THEN 2", col, whole, begins))
	}
	if l.Name == "incident" {
		if n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64); err == nil {
			p := a.Add(n)
			any = append(any, "f.id = "+p)
			rank = append([]string{"WHEN f.id = " + p + " THEN 0"}, rank...)
		}
		titles = append([]string{"'#' || f.id"}, titles...)
	}
	beside := []string{}
	for _, f := range more {
		if slices.Contains(right.Fields, f) {
			beside = append(beside, "f."+pgx.Identifier{f}.Sanitize()+"::text")
		}
	}
	if len(beside) == 0 {
		beside = []string{"''"}
	}
	// The inner limit keeps a common syllable from sorting a city's addresses.
	return fmt.Sprintf(`SELECT %s::text AS layer, f.id, coalesce(%s, '') AS title, concat_ws(' ', %s) AS more,
    ST_PointOnSurface(f.geom) AS at, Box2D(f.geom) AS box, CASE %s ELSE 3 END AS rank, %d AS ord
FROM (SELECT * FROM %s f WHERE (%s) AND (%s) LIMIT 2000) f ORDER BY rank, length(coalesce(%[2]s, '')), f.id LIMIT %[9]s`,
		a.Add(l.Name), strings.Join(titles, ", "), strings.Join(beside, ", "), strings.Join(rank, " "), order,
		pgx.Identifier{"map", l.Name}.Sanitize(), may, strings.Join(any, " OR "), a.Add(limit)), nil
}

// bound of a hit, for those who draw it.
func (h Hit) Bound() orb.Bound {
	return orb.Bound{Min: orb.Point{h.BBox[0], h.BBox[1]}, Max: orb.Point{h.BBox[2], h.BBox[3]}}
}
