package base

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/osm"

	"onemap/layers"
)

// OSMOptions say what to import.
type OSMOptions struct {
	File    string // an OpenStreetMap extract: .osm.pbf, or .osm (XML)
	Rejects string // the list of what was left out or repaired; "": none is written
	By      string // who imports, for the record
	// Progress is told how many of the file's bytes are done; nil is fine. It
	// is called often and must be quick.
	Progress func(done, total int64)
}

// ImportOSM puts an OpenStreetMap extract in the place of the whole base
// library and its road network. It returns a [layers.InputError] for a file
// that is no extract, and [ErrBusy].
//
// A feature's id is made of its object's: node*4+1, way*4+2, relation*4+3; its
// source key is "osm:n1", "osm:w1", "osm:r1". A line that the extract's edge
// cuts into parts gives "osm:w1", "osm:w1#2" and so on, the further ones with
// ids that are multiples of 4.
//
// The reader is Go's paulmach/osm. Measured with Delaware (7.8 MB, 800,000
// objects): its two passes take a tenth of the import; the rest is assembling
// areas, validity, indexes and grids, which osm2pgsql would need as well, and
// its tables would have to be copied into ours. With cgo it unpacks with the
// system's zlib, and needs pkg-config and zlib1g-dev to be built; with
// CGO_ENABLED=0 it takes Go's, which costs the import a tenth.
func ImportOSM(ctx context.Context, store *layers.Store, o OSMOptions) (Summary, error) {
	sum, err := importOSM(ctx, store, o)
	if err != nil {
		return Summary{}, fmt.Errorf("import OSM extract: %w", plain(err))
	}
	return sum, nil
}

func importOSM(ctx context.Context, store *layers.Store, o OSMOptions) (sum Summary, err error) {
	hash, err := fingerprint(o.File)
	if err != nil {
		return sum, err
	}
	r, err := createRejects(o.Rejects, "type", "id", "layer", "outcome", "reason")
	if err != nil {
		return sum, err
	}
	defer r.drop()
	var read int64
	err = alone(ctx, store, func() error {
		b := batch{layer: "base", file: o.File, crs: "WGS84", by: o.By, sha256: hash}
		if sum.Batch, err = b.open(ctx, store); err != nil {
			return err
		}
		names := []string{roadNode, roadEdge}
		for _, t := range tables {
			names = append(names, t.name)
		}
		err := store.ReplaceAll(ctx, names, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
			s, err := openStage(ctx, db, staging, "WGS84", sum.Batch, r)
			if err != nil {
				return err
			}
			defer s.close(ctx)
			x := &extract{stage: s, file: o.File, progress: o.Progress}
			if err := x.load(ctx); err != nil {
				return err
			}
			sum.Layers, sum.Network, read = s.counts(), x.network, x.read
			return nil
		})
		if err != nil {
			return err
		}
		return finishBatch(ctx, store, sum, read)
	})
	if err != nil {
		return Summary{}, err
	}
	return sum, r.keep()
}

// An extract is loaded in two passes over the file, so that no more is in
// memory than the places of the nodes (16 bytes each), the crossings, and the
// ways that relations are made of:
//
//  1. nodes: their places, and those that are features; ways: which nodes are
//     crossings; relations: which there are, and which ways they need.
//  2. ways: lines, areas and edges; then the relations; then the areas that
//     waited to hear whether a relation speaks for them.
type extract struct {
	stage    *stage
	file     string
	progress func(done, total int64)
	read     int64 // objects in the file

	places    locations
	crossings crossings
	relations []relation
	// members are the ways that relations need, filled in the second pass.
	members map[int64]*member
	linker  linker
	network *Network
}

// A relation is an area made of ways.
type relation struct {
	id    int64
	tags  osm.Tags
	ways  []int64
	roles []string
}

// A member is a way that at least one relation is made of.
type member struct {
	found   bool
	lines   [][]location // one, or the parts left by nodes that are not in the file
	rows    []row        // what its own tags say it is, as an area
	closed  bool         // it is an area by itself
	spoken  map[string]bool
	missing int
}

func (x *extract) load(ctx context.Context) error {
	if err := x.scan(ctx, 0, x.first); err != nil {
		return err
	}
	if x.read == 0 {
		return &layers.InputError{Field: "file", Remedy: "an OpenStreetMap extract with at least one object"}
	}
	x.places.sort()
	x.crossings.sort()
	if err := x.scan(ctx, 1, x.second); err != nil {
		return err
	}
	if err := x.assembleRelations(ctx); err != nil {
		return err
	}
	if err := x.unspoken(ctx); err != nil {
		return err
	}
	for _, n := range x.linker.unique() {
		if err := x.stage.addNode(ctx, n); err != nil {
			return err
		}
	}
	x.network = x.linker.report()
	return x.stage.flushAll(ctx)
}

// first is the first pass.
func (x *extract) first(ctx context.Context, o osm.Object) error {
	x.read++
	switch o := o.(type) {
	case *osm.Node:
		if !(o.Lon >= -180 && o.Lon <= 180 && o.Lat >= -90 && o.Lat <= 90) {
			return x.stage.rejects.add(rejected, key('n', int64(o.ID), 0), "", fmt.Sprintf("(%g, %g) is not on Earth", o.Lon, o.Lat))
		}
		at := locate(o.Lon, o.Lat)
		x.places.add(int64(o.ID), at)
		for _, r := range ofPoint(o.Tags) {
			f := feature{id: int64(o.ID)*4 + 1, key: key('n', int64(o.ID), 0), row: r, geom: at.point()}
			if err := x.stage.add(ctx, f); err != nil {
				return err
			}
		}
	case *osm.Way:
		o = plainly(o)
		if c := roadClass(o.Tags); c != "" && paceOf(o.Tags, c).open() {
			ids := make([]int64, len(o.Nodes))
			for i, n := range o.Nodes {
				ids[i] = int64(n.ID)
			}
			x.crossings.add(ids)
		}
	case *osm.Relation:
		x.keepRelation(o)
	}
	return nil
}

// keepRelation remembers a relation that is an area of the base library, or
// may be one by the tags of its ways.
func (x *extract) keepRelation(o *osm.Relation) {
	kind := o.Tags.Find("type")
	switch {
	case kind == "multipolygon":
	case kind == "boundary" && len(ofArea(o.Tags)) > 0:
	default:
		return
	}
	r := relation{id: int64(o.ID), tags: o.Tags}
	for _, m := range o.Members {
		if m.Type == osm.TypeWay {
			r.ways = append(r.ways, m.Ref)
			r.roles = append(r.roles, m.Role)
			if x.members == nil {
				x.members = map[int64]*member{}
			}
			x.members[m.Ref] = &member{}
		}
	}
	x.relations = append(x.relations, r)
}

// second is the second pass.
func (x *extract) second(ctx context.Context, o osm.Object) error {
	w, ok := o.(*osm.Way)
	if !ok {
		return nil
	}
	w = plainly(w)
	m := x.members[int64(w.ID)]
	if m == nil && len(w.Tags) == 0 {
		return nil
	}
	c := x.course(w)
	if err := x.lines(ctx, w, c); err != nil {
		return err
	}
	return x.areas(ctx, w, c, m)
}

// key is an object's source key: "osm:w12", for the further parts "osm:w12#2".
func key(kind byte, id int64, part int) string {
	if part > 0 {
		return fmt.Sprintf("osm:%c%d#%d", kind, id, part+1)
	}
	return fmt.Sprintf("osm:%c%d", kind, id)
}
