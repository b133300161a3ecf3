package roads

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"

	"github.com/paulmach/orb"
)

// keptBytes bounds the matrices that are kept.
const keptBytes = 256 << 20

// A Matrix is the seconds from places to places, as [from][to].
type Matrix struct {
	From, To []Place
	// Off are the numbers of the points that no road is near, by their place
	// in the lists that were asked for: their rows and columns are Unreachable.
	OffFrom, OffTo []int
	Seconds        [][]float32
}

// kept are matrices by what was asked; the oldest go first.
type kept struct {
	byKey map[matrixKey]*Matrix
	order []matrixKey
	bytes int
}

type matrixKey struct {
	profile  Profile
	limit    float64
	from, to uint64 // hashes with a seed that is new with each process
	n, m     int
}

var seed = maphash.MakeSeed()

func hashOf(points []orb.Point) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var b [16]byte
	for _, p := range points {
		binary.LittleEndian.PutUint64(b[:8], math.Float64bits(p[0]))
		binary.LittleEndian.PutUint64(b[8:], math.Float64bits(p[1]))
		h.Write(b[:])
	}
	return h.Sum64()
}

// Matrix snaps points to the network and returns the seconds between them up to
// a limit (see [Graph.MatrixWithin]). What was asked before comes from memory
// until the network or its speeds change.
func (s *Store) Matrix(ctx context.Context, p Profile, from, to []orb.Point, limit float64) (*Matrix, error) {
	g, err := s.Graph(ctx, p)
	if err != nil {
		return nil, err
	}
	key := matrixKey{g.profile, limit, hashOf(from), hashOf(to), len(from), len(to)}
	s.mu.Lock()
	m, ok := s.matrices.byKey[key]
	s.mu.Unlock()
	if ok {
		return m, nil
	}
	m, err = g.matrixOf(ctx, from, to, limit)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.graphs[g.profile] == g { // else the network changed meanwhile
		s.matrices.keep(key, m)
	}
	return m, nil
}

func (k *kept) keep(key matrixKey, m *Matrix) {
	size := func(m *Matrix) int { return 4*len(m.From)*len(m.To) + 96*(len(m.From)+len(m.To)) }
	if _, ok := k.byKey[key]; ok || size(m) > keptBytes {
		return
	}
	if k.byKey == nil {
		k.byKey = map[matrixKey]*Matrix{}
	}
	k.byKey[key] = m
	k.order = append(k.order, key)
	k.bytes += size(m)
	for k.bytes > keptBytes {
		k.bytes -= size(k.byKey[k.order[0]])
		delete(k.byKey, k.order[0])
		k.order = k.order[1:]
	}
}

// matrixOf is the matrix of points. A point without a road stays in it, so
// that numbers of points mean the same before and after.
func (g *Graph) matrixOf(ctx context.Context, from, to []orb.Point, limit float64) (*Matrix, error) {
	m := &Matrix{From: make([]Place, len(from)), To: make([]Place, len(to)), Seconds: make([][]float32, len(from))}
	snap := func(points []orb.Point, places []Place) (on []Place, at, off []int) {
		for i, p := range points {
			if place, ok := g.Snap(p); ok {
				places[i] = place
				on, at = append(on, place), append(at, i)
			} else {
				places[i] = Place{At: p, On: p, OffM: math.Inf(1), Part: -1, edge: -1}
				off = append(off, i)
			}
		}
		return on, at, off
	}
	starts, startAt, offFrom := snap(from, m.From)
	goals, goalAt, offTo := snap(to, m.To)
	m.OffFrom, m.OffTo = offFrom, offTo
	rows, err := g.MatrixWithin(ctx, starts, goals, limit)
	if err != nil {
		return nil, err
	}
	if len(offFrom) == 0 && len(offTo) == 0 {
		m.Seconds = rows
		return m, nil
	}
	for i := range m.Seconds {
		m.Seconds[i] = make([]float32, len(to))
		for k := range m.Seconds[i] {
			m.Seconds[i][k] = Unreachable
		}
	}
	for i, row := range rows {
		for k, seconds := range row {
			m.Seconds[startAt[i]][goalAt[k]] = seconds
		}
	}
	return m, nil
}
