package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"onemap/layers"
	"onemap/layers/intake"
)

// importCommand brings files in. Rows become features by a mapping; base
// layers come whole.
type importCommand struct {
	OSM         importOSMCmd       `cmd:"" name:"osm" help:"The base library and road network from an OpenStreetMap extract."`
	Base        importBaseCmd      `cmd:"" help:"One layer of the base library from a vector file."`
	File        importFileCmd      `cmd:"" help:"Any file, as a layer: table, Shapefile, GeoPackage, GeoJSON, KML, FlatGeobuf, DXF."`
	Undo        importUndoCmd      `cmd:"" help:"Take back what a batch brought in, as one change."`
	Grids       importGridsCmd     `cmd:"" help:"Governance grids: unit, responsibility or community grids."`
	Incidents   importIncidentsCmd `cmd:"" help:"Historic incidents."`
	Assets      importAssetsCmd    `cmd:"" help:"City assets (部件)."`
	Enterprises importEnterCmd     `cmd:"" help:"The register of enterprises."`
	Inspections importInspectCmd   `cmd:"" help:"Inspections of enterprises."`
	Population  importPeopleCmd    `cmd:"" help:"Trips, as counts by grid and hour."`
	Places      importPlacesCmd    `cmd:"" help:"Emergency places: hydrants, stations, shelters."`
	Mappings    importMappingsCmd  `cmd:"" help:"List the mappings that come with onemap, or print one."`
}

func (importCommand) Help() string {
	return `Example:
  onemap import osm streets.osm.pbf
  onemap import grids police_districts.geojson --map portland-police-districts --crs WGS84`
}

// rowFile is what all imports by a mapping have in common.
type rowFile struct {
	Database
	File    string `arg:"" help:"A CSV (UTF-8 or GB18030) or GeoJSON file, gzip or not." type:"existingfile"`
	Map     string `required:"" help:"A mapping file, or the name of one that comes with onemap (onemap import mappings)." placeholder:"MAPPING.yaml|NAME"`
	CRS     string `help:"The coordinates' system: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n (default: the mapping's)." name:"crs"`
	Source  string `help:"Who says so, in place of the mapping's source."`
	Rejects string `help:"List of the rejected rows, CSV (default: FILE.rejects.csv in this folder; - for none)." placeholder:"CSV" aliases:"reject"`
}

const rowHelp = `
A row is checked, placed in its grid and known again by its key: the same file once more changes nothing, a newer
one writes what is new or different. The whole file is one change. A row that is wrong goes to the list of rejects
with its line, field, value and reason, and does not stop the rest. The status is 1 if nothing could be imported.
`

type importGridsCmd struct{ rowFile }

func (importGridsCmd) Help() string {
	return `Grids that differ from those in force end them on the day of the mapping (default: today) and begin a new version;
a code is never used for another place. Features are then given their new grid.` + "\n" + rowHelp + `
Example:
  onemap import grids police_districts.geojson --map portland-police-districts`
}
func (c importGridsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "grid_unit", "grid_duty", "grid_community")
}

type importIncidentsCmd struct{ rowFile }

func (importIncidentsCmd) Help() string {
	return rowHelp + `
Example:
  onemap import incidents incidents_2008_2015.csv.gz --map stlouis-incidents`
}
func (c importIncidentsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "incident")
}

type importAssetsCmd struct{ rowFile }

func (importAssetsCmd) Help() string {
	return rowHelp + `
Examples:
  onemap import assets street_trees.csv.gz --map portland-street-trees
  onemap import assets 部件普查.csv --map parts.yaml --crs EPSG:4549`
}
func (c importAssetsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "asset")
}

type importEnterCmd struct{ rowFile }

func (importEnterCmd) Help() string {
	return rowHelp + `
Example:
  onemap import enterprises business_licences.csv.gz --map chicago-business-licences`
}
func (c importEnterCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "enterprise")
}

type importInspectCmd struct{ rowFile }

func (importInspectCmd) Help() string {
	return `Inspections are tied to enterprises by licence, and bring their last inspection and next due date up to date.
Either file may come first.` + "\n" + rowHelp + `
Example:
  onemap import inspections food_inspections.csv.gz --map chicago-food-inspections`
}
func (c importInspectCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "inspection")
}

type importPeopleCmd struct{ rowFile }

