package roads

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
)

// A Store reads the network of a database and keeps what it made of it until
// the network or its speeds change, by whomever: it asks the database for their
// version each time. It is safe for concurrent use.
type Store struct {
	Layers *layers.Store

	mu       sync.Mutex
	version  version
	network  *network
	speeds   []Speed
	graphs   map[Profile]*Graph
	matrices kept
}

// keptGraphs bounds the profiles that are kept beside each other.
const keptGraphs = 8

// A version is equal for equal networks: the table's (a table that was
// replaced as a whole is another one) and the count of its changes.
type version struct{ Table, Roads, Speeds int64 }

// Graph returns the network as a profile travels it. It returns [ErrNoRoads]
// where there is none. A large city's is read in a second or two, once.
func (s *Store) Graph(ctx context.Context, p Profile) (*Graph, error) {
	switch p.Mode {
	case "":
		p.Mode = Car
	case Car, Emergency:
	case Foot:
		p.Hour = Typical
	default:
		return nil, &layers.InputError{Field: "mode", Value: p.Mode, Remedy: "car, emergency or foot"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	if g, ok := s.graphs[p]; ok {
		return g, nil
	}
	g, err := newGraph(s.network, p, factors(s.speeds, p))
	if err != nil {
		return nil, err
	}
	if len(s.graphs) >= keptGraphs {
		clear(s.graphs)
	}
	s.graphs[p] = g
	return g, nil
}

// refresh reads the network again if it changed.
func (s *Store) refresh(ctx context.Context) error {
	var now version
	err := s.Layers.DB().QueryRow(ctx, `SELECT 'map.road_edge'::regclass::oid::int8, roads, speeds FROM onemap.road_version`).Scan(&now.Table, &now.Roads, &now.Speeds)
	if err != nil {
		return fmt.Errorf("version of the road network: %w", err)
	}
	if s.network != nil && now == s.version {
		return nil
	}
	if s.network == nil || now.Table != s.version.Table || now.Roads != s.version.Roads {
		edges, err := readEdges(ctx, s.Layers)
		if err != nil {
			return err
		}
		s.network = newNetwork(edges)
	}
	if s.speeds, err = s.Speeds(ctx); err != nil {
		return err
	}
	s.version, s.graphs, s.matrices = now, map[Profile]*Graph{}, kept{}
	return nil
}

func readEdges(ctx context.Context, l *layers.Store) ([]Edge, error) {
	rows, err := l.DB().Query(ctx, `SELECT id, source, target, length_m, cost, reverse_cost, foot_cost, class, geom FROM map.road_edge`)
	if err != nil {
		return nil, fmt.Errorf("road network: %w", err)
	}
	classes := map[string]string{} // one string a class, not one an edge
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Edge, err error) {
		var class string
		var line orb.Geometry
		if err = row.Scan(&e.ID, &e.Source, &e.Target, &e.LengthM, &e.Forward, &e.Backward, &e.Foot, &class, &line); err != nil {
			return e, err
		}
		e.Line, _ = line.(orb.LineString)
		if _, ok := classes[class]; !ok {
			classes[class] = class
		}
		e.Class = classes[class]
		return e, nil
	})
	if err != nil {
		return nil, fmt.Errorf("road network: %w", err)
	}
	return out, nil
}
