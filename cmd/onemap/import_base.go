package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/base"
)

type importOSMCmd struct {
	Database
	File    string `arg:"" help:"An OpenStreetMap extract, .osm.pbf or .osm." type:"existingfile"`
	Rejects string `help:"List of what was left out or repaired, CSV (default: FILE.rejects.csv in this folder; - for none)." placeholder:"CSV"`
}

func (importOSMCmd) Help() string {
	return `The extract takes the place of the whole base library (boundaries, roads, waterways, water, land use,
buildings, addresses, points of interest) and of the road network, in one change: the map shows the old
library until the new one is complete, and goes on showing it if the import fails. Repeat it as you like.

Example:
  onemap import osm liechtenstein.osm.pbf`
}

func (c importOSMCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	begun := time.Now()
	bar := progressbar.NewOptions64(-1, barOptions(t, "reading", true)...)
	rejects := rejectsFile(c.Rejects, c.File)
	sum, err := base.ImportOSM(ctx, layers.NewStore(db), base.OSMOptions{
		File: c.File, Rejects: rejects, By: operatorName(),
		Progress: func(done, total int64) {
			bar.ChangeMax64(total)
			bar.Set64(done)
			if done == total {
				bar.Describe("building") // areas, indexes, the swap
			}
		},
	})
	bar.Exit()
	if err != nil {
		return err
	}
	return t.answer(sum, func(w io.Writer) { writeSummary(w, sum, rejects, time.Since(begun)) })
}

type importBaseCmd struct {
	Database
	Layer   string `arg:"" help:"A layer of the base library: base_building, base_road, … (base_ may be left out)."`
	File    string `arg:"" help:"A vector file: Shapefile, GeoPackage, FlatGeobuf, GeoJSON, KML, GML, DXF, MapInfo, FileGDB."`
	CRS     string `required:"" help:"The coordinates' system: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n." name:"crs"`
	Map     string `help:"Mapping of attributes to columns, YAML (default: attributes with the columns' names, or common names for them)." type:"existingfile" placeholder:"YAML"`
	Rejects string `help:"List of what was left out or repaired, CSV (default: FILE.rejects.csv in this folder; - for none)." placeholder:"CSV"`
}

func (importBaseCmd) Help() string {
	return `The file takes the place of the layer, in one change; with base_road, of the road network too.
The system must be declared: what a file says of its own is too often wrong. Beijing 1954 and Xi'an 1980
are refused, because only their owner has the parameters that bring them to CGCS2000: convert such a file first.

A mapping says where columns come from:
  key: OBJECTID
  fields:
    name: {column: MC}
    class: {column: LX, lookup: {住宅: residential, 厂房: industrial}, otherwise: building}

Example:
  onemap import base building houses.shp --crs EPSG:4549 --map houses.yaml`
}

func (c importBaseCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	layer := c.Layer
	if !strings.HasPrefix(layer, "base_") {
		layer = "base_" + layer
	}
	var mapping base.Mapping
	if c.Map != "" {
		text, err := os.ReadFile(c.Map)
		if err != nil {
			return err
		}
		if mapping, err = base.ParseMapping(layer, text); err != nil {
			return err
		}
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	begun := time.Now()
	bar := progressbar.NewOptions64(-1, barOptions(t, "features", false)...)
	rejects := rejectsFile(c.Rejects, c.File)
	sum, err := base.ImportVector(ctx, layers.NewStore(db), base.VectorOptions{
		Layer: layer, File: c.File, CRS: c.CRS, Mapping: mapping, Rejects: rejects, By: operatorName(),
		Progress: func(features int64) { bar.Set64(features) },
	})
	bar.Exit()
	if err != nil {
		return misuse(err, "crs", "layer")
	}
	return t.answer(sum, func(w io.Writer) { writeSummary(w, sum, rejects, time.Since(begun)) })
}

// misuse marks an error about one of the options as wrong usage: the parser
// cannot know which coordinate systems there are.
func misuse(err error, options ...string) error {
	var input *layers.InputError
	if errors.Is(err, crs.ErrRefused) || errors.Is(err, crs.ErrUnknown) || errors.As(err, &input) && slices.Contains(options, input.Field) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	return err
}

// rejectsFile is where the list of rejects goes: beside whoever typed the
// command, because the folder of the file may not be theirs to write.
func rejectsFile(given, file string) string {
	switch given {
	case "":
		return filepath.Base(file) + ".rejects.csv"
	case "-":
		return ""
	}
	return given
}

// operatorName is whoever typed the command, as the record names them.
func operatorName() string {
	p, _ := operator().Person()
	return p.Login
}

// barOptions draw a progress bar on the terminal, and nothing elsewhere: logs
// are no place for one.
func barOptions(t terminal, what string, bytes bool) []progressbar.Option {
	out := io.Discard
	if f, ok := t.err.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			out = t.err
		}
	}
	return []progressbar.Option{progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowBytes(bytes), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30)}
}

func writeSummary(w io.Writer, sum base.Summary, rejects string, took time.Duration) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "layer\trows\trepaired\trejected\t")
	listed := false
	for _, l := range sum.Layers {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t\n", l.Layer, l.Rows, l.Repaired, l.Rejected)
		listed = listed || l.Repaired+l.Rejected > 0
	}
	tw.Flush()
	if n := sum.Network; n != nil {
		fmt.Fprintf(w, "Road network: %d crossings, %d edges.\n", n.Nodes, n.Edges)
		for _, p := range []struct {
			who string
			base.Parts
		}{{"By car", n.Cars}, {"On foot", n.Foot}} {
			if p.Nodes == 0 {
				continue
			}
			fmt.Fprintf(w, "  %s: %.1f %% of %d crossings hang together; %d parts in all", p.who, 100*float64(p.Largest)/float64(p.Nodes), p.Nodes, p.Count)
			if p.Trapped > 0 {
				fmt.Fprintf(w, "; %d crossings can only be left or only be reached", p.Trapped)
			}
			fmt.Fprintln(w, ".")
		}
	}
	fmt.Fprintf(w, "Import %d done in %s.", sum.Batch, took.Round(100*time.Millisecond))
	if listed && rejects != "" {
		fmt.Fprintf(w, " What was rejected or repaired, and why: %s", rejects)
	}
	fmt.Fprintln(w)
}
