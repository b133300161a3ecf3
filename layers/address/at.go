package address

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// Here is how a place is called.
type Here struct {
	Text  string `json:"text" doc:"As people would say it: divisions, road, number; or what is near, with direction and distance"`
	Parts Parsed `json:"parts" doc:"The levels that are known here"`
	Grid  string `json:"grid_code" doc:"The finest governance grid; empty outside of all, and where the caller may not see grids"`
	Area  string `json:"area_code" doc:"Of that grid"`
	Near  []Near `json:"near" nullable:"false" doc:"What the text is made of, the nearest first"`
}

// Near is something with an address or a name near a place.
type Near struct {
	Kind      string  `json:"kind" enum:"number,place,road" doc:"A house, a named place or building, a road"`
	Layer     string  `json:"layer"`
	ID        int64   `json:"id"`
	Title     string  `json:"title"`
	Lon       float64 `json:"lon" doc:"Of its nearest point"`
	Lat       float64 `json:"lat"`
	DistanceM float64 `json:"distance_m" doc:"Metres; 0 inside"`
	Direction string  `json:"direction" enum:"N,NE,E,SE,S,SW,W,NW," doc:"Where the asked place lies seen from it; empty inside and within 5 m"`
}

const (
	houseReachM = 120 // farther houses do not name a place
	roadReachM  = 200
	placeReachM = 150
	atHouseM    = 30 // up to here a place is called by the house alone
)

