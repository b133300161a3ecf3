package address

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A hit is a row that may be what is looked for.
type hit struct {
	Candidate
	name     string // of the thing: the road's, the place's
	english  string
	number   string // of a house
	street   string
	division string // level of a division
}

// sought is what the database has for an address.
type sought struct {
	parsed Parsed
	text   string // what is looked for by name; "" for nothing
	typing bool
	areas  []hit // divisions whose names are in the address
	houses []hit // of the road, near the number
	roads  []hit
	cross  []hit
	named  []hit // places, buildings, grids and divisions by name
	unsure bool  // named and roads are by likeness only
}

const (
	// neighbours are house numbers this far away, for a place between them.
	neighbours = 16
	// mostNamed of one layer are ranked.
	mostNamed = 60
)

func (s *Store) seek(ctx context.Context, by access.Scope, p Parsed, text string, typing bool) (*sought, error) {
	x := &sought{parsed: p, typing: typing}
	// What is looked for by name: the estate, the rest, or all where nothing
	// else is known.
	switch {
	case p.Estate != "":
		x.text = p.Estate
	case p.Rest != "":
		x.text = p.Rest
	case p.Road != "" || p.Number != "" && p.Community != "":
	default:
		x.text = text
	}
	// A name that is being typed may end in what looks like the end of a road:
	// 云栖街 of 云栖街道.
	whole := ""
	if typing && p.Road != "" && p.Number == "" && p.Cross == "" {
		whole = text
	}
	var questions []question
	add := func(q question, ok bool, err error) error {
		if ok && err == nil {
			questions = append(questions, q)
		}
		return err
	}
	if err := add(s.divisions(x, whole)); err != nil {
		return nil, err
	}
	if p.Road != "" {
		if err := add(s.roads(ctx, by, []string{p.Road}, &x.roads)); err != nil {
			return nil, err
		}
		if p.Number != "" {
			if err := add(s.houses(ctx, by, x, "street", p.Road)); err != nil {
				return nil, err
			}
		}
		if p.Cross != "" {
			if err := add(s.crossing(ctx, by, x)); err != nil {
				return nil, err
			}
		}
	} else if p.Number != "" && p.Community != "" { // a village has numbers and no roads
		if err := add(s.houses(ctx, by, x, "place", p.Community)); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Compact([]string{x.text, whole}) {
		if name == "" {
			continue
		}
		for _, in := range named {
			if err := add(s.byName(ctx, by, in, grams(name), "@>", &x.named)); err != nil {
				return nil, err
			}
		}
	}
	if err := s.ask(ctx, questions); err != nil {
		return nil, err
	}
	if whole != "" && x.text == "" {
		x.text = whole
	}
	if typing || len(x.houses)+len(x.cross)+len(x.named)+len(x.roads) > 0 {
		return x, nil
	}
	return x, s.alike(ctx, by, x)
}

// alike looks for names that are like what was written, where nothing bears it.
func (s *Store) alike(ctx context.Context, by access.Scope, x *sought) error {
	like := x.parsed.Road
	if like == "" {
		like = x.text
	}
	g := grams(like)
	if len([]rune(like)) < 2 {
		return nil
	}
	g = append(g, "^"+string([]rune(strings.ToLower(like))[:1])) // 云西路 and 云栖路 have only that in common
	var found []hit
	var questions []question
	for _, in := range named {
		if x.parsed.Road != "" && in.layer != "base_road" {
			continue
		}
		q, ok, err := s.byName(ctx, by, in, g, "&&", &found)
		if err != nil {
			return err
		}
		if ok {
			questions = append(questions, q)
		}
	}
	if err := s.ask(ctx, questions); err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(h hit) bool { return likeness(like, h.name) < leastLikeness })
	slices.SortStableFunc(found, func(a, b hit) int {
		return int(1000*likeness(like, b.name)) - int(1000*likeness(like, a.name))
	})
	x.unsure = true
	if x.parsed.Road == "" {
		x.named = found
		return nil
	}
	x.roads = found[:min(len(found), 3)]
	if x.parsed.Number == "" || len(x.roads) == 0 {
		return nil
	}
	q, ok, err := s.houses(ctx, by, x, "street", x.roads[0].name)
	if err != nil || !ok {
		return err
	}
	return s.ask(ctx, []question{q})
}

