// Package takeout makes files of layers that leave the house: archives of
// tiles, by right. The command line and the API both use it.
package takeout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/feed"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/tiles/mbtiles"
	"onemap/tiles/pmtiles"
)

// Formats are the kinds of archives, with their media types.
var Formats = map[string]string{
	"pmtiles": "application/vnd.pmtiles",
	"mbtiles": "application/vnd.mbtiles",
}

// usualZoom is the largest zoom of an archive where nothing asks for more:
// maps draw larger ones from its tiles.
const usualZoom = 14

// A Layer is what an archive is to hold of a layer.
type Layer struct {
	layers.Layer
	Where            where.Cond // the right and the filter, joined
	Fields           []string   // in the registry's order
	Audience         string     // whose release of a layer of counts it is
	MinZoom, MaxZoom int        // empty where MinZoom is larger
}

// Zooms sets the layers' zooms within the limits asked for, -1 for none. An
// archive ends at one zoom for all: at 14, or where its last layer begins to
// show its features one by one.
func Zooms(ls []Layer, from, to int) {
	if to < 0 {
		to = usualZoom
		for _, l := range ls {
			to = max(to, l.Layer.MinZoom, l.DetailZoom)
		}
	}
	for i := range ls {
		ls[i].MinZoom, ls[i].MaxZoom = max(ls[i].Layer.MinZoom, from), min(ls[i].Layer.MaxZoom, to)
	}
}

// Latest narrows a layer of counts to its latest hour, as the server's tiles
// are: all its hours lie on top of each other.
func Latest(ctx context.Context, s *layers.Store, l *Layer) error {
	if l.KFloor == 0 || l.TimeField == "" {
		return nil
	}
	at, err := s.Latest(ctx, l.Layer, l.Audience)
	if err != nil || at.IsZero() {
		return err
	}
	l.Where = where.And(l.Where, where.Range{Field: l.TimeField, Min: at, Max: at.Add(time.Second)})
	return nil
}

// A Built layer is one archive of its own, at Path.
type Built struct {
	archive.OriginLayer
	Tiles  uint64    `json:"tiles"`
	Bounds orb.Bound `json:"bounds"` // of the features
	Empty  bool      `json:"empty"`  // there are none, and Bounds means nothing
}

// Build makes the archive of one layer at path, with from's tiles. box, which
// may be nil, leaves tiles out that do not meet it. It refuses, by an
// [layers.InputError] about maxzoom, to visit more than so many tiles; 0: any
// number that memory bears. progress, which may be nil, is called with the
// tiles visited and in all.
func Build(ctx context.Context, s *layers.Store, from *tiles.Maker, l Layer, box *orb.Bound, most uint64, path string, progress func(done, all uint64)) (Built, error) {
	b := Built{OriginLayer: archive.OriginLayer{Name: l.Name, Version: archive.FormatVersion(l.Version), Whole: where.IsTrue(where.Simplify(l.Where)),
		Fields: l.Fields, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom}, Empty: true}
	cursor, err := feed.Now(ctx, s.DB())
	if err != nil {
		return b, err
	}
	b.Cursor = cursor.String()
	// Only the base library is served from archives: its content is told by a
	// digest, before and after.
	digested := b.Whole && box == nil && l.Subject == "base"
	if digested {
		if b.Digest, _, err = s.Digest(ctx, l.Layer); err != nil {
			return b, err
		}
	}
	w, err := pmtiles.Create(path)
	if err != nil {
		return b, err
	}
	defer func() {
		if w != nil {
			w.Abandon()
		}
	}()
	if l.MinZoom <= l.MaxZoom {
		cover := archive.NewCover(l.MaxZoom)
		for box, err := range s.Boxes(ctx, l.Layer, l.Where) {
			if err == nil {
				err = cover.Add(box)
			}
			if errors.Is(err, archive.ErrTooMany) {
				err = tooMany(l)
			}
			if err != nil {
				return b, err
			}
			if b.Empty {
				b.Bounds, b.Empty = box, false
			}
			b.Bounds = b.Bounds.Union(box)
		}
		if box != nil {
			cover.Within(*box)
		}
		if most > 0 && cover.Count(l.MinZoom, l.MaxZoom) > most {
			return b, tooMany(l)
		}
		request := archive.Layer{MinZoom: l.MinZoom, MaxZoom: l.MaxZoom,
			LayerRequest: tiles.LayerRequest{Name: l.Name, Version: l.Version, Where: l.Where, Fields: l.Fields}}
		if b.Tiles, err = archive.Build(ctx, from, request, cover, w, progress); err != nil {
			return b, err
		}
	}
	if digested {
		after, _, err := s.Digest(ctx, l.Layer)
		if err != nil {
			return b, err
		}
		if after != b.Digest { // some tiles are of before the change, others of after it
			b.Digest = ""
		}
	}
	err = w.Finish(pmtiles.Summary{MinZoom: uint8(min(l.MinZoom, l.MaxZoom)), MaxZoom: uint8(l.MaxZoom), Bounds: b.Bounds, Metadata: []byte("{}")})
	w = nil
	return b, err
}

