package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/cql2"
	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/gdal"
	"onemap/web"
	"onemap/web/takeout"
)

type exportCommand struct {
	Database
	Layers      []string `arg:"" optional:"" help:"Names of layers, as the registry has them: asset, incident, …"`
	Base        bool     `help:"The whole base library."`
	Format      string   `help:"${enum}." enum:"geojson,ndjson,csv,gpkg,fgb,pmtiles,mbtiles" default:"geojson" placeholder:"FORMAT"`
	Out         string   `help:"File to write; of several layers as geojson, ndjson, csv or fgb a folder (default: standard output)." short:"o" placeholder:"FILE"`
	AsUser      string   `help:"Write what this account may see (default: everything)." placeholder:"LOGIN" aliases:"as" xor:"right"`
	Public      bool     `help:"Write what the public may see." xor:"right"`
	BBox        string   `help:"Only what meets this box: west,south,east,north in degrees. Tiles that meet it stay whole." name:"bbox" placeholder:"BOX"`
	Filter      string   `help:"Only features for which this holds, in CQL2 text." placeholder:"CQL2"`
	Properties  []string `help:"Only these fields, separated by commas." placeholder:"FIELD"`
	CRS         string   `help:"System of the coordinates in gpkg and fgb, EPSG:n (default: EPSG:4326)." name:"crs" placeholder:"CRS"`
	MinZoom     int      `help:"Smallest zoom of an archive (default: the layers' own)." name:"minzoom" default:"-1" placeholder:"ZOOM"`
	MaxZoom     int      `help:"Largest zoom of an archive (default: 14, or where the last layer begins to show each feature)." name:"maxzoom" default:"-1" placeholder:"ZOOM"`
	Attribution string   `help:"Whom the data comes from, as maps show it; in archives." placeholder:"TEXT"`
	Anew        bool     `help:"Throw away what an interrupted export left."`
}

func (exportCommand) Help() string {
	return `pmtiles and mbtiles are archives of vector tiles, gpkg (GeoPackage) and fgb (FlatGeobuf) need Debian's gdal-bin.
Coordinates are longitude and latitude (EPSG:4326). Who exports what is recorded in the audit.

An export of several layers that was interrupted goes on where it was when the same command is run again:
until it is whole, its layers are in FILE.part.

Example:
  onemap export asset --format csv -o assets.csv
  onemap export incident --format ndjson --as-user police | head
  onemap export enterprise inspection --format gpkg -o enterprises.gpkg
  onemap export --base --public --format pmtiles -o base.pmtiles
  onemap export base_road --filter "class IN ('primary', 'trunk')" --format fgb -o roads.fgb`
}

func (c exportCommand) Run(ctx context.Context, t terminal, log *slog.Logger) (err error) {
	box, epsg, err := c.check()
	if err != nil {
		return err
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store, directory := layers.NewStore(db), access.NewDirectory(db)
	defer directory.Close()
	scope, right, err := c.scope(ctx, directory)
	if err != nil {
		return err
	}
	wanted, err := c.layers(ctx, store, scope, box)
	if err != nil {
		return err
	}
	audit := access.NewAudit(db)
	job := exportJob{exportCommand: c, t: t, store: store, right: right, wanted: wanted, box: box, epsg: epsg, took: func(l takeout.Layer) error {
		return audit.Record(ctx, operator(), access.Entry{Action: "layer.export", Object: "layer/" + l.Name, Result: access.Done,
			Detail: map[string]any{"format": c.Format, "fields": l.Fields, "as_user": c.AsUser, "right": right, "filter": c.Filter, "bbox": c.BBox}})
	}}
	if c.Out == "" {
		return job.print(ctx)
	}
	answer, err := job.run(ctx)
	if errors.Is(err, context.Canceled) && len(wanted) > 1 {
		return fmt.Errorf("interrupted: run the same command again to go on with the layers that are missing: %w", err)
	}
	if err != nil {
		return err
	}
	return t.answer(answer, answer.text)
}

// check refuses a command line that contradicts itself.
func (c exportCommand) check() (box *orb.Bound, epsg int, err error) {
	wrong := func(text string, args ...any) (*orb.Bound, int, error) {
		return nil, 0, fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(text, args...))
	}
	_, byGDAL := gdal.Formats[c.Format]
	_, archived := takeout.Formats[c.Format]
	switch {
	case len(c.Layers) == 0 && !c.Base:
		return wrong("name a layer, or --base for the base library")
	case c.Out == "" && (byGDAL || archived):
		return wrong("%s needs a file: --out FILE", c.Format)
	case c.Out == "" && (c.Base || len(c.Layers) > 1):
		return wrong("several layers need a folder or a file: --out")
	case !archived && (c.MinZoom >= 0 || c.MaxZoom >= 0):
		return wrong("zooms are for pmtiles and mbtiles")
	case archived && c.MaxZoom >= 0 && c.MinZoom > c.MaxZoom, c.MinZoom > 22, c.MaxZoom > 22:
		return wrong("zooms go from 0 to 22, the smallest first")
	}
	if c.CRS != "" {
		if !byGDAL {
			return wrong("--crs is for gpkg and fgb")
		}
		if epsg, err = exportSystem(c.CRS); err != nil {
			return nil, 0, misuse(err, "crs")
		}
	}
	if c.BBox != "" {
		b, err := parseBox(c.BBox)
		if err != nil {
			return wrong("--bbox: %v", err)
		}
		box = &b
	}
	return box, epsg, nil
}