// divisions asks for the divisions of the register that the address names, and
// those that bear what is looked for by name.
func (s *Store) divisions(x *sought, whole string) (question, bool, error) {
	p := x.parsed
	names := []string{}
	for _, n := range []string{p.City, p.County, p.Town, p.Community} {
		if n != "" {
			names = append(names, n)
		}
	}
	text := cmp.Or(x.text, whole)
	if len(names) == 0 && text == "" {
		return question{}, false, nil
	}
	var a layers.Args
	in, like := a.Add(names), a.Add(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text))+"%")
	sql := fmt.Sprintf(`SELECT a.code, a.level, a.name_zh, a.name_en, coalesce(p.name_zh, ''), coalesce(ST_X(at), 0), coalesce(ST_Y(at), 0),
    ARRAY[ST_XMin(a.geom), ST_YMin(a.geom), ST_XMax(a.geom), ST_YMax(a.geom)], a.geom IS NOT NULL, a.name_zh = ANY (%[1]s)
FROM (SELECT * FROM onemap.area a WHERE name_zh = ANY (%[1]s) OR %[2]s <> '%%' AND (name_zh LIKE %[2]s OR lower(name_en) LIKE %[2]s)
      ORDER BY name_zh = ANY (%[1]s) DESC, length(code), code LIMIT 40) a
LEFT JOIN onemap.area p ON p.code = a.parent, LATERAL ST_PointOnSurface(a.geom) at`, in, like)
	return question{sql, a, func(rows pgx.Rows) error {
		var h hit
		var box []*float64
		var drawn, stated bool
		if err := rows.Scan(&h.Area, &h.division, &h.name, &h.english, &h.More, &h.Lon, &h.Lat, &box, &drawn, &stated); err != nil {
			return err
		}
		h.Kind, h.Title = Division, h.name
		if drawn {
			for _, v := range box {
				h.BBox = append(h.BBox, *v)
			}
		}
		switch {
		case stated:
			x.areas = append(x.areas, h)
		case drawn:
			x.named = append(x.named, h)
		}
		return nil
	}}, true, nil
}

