package base

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
)

// connect makes the road network of roads that came without one: they meet
// where they share a vertex, to 1e-7 of a degree (about a centimetre). It
// reads the staged roads twice, so that no more than their crossings is in
// memory. The lead of a vertex's id is its place, so it stays in the next import.
func (s *stage) connect(ctx context.Context, db *pgxpool.Pool) (*Network, error) {
	var c crossings
	err := s.eachRoad(ctx, db, func(_ int64, line []vertex, _ string, p pace) error {
		if p.open() {
			ids := make([]int64, len(line))
			for i, v := range line {
				ids[i] = v.id
			}
			c.add(ids)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.sort()
	var l linker
	err = s.eachRoad(ctx, db, func(road int64, line []vertex, class string, p pace) error {
		if !p.open() {
			return nil
		}
		for _, e := range c.cut(0, road, 0, line, p, class) {
			e.id = l.edges + 1 // in the order of the roads' ids
			l.add(e, atVertex(e.source), atVertex(e.target))
			if err := s.addEdge(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, n := range l.unique() {
		if err := s.addNode(ctx, n); err != nil {
			return nil, err
		}
	}
	return l.report(), s.flushAll(ctx)
}

// eachRoad reads the staged roads in the order of their ids, on a connection
// of its own: the stage's is writing.
func (s *stage) eachRoad(ctx context.Context, db *pgxpool.Pool, f func(road int64, line []vertex, class string, p pace) error) error {
	rows, err := db.Query(ctx, fmt.Sprintf(`SELECT id, class, oneway, coalesce(maxspeed_kmh, 0), tags, geom FROM %s ORDER BY id`, s.staging[road]))
	if err != nil {
		return fmt.Errorf("connect roads: %w", err)
	}
	var id int64
	var class string
	var oneway bool
	var limit float64
	var said json.RawMessage
	var geom orb.LineString
	_, err = pgx.ForEachRow(rows, []any{&id, &class, &oneway, &limit, &said, &geom}, func() error {
		var m map[string]string
		if err := json.Unmarshal(said, &m); err != nil {
			return err
		}
		tags := osm.Tags{{Key: "oneway", Value: "no"}}
		if oneway {
			tags[0].Value = "yes"
		}
		if limit > 0 {
			tags = append(tags, osm.Tag{Key: "maxspeed", Value: fmt.Sprint(limit)})
		}
		for _, k := range []string{"access", "vehicle", "motor_vehicle", "motorcar", "foot", "motorroad"} {
			if m[k] != "" {
				tags = append(tags, osm.Tag{Key: k, Value: m[k]})
			}
		}
		line := make([]vertex, 0, len(geom))
		for _, p := range geom {
			at := locate(p[0], p[1])
			if v := (vertex{vertexAt(at), at}); len(line) == 0 || line[len(line)-1] != v {
				line = append(line, v)
			}
		}
		if len(line) < 2 {
			return nil
		}
		return f(id, line, class, paceOf(tags, class))
	})
	if err != nil {
		return fmt.Errorf("connect roads: %w", err)
	}
	return nil
}

// vertexAt makes an id of a place: 32 bits of longitude above 31 of latitude,
// both counted from the south-west corner of the map so that none is negative.
func vertexAt(l location) int64 {
	return (int64(l.lon)+180e7)<<31 | (int64(l.lat) + 90e7)
}

func atVertex(id int64) location {
	return location{int32(id>>31 - 180e7), int32(id&(1<<31-1) - 90e7)}
}
