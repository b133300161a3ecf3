package patrolplan

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/deploy/roads"
)

// A network is the roads between the points of a plan: its places, then where
// its units begin and end.
type network struct {
	graph *roads.Graph
	on    []roads.Place
	ok    []bool // a road is near
}

// exploreOffM is how far from a road a place of exploration may be: chance also
// draws hills and lakes.
const exploreOffM = 250

func (s *Store) network(ctx context.Context, mode string, from, until time.Time) (*network, error) {
	city, err := zone(ctx, s.Layers.DB())
	if err != nil {
		return nil, err
	}
	middle := from.Add(until.Sub(from) / 2).In(city)
	g, err := s.Roads.Graph(ctx, roads.Profile{Mode: mode, Hour: roads.HourOf((int(middle.Weekday())+6)%7, middle.Hour())})
	if err != nil {
		return nil, faultOf(err)
	}
	return &network{graph: g}, nil
}

// add snaps a point and returns its row of the matrix; -1 for none.
func (n *network) add(at *orb.Point, field string) (int, error) {
	if at == nil {
		return -1, nil
	}
	p, ok := n.graph.Snap(*at)
	if !ok {
		return 0, &layers.InputError{Field: field, Value: fmt.Sprintf("%g, %g", at[0], at[1]), Remedy: fmt.Sprintf("a place within %.0f m of a road", roads.MaxSnapM)}
	}
	n.on, n.ok = append(n.on, p), append(n.ok, true)
	return len(n.on) - 1, nil
}

// places snaps a plan's places, rows 0 and up. One that a person picked far from
// any road is refused: a unit that may begin anywhere would stand there all
// day. Hot spots and exploration without one are left out; off says whether a
// hot spot was.
func (n *network) places(all []Place) (out []Place, off bool, err error) {
	out = make([]Place, 0, len(all))
	hand := 0
	for _, p := range all {
		on, ok := n.graph.Snap(p.at())
		switch {
		case p.ByHand && !ok:
			return nil, false, &layers.InputError{Field: fmt.Sprintf("places[%d]", hand), Value: layers.Short(p.Title), Remedy: fmt.Sprintf("a place within %.0f m of a road", roads.MaxSnapM)}
		case p.ByHand:
			hand++
		case p.Explore && (!ok || on.OffM > exploreOffM || !on.Core):
			continue
		case !ok:
			off = true
			continue
		}
		n.on, n.ok = append(n.on, on), append(n.ok, ok)
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, off, &layers.InputError{Field: "places", Remedy: fmt.Sprintf("places within %.0f m of a road: none of these is", roads.MaxSnapM)}
	}
	return out, off, nil
}

// matrix is the seconds between all points.
func (n *network) matrix(ctx context.Context) ([][]float32, error) {
	var on []roads.Place
	var row []int
	for i, ok := range n.ok {
		if ok {
			on, row = append(on, n.on[i]), append(row, i)
		}
	}
	small, err := n.graph.Matrix(ctx, on, on)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(n.on))
	for i := range out {
		out[i] = make([]float32, len(n.on))
		for j := range out[i] {
			if i != j {
				out[i][j] = float32(math.Inf(1))
			}
		}
	}
	for a, i := range row {
		for b, j := range row {
			if i != j {
				// To the hundredth: the stored matrix and this one are the same.
				out[i][j] = float32(math.Round(float64(small[a][b])*100) / 100)
			}
		}
	}
	return out, nil
}

// line is the way by road along rows of the matrix; nil where it has no length.
func (n *network) line(rows []int) orb.LineString {
	var out orb.LineString
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if a < 0 || b < 0 || a == b || !n.ok[a] || !n.ok[b] {
			continue
		}
		for _, p := range n.graph.Path(n.on[a], n.on[b]) {
			p = orb.Point{math.Round(p[0]*1e6) / 1e6, math.Round(p[1]*1e6) / 1e6}
			if len(out) == 0 || out[len(out)-1] != p {
				out = append(out, p)
			}
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// pack writes a matrix as bytes: float32, little end first, row after row.
func pack(m [][]float32) []byte {
	out := make([]byte, 0, 4*len(m)*len(m))
	for _, row := range m {
		for _, s := range row {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(s))
		}
	}
	return out
}

// unpack reads what pack wrote.
func unpack(b []byte) ([][]float32, error) {
	n := int(math.Round(math.Sqrt(float64(len(b) / 4))))
	if 4*n*n != len(b) {
		return nil, fmt.Errorf("matrix of %d bytes is not square", len(b))
	}
	m := make([][]float32, n)
	for i := range m {
		m[i] = make([]float32, n)
		for j := range m[i] {
			m[i][j] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*(i*n+j):]))
		}
	}
	return m, nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