// houses asks for the houses of a road, or of a village, with the number and about it.
func (s *Store) houses(ctx context.Context, by access.Scope, x *sought, field, name string) (question, bool, error) {
	n, _, _ := strings.Cut(strings.TrimLeft(x.parsed.Number, "甲乙丙丁附临"), "-")
	number, err := strconv.Atoi(strings.TrimRight(n, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
	if err != nil {
		return question{}, false, nil
	}
	var a layers.Args
	may, ok, err := s.visible(ctx, by, "base_address", &a, "street", "number", "place")
	if !ok || err != nil {
		return question{}, false, err
	}
	cond := "f.street = " + a.Add(name)
	if field == "place" {
		cond = "f.place LIKE " + a.Add("%"+name)
	}
	at := a.Add(number) + "::int"
	about := fmt.Sprintf("onemap.house_number(f.number) BETWEEN %[1]s - %[2]d AND %[1]s + %[2]d", at, neighbours)
	if x.typing {
		about = fmt.Sprintf("(%s OR onemap.house_number(f.number) BETWEEN %[2]s * 10 AND %[2]s * 10 + 9)", about, at)
	}
	sql := fmt.Sprintf(`SELECT id, street, number, place, area_code, ST_X(geom), ST_Y(geom) FROM map.base_address f
WHERE %s AND f.street <> '' AND %s AND (%s) ORDER BY abs(onemap.house_number(f.number) - %s), length(f.number), f.number, f.id LIMIT 80`, cond, about, may, at)
	return question{sql, a, func(rows pgx.Rows) error {
		h := hit{Candidate: Candidate{Layer: "base_address", Kind: Number}}
		if err := rows.Scan(&h.ID, &h.street, &h.number, &h.More, &h.Area, &h.Lon, &h.Lat); err != nil {
			return err
		}
		h.name = h.street
		h.Title = h.street + withEnd(h.number)
		h.BBox = []float64{h.Lon, h.Lat, h.Lon, h.Lat}
		x.houses = append(x.houses, h)
		return nil
	}}, true, nil
}

// withEnd writes a house number as Chinese addresses do.
func withEnd(number string) string {
	if number == "" || strings.HasSuffix(number, "号") {
		return number
	}
	return number + "号"
}

// roads asks for roads of these names: one hit a name and town, in the middle of its
// longest part.
func (s *Store) roads(ctx context.Context, by access.Scope, names []string, into *[]hit) (question, bool, error) {
	var a layers.Args
	may, ok, err := s.visible(ctx, by, "base_road", &a, "name")
	if !ok || err != nil {
		return question{}, false, err
	}
	sql := fmt.Sprintf(`SELECT id, name, name_en, area_code, ST_X(at), ST_Y(at), box FROM (
    SELECT DISTINCT ON (name, left(area_code, 9)) id, name, name_en, area_code, ST_LineInterpolatePoint(geom, 0.5) AS at,
           ARRAY[ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)] AS box
    FROM (SELECT * FROM map.base_road f WHERE f.name <> '' AND f.name = ANY (%s) AND (%s) LIMIT 2000) f
    ORDER BY name, left(area_code, 9), ST_Length(geom) DESC, id) t LIMIT 60`, a.Add(names), may)
	return question{sql, a, func(rows pgx.Rows) error {
		h := hit{Candidate: Candidate{Layer: "base_road", Kind: Road}}
		if err := rows.Scan(&h.ID, &h.name, &h.english, &h.Area, &h.Lon, &h.Lat, &h.BBox); err != nil {
			return err
		}
		h.Title, h.More = h.name, h.english
		*into = append(*into, h)
		return nil
	}}, true, nil
}

// crossing asks where two roads meet.
func (s *Store) crossing(ctx context.Context, by access.Scope, x *sought) (question, bool, error) {
	var a layers.Args
	may, ok, err := s.visible(ctx, by, "base_road", &a, "name")
	if !ok || err != nil {
		return question{}, false, err
	}
	// 0.0003 degrees are some 30 m: the carriageways of a wide road.
	sql := fmt.Sprintf(`SELECT id, area_code, ST_X(at), ST_Y(at) FROM (
    SELECT a.id, a.area_code, ST_ClosestPoint(a.geom, b.geom) AS at, ST_Distance(a.geom, b.geom) AS d
    FROM (SELECT * FROM map.base_road f WHERE f.name <> '' AND f.name = %s AND (%s) LIMIT 500) a
    JOIN map.base_road b ON b.name <> '' AND b.name = %s AND ST_DWithin(a.geom, b.geom, 0.0003)) t ORDER BY d, id LIMIT 20`,
		a.Add(x.parsed.Road), may, a.Add(x.parsed.Cross))
	return question{sql, a, func(rows pgx.Rows) error {
		h := hit{Candidate: Candidate{Layer: "base_road", Kind: Crossing}, name: x.parsed.Road}
		if err := rows.Scan(&h.ID, &h.Area, &h.Lon, &h.Lat); err != nil {
			return err
		}
		h.Title = x.parsed.Road + "与" + x.parsed.Cross + "交叉口"
		h.BBox = []float64{h.Lon, h.Lat, h.Lon, h.Lat}
		x.cross = append(x.cross, h)
		return nil
	}}, true, nil
}

// named are the layers that are found by name, with the expression that their
// index is on.
var named = []struct {
	layer, kind, name, english, more string
	indexed, only                    string
}{
	{"base_boundary", Division, "f.name", "f.name_en", "''", "f.name || ' ' || f.name_en", "f.name <> ''"},
	{"base_road", Road, "f.name", "f.name_en", "f.name_en", "f.name || ' ' || f.name_en", "f.name <> ''"},
	{"base_poi", Place, "f.name", "f.name_en", "f.address", "f.name || ' ' || f.name_en", "f.name <> ''"},
	{"base_building", Place, "f.name", "''", "f.address", "f.name", "f.name <> ''"},
	{"base_address", Place, "f.name", "''", "f.street || f.number", "f.name", "f.name <> ''"},
	{"grid_unit", Grid, "f.name", "''", "f.grid_code", "f.name || ' ' || f.grid_code", "f.valid_to IS NULL"},
	{"grid_duty", Grid, "f.name", "''", "f.grid_code", "f.name || ' ' || f.grid_code", "f.valid_to IS NULL"},
	{"grid_community", Grid, "f.name", "''", "f.grid_code", "f.name || ' ' || f.grid_code", "f.valid_to IS NULL"},
}

// byName asks one layer for what has all (@>) or some (&&) of some grams.
func (s *Store) byName(ctx context.Context, by access.Scope, in struct {
	layer, kind, name, english, more string
	indexed, only                    string
}, g []string, op string, into *[]hit) (question, bool, error) {
	if len(g) == 0 {
		return question{}, false, nil
	}
	var a layers.Args
	may, ok, err := s.visible(ctx, by, in.layer, &a, "name", "name_en", "address", "street", "number", "grid_code")
	if !ok || err != nil {
		return question{}, false, err
	}
	// A road is many rows of one name; the shortest names are the nearest to
	// what was typed. The inner limit keeps a common syllable from sorting a
	// city's names.
	sql := fmt.Sprintf(`SELECT id, name, english, more, area_code, ST_X(at), ST_Y(at), ARRAY[ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)] FROM (
    SELECT id, name, english, more, area_code, ST_PointOnSurface(geom) AS at, Box2D(geom) AS box FROM (
        SELECT DISTINCT ON (name, more, area_code) * FROM (
            SELECT f.id, %s AS name, %s AS english, %s AS more, f.area_code, f.geom FROM map.%s f
            WHERE %s AND onemap.address_grams(%s) %s %s::text[] AND (%s) LIMIT 1500) t
        ORDER BY name, more, area_code, id) u
    ORDER BY length(name), name, id LIMIT %d) v`,
		in.name, in.english, in.more, pgx.Identifier{in.layer}.Sanitize(), in.only, in.indexed, op, a.Add(g), may, mostNamed)
	return question{sql, a, func(rows pgx.Rows) error {
		h := hit{Candidate: Candidate{Layer: in.layer, Kind: in.kind}}
		if err := rows.Scan(&h.ID, &h.name, &h.english, &h.More, &h.Area, &h.Lon, &h.Lat, &h.BBox); err != nil {
			return err
		}
		h.Title = h.name
		if h.Title == "" {
			h.Title, h.More = h.More, ""
		}
		*into = append(*into, h)
		return nil
	}}, true, nil
}