func tooMany(l Layer) error {
	return &layers.InputError{Field: "maxzoom", Value: strconv.Itoa(l.MaxZoom), Remedy: "a smaller zoom: layer " + l.Name + " would have too many tiles"}
}

// A Whole is an archive to be made of layers that are built.
type Whole struct {
	Format string // of Formats
	Path   string
	Name   string
	Credit string // whom the data comes from
	Right  string // by which it was made, as archive.Origin has it
	Made   time.Time
	By     string     // this program and its version
	Box    *orb.Bound // it is cut to
	Layers []Layer
	Built  []Built  // of the same order
	Parts  []string // their files
}

// Finish makes one archive of the layers' own. progress is called with the
// tiles written.
func Finish(ctx context.Context, o Whole, progress func(done uint64)) (n uint64, err error) {
	parts := make([]archive.Part, len(o.Parts))
	for i, path := range o.Parts {
		f, err := os.Open(path)
		if err != nil {
			return 0, fmt.Errorf("archive: %w", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return 0, fmt.Errorf("archive: %w", err)
		}
		r, err := pmtiles.NewReader(f, info.Size())
		if err != nil {
			return 0, err
		}
		l := o.Layers[i]
		parts[i] = archive.Part{Reader: r, Layer: archive.Layer{MinZoom: l.MinZoom, MaxZoom: l.MaxZoom,
			LayerRequest: tiles.LayerRequest{Name: l.Name, Version: l.Version, Where: l.Where, Fields: l.Fields}}}
	}
	s := o.summary()
	m := o.metadata()
	if o.Format == "mbtiles" {
		w, err := mbtiles.Create(o.Path)
		if err != nil {
			return 0, err
		}
		if n, err = archive.Merge(ctx, parts, w, progress); err != nil {
			w.Abandon()
			return n, err
		}
		rows, err := metadataRows(m, s)
		if err != nil {
			w.Abandon()
			return n, err
		}
		return n, w.Finish(rows)
	}
	w, err := pmtiles.Create(o.Path)
	if err != nil {
		return 0, err
	}
	if n, err = archive.Merge(ctx, parts, w, progress); err == nil {
		s.Metadata, err = json.Marshal(m)
	}
	if err != nil {
		w.Abandon()
		return n, err
	}
	return n, w.Finish(s)
}

// world is where Web Mercator ends.
var world = orb.Bound{Min: orb.Point{-180, -85.05112877980659}, Max: orb.Point{180, 85.05112877980659}}

func (o Whole) summary() pmtiles.Summary {
	s := pmtiles.Summary{MinZoom: pmtiles.MaxZoom}
	empty := true
	for i, b := range o.Built {
		s.MinZoom = min(s.MinZoom, uint8(min(o.Layers[i].MinZoom, o.Layers[i].MaxZoom)))
		s.MaxZoom = max(s.MaxZoom, uint8(o.Layers[i].MaxZoom))
		if b.Empty {
			continue
		}
		if empty {
			s.Bounds, empty = b.Bounds, false
		}
		s.Bounds = s.Bounds.Union(b.Bounds)
	}
	if o.Box != nil && !empty {
		s.Bounds = within(s.Bounds, *o.Box)
	}
	s.Bounds = within(s.Bounds, world)
	return s
}

// within cuts b to the other box, as far as they meet.
func within(b, to orb.Bound) orb.Bound {
	for i := range 2 {
		if lo, hi := max(b.Min[i], to.Min[i]), min(b.Max[i], to.Max[i]); lo <= hi {
			b.Min[i], b.Max[i] = lo, hi
		}
	}
	return b
}

func (o Whole) metadata() archive.Metadata {
	m := archive.Metadata{Name: o.Name, Attribution: o.Credit, Type: "overlay", Version: o.Made.UTC().Format("20060102"),
		Onemap: &archive.Origin{Made: o.Made.UTC().Truncate(time.Second), Program: o.By, Right: o.Right, Cut: o.Box != nil}}
	base := true
	for i, l := range o.Layers {
		base = base && l.Subject == "base"
		if l.MinZoom > l.MaxZoom { // it has no tiles
			continue
		}
		v := tiles.VectorLayer{ID: l.Name, Description: strings.TrimSpace(l.TitleZH + " " + l.TitleEN), MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Fields: map[string]string{}}
		for _, name := range l.Fields {
			if f, ok := l.Field(name); ok && f.InTile {
				v.Fields[name] = kind(f.Type)
			}
		}
		if l.Geometry == "Point" && l.DetailZoom > l.MinZoom {
			v.Fields["count"] = "Number"
		}
		m.VectorLayers = append(m.VectorLayers, v)
		m.Onemap.Layers = append(m.Onemap.Layers, o.Built[i].OriginLayer)
	}
	if base {
		m.Type = "baselayer"
	}
	m.Onemap.Cursor = oldest(o.Built)
	return m
}

// oldest is the place in the log up to which all layers have every change.
func oldest(built []Built) string {
	var at feed.Cursor
	for _, b := range built {
		c, err := feed.ParseCursor(b.Cursor)
		if err != nil || !at.IsZero() && !c.SameHistory(at) {
			return ""
		}
		if at.IsZero() || c.Compare(at) < 0 {
			at = c
		}
	}
	if at.IsZero() {
		return ""
	}
	return at.String()
}

// kind is a field's type as the readers of archives know types.
func kind(typ string) string {
	switch typ {
	case "integer", "number":
		return "Number"
	case "boolean":
		return "Boolean"
	}
	return "String"
}

// metadataRows are an archive's metadata as MBTiles has them.
func metadataRows(m archive.Metadata, s pmtiles.Summary) ([]mbtiles.Row, error) {
	vector, err := json.Marshal(map[string]any{"vector_layers": m.VectorLayers})
	if err != nil {
		return nil, err
	}
	origin, err := json.Marshal(m.Onemap)
	if err != nil {
		return nil, err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	b, c := s.Bounds, s.Bounds.Center()
	rows := []mbtiles.Row{
		{Name: "name", Value: m.Name}, {Name: "format", Value: "pbf"},
		{Name: "bounds", Value: strings.Join([]string{number(b.Min[0]), number(b.Min[1]), number(b.Max[0]), number(b.Max[1])}, ",")},
		{Name: "center", Value: number(c[0]) + "," + number(c[1]) + "," + strconv.Itoa(int(s.MinZoom))},
		{Name: "minzoom", Value: strconv.Itoa(int(s.MinZoom))}, {Name: "maxzoom", Value: strconv.Itoa(int(s.MaxZoom))},
		{Name: "attribution", Value: m.Attribution}, {Name: "description", Value: m.Name}, {Name: "type", Value: m.Type},
		{Name: "version", Value: m.Version}, {Name: "json", Value: string(vector)}, {Name: "onemap", Value: string(origin)},
	}
	return slices.DeleteFunc(rows, func(r mbtiles.Row) bool { return r.Value == "" }), nil
}