// At returns how a place (lon, lat) is called by what the caller may see.
func (s *Store) At(ctx context.Context, by access.Scope, lon, lat float64) (Here, error) {
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	p := orb.Point{lon, lat}
	h := Here{Near: []Near{}}
	var house struct{ street, number, place string } // of the nearest
	var questions []question

	var a layers.Args
	at := a.Add(p)
	questions = append(questions, question{`SELECT level, name_zh FROM onemap.area WHERE ST_Intersects(geom, ` + at + `) ORDER BY length(code), code`, a, func(rows pgx.Rows) error {
		var level, name string
		if err := rows.Scan(&level, &name); err != nil {
			return err
		}
		for _, l := range []struct {
			level string
			to    *string
		}{{"province", &h.Parts.Province}, {"city", &h.Parts.City}, {"county", &h.Parts.County}, {"town", &h.Parts.Town}, {"community", &h.Parts.Community}} {
			if l.level == level {
				*l.to = name
			}
		}
		return nil
	}})
	var none layers.Args
	_, staff := by.Person()
	if _, seesGrids, err := s.visible(ctx, by, "grid_unit", &none); err != nil {
		return h, err
	} else if seesGrids || staff {
		questions = append(questions, question{`SELECT grid_code, area_code FROM map.grid_at($1)`, layers.Args{p}, func(rows pgx.Rows) error {
			return rows.Scan(&h.Grid, &h.Area)
		}})
	}
	near := func(layer, columns, only string, reachM float64, limit int, scan func(pgx.Rows, *Near) error, fields ...string) error {
		var a layers.Args
		may, ok, err := s.visible(ctx, by, layer, &a, fields...)
		if !ok || err != nil {
			return err
		}
		dLat := reachM / metresPerDegree
		dLon := math.Min(180, dLat/math.Max(0.01, math.Cos(lat*math.Pi/180)))
		at := a.Add(p) + "::geometry"
		sql := fmt.Sprintf(`SELECT %s, id, ST_X(c), ST_Y(c), d FROM (
    SELECT *, ST_ClosestPoint(geom, %[2]s) AS c, ST_Distance(geom::geography, %[2]s::geography) AS d FROM (
        SELECT f.* FROM map.%[3]s f WHERE f.geom && ST_MakeEnvelope(%[4]s, %[5]s, %[6]s, %[7]s, 4326) AND %[8]s AND (%[9]s)
        ORDER BY f.geom <-> %[2]s LIMIT 20) f) t
WHERE d <= %[10]s ORDER BY d, id LIMIT %[11]d`,
			columns, at, layer, a.Add(lon-dLon), a.Add(lat-dLat), a.Add(lon+dLon), a.Add(lat+dLat), only, may, a.Add(reachM), limit)
		questions = append(questions, question{sql, a, func(rows pgx.Rows) error {
			n := Near{Layer: layer}
			if err := scan(rows, &n); err != nil {
				return err
			}
			if n.DistanceM > 5 {
				n.Direction = direction(n.Lon, n.Lat, lon, lat)
			}
			n.DistanceM = math.Round(n.DistanceM*10) / 10
			n.Lon, n.Lat = round7(n.Lon), round7(n.Lat)
			h.Near = append(h.Near, n)
			return nil
		}})
		return nil
	}
	err := near("base_address", "street, number, place", "f.street <> '' AND f.number <> ''", houseReachM, 3, func(rows pgx.Rows, n *Near) error {
		var street, number, in string
		if err := rows.Scan(&street, &number, &in, &n.ID, &n.Lon, &n.Lat, &n.DistanceM); err != nil {
			return err
		}
		n.Kind, n.Title = Number, street+withEnd(number)
		if house.street == "" {
			house.street, house.number, house.place = street, number, in
		}
		return nil
	}, "street", "number", "place")
	if err != nil {
		return h, err
	}
	for _, l := range []struct {
		layer, kind string
		reachM      float64
		limit       int
	}{{"base_building", Place, placeReachM, 1}, {"base_poi", Place, placeReachM, 2}, {"base_road", Road, roadReachM, 1}} {
		err := near(l.layer, "name", "f.name <> ''", l.reachM, l.limit, func(rows pgx.Rows, n *Near) error {
			n.Kind = l.kind
			return rows.Scan(&n.Title, &n.ID, &n.Lon, &n.Lat, &n.DistanceM)
		}, "name")
		if err != nil {
			return h, err
		}
	}
	if err := s.ask(ctx, questions); err != nil {
		return h, fmt.Errorf("what a place is called: %w", err)
	}
	sortNear(h.Near)
	nearest := func(kind string) *Near {
		if i := slices.IndexFunc(h.Near, func(n Near) bool { return n.Kind == kind }); i >= 0 {
			return &h.Near[i]
		}
		return nil
	}
	door, place, road := nearest(Number), nearest(Place), nearest(Road)
	// Divisions that the register does not draw may stand in the address.
	if door != nil && h.Parts.Town == "" && h.Parts.Community == "" {
		in := Parse(house.place)
		h.Parts.Town, h.Parts.Community = in.Town, in.Community
	}
	h.Text = h.Parts.Province + h.Parts.City + h.Parts.County + h.Parts.Town + h.Parts.Community
	if road != nil {
		h.Parts.Road = road.Title
	}
	switch {
	case door != nil && door.DistanceM <= atHouseM && (place == nil || place.DistanceM > 0):
		h.Parts.Road, h.Parts.Number = house.street, strings.TrimSuffix(house.number, "号")
		h.Text += door.Title
	case place != nil && place.DistanceM <= atHouseM:
		h.Parts.Estate = place.Title
		h.Text += place.Title + beside(*place)
	case door != nil:
		h.Text += door.Title + beside(*door)
	case place != nil:
		h.Text += place.Title + beside(*place)
	case road != nil && road.DistanceM > atHouseM:
		h.Text += road.Title + beside(*road)
	case road != nil:
		h.Text += road.Title
	}
	return h, nil
}

var chinese = map[string]string{"N": "北", "NE": "东北", "E": "东", "SE": "东南", "S": "南", "SW": "西南", "W": "西", "NW": "西北"}

// beside says where a place lies seen from something: 东北侧35米; "" inside it.
func beside(n Near) string {
	if n.Direction == "" {
		return ""
	}
	return fmt.Sprintf("%s侧%.0f米", chinese[n.Direction], math.Max(5, math.Round(n.DistanceM/5)*5))
}

// direction is the eighth of the compass in which to lies seen from a place.
func direction(fromLon, fromLat, toLon, toLat float64) string {
	a := math.Atan2((toLon-fromLon)*math.Cos(fromLat*math.Pi/180), toLat-fromLat)
	i := int(math.Round(a/(math.Pi/4))+8) % 8
	return []string{"N", "NE", "E", "SE", "S", "SW", "W", "NW"}[i]
}