func (importPeopleCmd) Help() string {
	return `A trip is counted where it begins and where it ends, by grid and hour, and from grid to grid; then it is forgotten.
The map shows a release: counts below the layer's floor are left out, the rest is rounded. Import grids first.` + "\n" + rowHelp + `
Example:
  onemap import population biketown_trips.csv.gz --map portland-biketown-trips`
}
func (c importPeopleCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "population")
}

type importPlacesCmd struct{ rowFile }

func (importPlacesCmd) Help() string {
	return rowHelp + `
Example:
  onemap import places hydrants.csv.gz --map minneapolis-hydrants`
}
func (c importPlacesCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return c.run(ctx, t, log, "place")
}

// run imports the file by its mapping, which must be for one of the layers.
func (c rowFile) run(ctx context.Context, t terminal, log *slog.Logger, allowed ...string) error {
	m, err := intake.FindMapping(c.Map)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if !slices.Contains(allowed, m.Layer) {
		return fmt.Errorf("%w: the mapping %s is for the layer %s: this command imports %s", errUsage, m.Name, m.Layer, strings.Join(allowed, ", "))
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	bar := progressbar.NewOptions64(-1, barOptions(t, "reading", true)...)
	rejects := rejectsFile(c.Rejects, c.File)
	sum, err := intake.Run(ctx, layers.NewStore(db), intake.Options{
		File: c.File, Mapping: m, CRS: c.CRS, Source: c.Source, RejectFile: rejects, By: operatorName(),
		Progress: func(done, total int64) {
			bar.ChangeMax64(total)
			bar.Set64(done)
			if done == total {
				bar.Describe("writing")
			}
		},
	})
	bar.Exit()
	if err != nil {
		if sum.RejectedRows() > 0 {
			writeRows(t.err, sum, rejects)
		}
		return misuse(err, "crs")
	}
	return t.answer(sum, func(w io.Writer) { writeRows(w, sum, rejects) })
}

// writeRows tells people what an import did.
func writeRows(w io.Writer, sum intake.Summary, rejects string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "layer\tread\tnew\tchanged\tunchanged\tleft out\trejected\t")
	fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", sum.Layer, sum.Read, sum.Inserted, sum.Updated, sum.Unchanged, sum.SkippedRows(), sum.RejectedRows())
	tw.Flush()
	list := func(title string, counts map[string]int64) {
		if len(counts) == 0 {
			return
		}
		fmt.Fprintln(w, title)
		reasons := make([]string, 0, len(counts))
		for r := range counts {
			reasons = append(reasons, r)
		}
		slices.SortFunc(reasons, func(a, b string) int {
			if counts[a] != counts[b] {
				return int(counts[b] - counts[a])
			}
			return strings.Compare(a, b)
		})
		for _, r := range reasons {
			fmt.Fprintf(w, "  %8d  %s\n", counts[r], r)
		}
	}
	list("Left out by the mapping:", sum.Skipped)
	list("Rejected:", sum.Rejected)
	for _, n := range sum.Notes {
		fmt.Fprintln(w, "Note:", n)
	}
	if sum.Batch == 0 {
		return
	}
	fmt.Fprintf(w, "Import %d done in %s.", sum.Batch, sum.Took.Round(100*time.Millisecond))
	if sum.RejectedRows() > 0 && rejects != "" {
		fmt.Fprintf(w, " The rejected rows, and why: %s", rejects)
	}
	fmt.Fprintln(w)
}

type importMappingsCmd struct {
	Name string `arg:"" optional:"" help:"Print this one, to begin your own with."`
}

func (importMappingsCmd) Help() string {
	return `Examples:
  onemap import mappings
  onemap import mappings portland-street-trees > parts.yaml`
}

func (c importMappingsCmd) Run(t terminal) error {
	if c.Name != "" {
		text, err := intake.MappingText(c.Name)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		_, err = t.out.Write(text)
		return err
	}
	all, err := intake.Mappings()
	if err != nil {
		return err
	}
	type line struct {
		Name  string `json:"name"`
		Layer string `json:"layer"`
		Title string `json:"title"`
	}
	var lines []line
	for _, m := range all {
		lines = append(lines, line{m.Name, m.Layer, m.Title})
	}
	return t.answer(lines, func(w io.Writer) {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, l := range lines {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", l.Name, l.Layer, l.Title)
		}
		tw.Flush()
	})
}
