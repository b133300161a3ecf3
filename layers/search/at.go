package search

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

// Here is what is at a point.
type Here struct {
	Grid string // the finest governance grid that holds it; "" outside of all
	Area string // the administrative division of that grid
	// Names of the division, from the finest outline that holds the point.
	AreaZH, AreaEN string
	Near           []Near
}

// Near is a layer's features near the point, the nearest first.
type Near struct {
	Layer    layers.Layer
	Fields   []string // names, in the order of each feature's values
	Features []NearFeature
}

// A NearFeature is one of them.
type NearFeature struct {
	layers.Feature
	DistanceM float64
}

// metresPerDegree of latitude, and of longitude on the equator.
const metresPerDegree = 111_320

// At returns what is within radiusM metres of p that the caller may see: up to
// limit features of each layer of names, nil for all layers.
func (x *Index) At(ctx context.Context, scope access.Scope, p orb.Point, radiusM float64, names []string, limit int) (Here, error) {
	var h Here
	err := x.Layers.DB().QueryRow(ctx, `SELECT g.grid_code, g.area_code, coalesce(a.name_zh, ''), coalesce(a.name_en, '')
		FROM map.grid_at(@p) g
		LEFT JOIN LATERAL (SELECT name_zh, name_en FROM onemap.area WHERE ST_Intersects(geom, @p)
			ORDER BY array_position(ARRAY['community','town','county','city','province'], level), code LIMIT 1) a ON true`,
		pgx.NamedArgs{"p": p}).Scan(&h.Grid, &h.Area, &h.AreaZH, &h.AreaEN)
	if err != nil {
		return Here{}, fmt.Errorf("what is here: %w", err)
	}
	all, err := x.Layers.Layers(ctx)
	if err != nil {
		return Here{}, err
	}
	if _, staff := scope.Person(); !staff {
		// The public reads a grid's code here where they see it on the map.
		i := slices.IndexFunc(all, func(l layers.Layer) bool { return l.Name == "grid_unit" })
		if i < 0 {
			h.Grid = ""
		} else if _, ok := scope.Layer(all[i]); !ok {
			h.Grid = ""
		}
	}
	for _, l := range all {
		if names != nil && !contains(names, l.Name) {
			continue
		}
		right, ok := scope.Layer(l)
		if !ok {
			continue
		}
		n, err := x.near(ctx, l, right, p, radiusM, limit)
		if err != nil {
			return Here{}, err
		}
		if len(n.Features) > 0 {
			h.Near = append(h.Near, n)
		}
	}
	return h, nil
}

func (x *Index) near(ctx context.Context, l layers.Layer, right access.Right, p orb.Point, radiusM float64, limit int) (Near, error) {
	n := Near{Layer: l, Fields: right.Fields}
	var a layers.Args
	may, err := l.SQL(right.Where, &a)
	if err != nil {
		return n, err
	}
	// The box finds the candidates by the index; metres decide.
	dLat := radiusM / metresPerDegree
	dLon := math.Min(180, dLat/math.Max(0.01, math.Cos(p[1]*math.Pi/180)))
	at := a.Add(p)
	sql := fmt.Sprintf(`SELECT id, d FROM (
    SELECT f.id, ST_Distance(f.geom::geography, %s::geometry::geography) AS d FROM %s f
    WHERE f.geom && ST_MakeEnvelope(%s, %s, %s, %s, 4326) AND (%s)) t
WHERE d <= %s ORDER BY d, id LIMIT %s`,
		at, pgx.Identifier{"map", l.Name}.Sanitize(),
		a.Add(p[0]-dLon), a.Add(p[1]-dLat), a.Add(p[0]+dLon), a.Add(p[1]+dLat), may, a.Add(radiusM), a.Add(limit))
	rows, err := x.Layers.DB().Query(ctx, sql, a...)
	if err != nil {
		return n, fmt.Errorf("what is near of %s: %w", l.Name, err)
	}
	type hit struct {
		ID int64
		D  float64
	}
	hits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
	if err != nil {
		return n, fmt.Errorf("what is near of %s: %w", l.Name, err)
	}
	for _, hit := range hits {
		f, err := x.Layers.Feature(ctx, layers.Query{Layer: l, Where: right.Where, Fields: right.Fields}, hit.ID)
		if isGone(err) { // deleted meanwhile
			continue
		}
		if err != nil {
			return n, err
		}
		n.Features = append(n.Features, NearFeature{f, hit.D})
	}
	return n, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