// exportSystem reads the name of a coordinate system that has an EPSG code.
func exportSystem(name string) (int, error) {
	s, err := crs.Parse(name)
	if err == nil && s.SRID() == 0 {
		err = &layers.InputError{Field: "crs", Value: name, Remedy: "WGS84, CGCS2000 or EPSG:n: the shifted systems of web maps are for display"}
	}
	return s.SRID(), err
}

// parseBox reads west,south,east,north in degrees.
func parseBox(s string) (b orb.Bound, err error) {
	bad := errors.New("west,south,east,north in degrees, as 120.0,29.2,120.2,29.4")
	parts := strings.Split(s, ",")
	if len(parts) != 4 {
		return b, bad
	}
	for i, to := range []*float64{&b.Min[0], &b.Min[1], &b.Max[0], &b.Max[1]} {
		if *to, err = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64); err != nil {
			return b, bad
		}
	}
	if b.Min[0] < -180 || b.Max[0] > 180 || b.Min[1] < -90 || b.Max[1] > 90 || !(b.Min[0] <= b.Max[0]) || !(b.Min[1] <= b.Max[1]) {
		return b, bad
	}
	return b, nil
}

// scope is whose eyes the export sees with: the public's, those of --as-user,
// or the operator's. right is its name in what is written.
func (c exportCommand) scope(ctx context.Context, directory *access.Directory) (scope access.Scope, right string, err error) {
	if c.Public {
		return access.Scope{}, "public", nil
	}
	if c.AsUser == "" {
		return operator(), "operator", nil
	}
	people, err := directory.ListPeople(ctx, operator())
	if err != nil {
		return access.Scope{}, "", err
	}
	i := slices.IndexFunc(people, func(p access.PersonInfo) bool { return p.Login == c.AsUser })
	if i < 0 {
		return access.Scope{}, "", fmt.Errorf("account %q: %w", c.AsUser, layers.ErrNotFound)
	}
	scope, err = directory.ScopeOf(ctx, people[i].ID)
	return scope, c.AsUser, err
}

// layers are those asked for, each as the right and the filter leave it.
func (c exportCommand) layers(ctx context.Context, store *layers.Store, scope access.Scope, box *orb.Bound) (out []takeout.Layer, err error) {
	all, err := store.Layers(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range c.Layers {
		if !slices.ContainsFunc(all, func(l layers.Layer) bool { return l.Name == name }) {
			return nil, fmt.Errorf("layer %q: %w", name, layers.ErrNotFound)
		}
	}
	for _, l := range all { // in the registry's order, each once
		named := slices.Contains(c.Layers, l.Name)
		if !named && !(c.Base && l.Subject == "base") {
			continue
		}
		right, ok := scope.Layer(l)
		if !ok {
			if named {
				return nil, fmt.Errorf("layer %q: %w", l.Name, layers.ErrNotFound)
			}
			continue
		}
		w := takeout.Layer{Layer: l, Where: right.Where, Fields: right.Fields, Audience: right.Audience}
		if w.Fields, err = c.fields(l, right); err != nil {
			return nil, err
		}
		if w.Where, err = c.narrow(l, right, box); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the base library: %w for this right", layers.ErrNotFound)
	}
	if _, archived := takeout.Formats[c.Format]; archived {
		takeout.Zooms(out, c.MinZoom, c.MaxZoom)
	}
	return out, nil
}

// fields are those of --properties, in the registry's order.
func (c exportCommand) fields(l layers.Layer, right access.Right) ([]string, error) {
	if len(c.Properties) == 0 {
		return right.Fields, nil
	}
	for _, f := range c.Properties {
		if !slices.Contains(right.Fields, f) {
			return nil, fmt.Errorf("%w: --properties: layer %s has no field %q for this right; it has %s", errUsage, l.Name, f, strings.Join(right.Fields, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(right.Fields), func(f string) bool { return !slices.Contains(c.Properties, f) }), nil
}

// narrow joins the right, the filter and, but for archives, the box.
func (c exportCommand) narrow(l layers.Layer, right access.Right, box *orb.Bound) (where.Cond, error) {
	cond := right.Where
	if c.Filter != "" {
		f, err := cql2.Parser{Names: right.Fields, Field: func(name string) (string, bool) {
			if name == "geom" || name == "geometry" {
				return "geometry", true
			}
			f, ok := l.Field(name)
			return f.Type, ok && slices.Contains(right.Fields, name)
		}}.Parse(c.Filter)
		if err != nil {
			return nil, fmt.Errorf("%w: --filter, layer %s: %w", errUsage, l.Name, err)
		}
		cond = where.And(cond, f)
	}
	if _, archived := takeout.Formats[c.Format]; box != nil && !archived {
		cond = where.And(cond, where.Within{Bound: *box})
	}
	return where.Simplify(l.InForce(cond)), nil
}

// print writes one layer to the standard output.
func (j exportJob) print(ctx context.Context) error {
	l := j.wanted[0]
	if err := j.took(l); err != nil {
		return err
	}
	q := layers.Query{Layer: l.Layer, Where: l.Where, Fields: l.Fields}
	_, err := web.WriteFeatures(j.t.out, j.Format, q, j.store.Features(ctx, q))
	return err
}

// readable is an amount of bytes as people read it.
func readable(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// An exported is the answer of the command.
type exported struct {
	File   string          `json:"file"`
	Format string          `json:"format"`
	Bytes  int64           `json:"bytes"`
	Tiles  uint64          `json:"tiles,omitempty"` // of an archive
	Layers []exportedLayer `json:"layers"`
}

type exportedLayer struct {
	Layer    string `json:"layer"`
	Features *int64 `json:"features,omitempty"` // of other files than archives
	Tiles    uint64 `json:"tiles,omitempty"`    // of archives
	Resumed  bool   `json:"resumed,omitempty"`  // it was finished before
	Changed  bool   `json:"changed,omitempty"`  // while its tiles were made
}

func (e exported) text(w io.Writer) {
	_, archived := takeout.Formats[e.Format]
	for _, l := range e.Layers {
		before := ""
		if l.Resumed {
			before = ", from before"
		}
		switch {
		case archived && l.Tiles == 0:
			fmt.Fprintf(w, "%s: nothing at these zooms%s.\n", l.Layer, before)
		case archived:
			fmt.Fprintf(w, "%s: %d tiles%s.\n", l.Layer, l.Tiles, before)
		case len(e.Layers) > 1:
			fmt.Fprintf(w, "%s: %d features%s.\n", l.Layer, *l.Features, before)
		}
		if l.Changed {
			fmt.Fprintf(w, "  It changed meanwhile: a server will not take its tiles from here.\n")
		}
	}
	if archived {
		fmt.Fprintf(w, "%d tiles in %s, %s.\n", e.Tiles, e.File, readable(e.Bytes))
		return
	}
	n := int64(0)
	for _, l := range e.Layers {
		n += *l.Features
	}
	fmt.Fprintf(w, "%d features in %s.\n", n, e.File)
}
