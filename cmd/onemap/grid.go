package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/paulmach/orb/geojson"
	"github.com/schollz/progressbar/v3"

	"onemap/geo/griddraw"
	"onemap/layers"
	"onemap/layers/grid"
)

// gridCommand draws, checks and publishes governance grids.
type gridCommand struct {
	Draw    gridDrawCmd    `cmd:"" help:"Draw unit grids from roads, water and boundaries: as a draft, or only to look at."`
	Take    gridTakeCmd    `cmd:"" help:"Take grids in force over as a draft to edit."`
	Check   gridCheckCmd   `cmd:"" help:"Check grids in force, or a draft."`
	Drafts  gridDraftsCmd  `cmd:"" help:"List drafts, or show one with its report."`
	Publish gridPublishCmd `cmd:"" help:"Make a draft the version in force."`
	Show    gridShowCmd    `cmd:"" help:"Write the grids that were in force on a day, as GeoJSON."`
}

func (gridCommand) Help() string {
	return `Example:
  onemap grid draw --area 330782001 --name "城东首次划分"
  onemap grid check --draft 1
  onemap grid publish 1 --reason "first drawing"
  onemap grid show --date 2025-03-01 > then.geojson`
}

// gridGround says which communities are meant.
type gridGround struct {
	Area        string   `help:"A division: all communities below it." placeholder:"CODE"`
	Communities []string `help:"Communities by their codes." placeholder:"CODE,…"`
	Boundary    int      `help:"Without divisions: the outlines of base_boundary of this level are the communities." placeholder:"LEVEL"`
	Grids       string   `help:"Without divisions: the grids in force of this layer are the communities." enum:",grid_duty,grid_community" default:"" placeholder:"LAYER"`
}

func (g gridGround) ground() grid.Ground {
	return grid.Ground{Area: g.Area, Communities: g.Communities, Boundary: g.Boundary, Grids: g.Grids}
}

type gridDrawCmd struct {
	Database
	gridGround
	Name    string  `help:"Keep the result as a draft of this name; without one it is only written to --out or reported." placeholder:"NAME"`
	Target  float64 `help:"Area of a cell in built-up land, in square metres." default:"10000" placeholder:"M2"`
	Outside float64 `help:"Area of a cell where nothing is built, in square metres." default:"250000" placeholder:"M2"`
	Out     string  `help:"Write the cells as GeoJSON, too." short:"o" placeholder:"FILE"`
}

func (gridDrawCmd) Help() string {
	return `Cells never cross a community's border, follow roads, water and other lines of the base library, cut no building, and
leave no gap, overlap or sliver. They are numbered row by row from the north, in a row from the west. A cell that is the
place of a grid in force keeps its code; others get numbers that were never used.

Example:
  onemap grid draw --area 330782001 --name "城东首次划分"
  onemap grid draw --boundary 8 --out cells.geojson`
}

func (c gridDrawCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	bar := progressbar.NewOptions(100, barOptions(t, "drawing", false)...)
	defer bar.Exit()
	if c.Name != "" {
		return keepDraft(ctx, t, log, layers.NewStore(db), grid.NewDraft{Name: c.Name, Source: "draw", Ground: c.ground(), Options: grid.DrawOptions{TargetM2: c.Target, OutsideM2: c.Outside}}, bar, c.Out)
	}
	began := time.Now()
	cells, report, err := grid.Draw(ctx, db, c.ground(), griddraw.Options{TargetM2: c.Target, OutsideM2: c.Outside, Progress: func(step string, share float64) {
		bar.Describe(step)
		_ = bar.Set(int(100 * share))
	}})
	bar.Exit()
	if err != nil {
		return misuse(err, "area")
	}
	if c.Out != "" {
		fc := geojson.NewFeatureCollection()
		for _, x := range cells {
			f := geojson.NewFeature(x.Shape)
			f.Properties = geojson.Properties{"code": x.Code, "community": x.Community, "area_m2": x.AreaM2, "flags": x.Flags}
			fc.Append(f)
		}
		if err := writeJSON(c.Out, fc); err != nil {
			return err
		}
	}
	return t.answer(report, func(w io.Writer) {
		writeDrawing(w, report)
		fmt.Fprintf(w, "Drawn in %s.\n", time.Since(began).Round(100*time.Millisecond))
	})
}

func writeJSON(file string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

// writeDrawing tells people what was drawn.
func writeDrawing(w io.Writer, r griddraw.Report) {
	fmt.Fprintf(w, "%d cells in %d communities.\n", r.Cells, r.Communities)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "area, m²\tcells\tmin\t5 %\t25 %\tmiddle\t75 %\t95 %\tmax\t")
	for _, a := range []struct {
		name string
		griddraw.Areas
	}{{"all", r.All}, {"built-up", r.BuiltUp}} {
		fmt.Fprintf(tw, "%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", a.name, a.N, a.Min, a.P5, a.P25, a.P50, a.P75, a.P95, a.Max)
	}
	tw.Flush()
	list := func(title string, all []griddraw.Remark) {
		n := map[string]int{}
		for _, x := range all {
			n[x.Kind]++
		}
		writeCounts(w, title, n)
	}
	list("Violations:", r.Violations)
	list("To look at:", r.Outliers)
	list("What the ground did not allow:", r.Notes)
}

func writeCounts(w io.Writer, title string, n map[string]int) {
	if len(n) == 0 {
		return
	}
	kinds := make([]string, 0, len(n))
	for k := range n {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	fmt.Fprintln(w, title)
	for _, k := range kinds {
		fmt.Fprintf(w, "  %6d  %s\n", n[k], k)
	}
}

// keepDraft makes a draft and waits for it.
func keepDraft(ctx context.Context, t terminal, log *slog.Logger, store *layers.Store, n grid.NewDraft, bar *progressbar.ProgressBar, out string) error {
	drafts := grid.NewDrafts(ctx, store, log)
	defer drafts.Close()
	d, err := drafts.Create(ctx, operator(), n)
	if err != nil {
		return misuse(err, "area")
	}
	finished := make(chan struct{})
	go func() { drafts.Wait(); close(finished) }()
	for waiting := true; waiting; {
		select {
		case <-finished:
			waiting = false
		case <-time.After(500 * time.Millisecond):
		}
		if d, err = drafts.Get(ctx, operator(), d.ID); err != nil {
			return err
		}
		bar.Describe(d.Step)
		_ = bar.Set(int(100 * d.Progress))
	}
	bar.Exit()
	if d.State != grid.Open {
		return fmt.Errorf("draft %d: %s", d.ID, d.Error)
	}
	if out != "" {
		if err := writeCells(ctx, drafts, d.ID, out); err != nil {
			return err
		}
	}
	return t.answer(d, func(w io.Writer) { writeDraft(w, d) })
}

func writeCells(ctx context.Context, drafts *grid.Drafts, id int64, out string) error {
	cells, err := drafts.Cells(ctx, operator(), id, nil, 1<<30)
	if err != nil {
		return err
	}
	fc := geojson.NewFeatureCollection()
	for _, c := range cells {
		f := geojson.NewFeature(c.Geometry)
		f.ID = c.Cell
		f.Properties = geojson.Properties{"code": c.Code, "new": c.Fresh, "community": c.Community, "name": c.Name, "area_class": c.Class, "area_m2": c.AreaM2, "flags": c.Flags}
		fc.Append(f)
	}
	return writeJSON(out, fc)
}

func writeDraft(w io.Writer, d grid.Draft) {
	fmt.Fprintf(w, "Draft %d, %q: %s, %d cells, %d of them new.\n", d.ID, d.Name, d.State, d.Cells, d.Fresh)
	var r grid.MakingReport
	if len(d.Report) > 0 && json.Unmarshal(d.Report, &r) == nil {
		if r.Report != nil {
			writeDrawing(w, *r.Report)
		}
		n := map[string]int{}
		for _, x := range r.Mesh {
			n[x.Kind]++
		}
		writeCounts(w, "Between the grids that were taken over:", n)
		fmt.Fprintf(w, "Made in %.1f s. ", r.Took)
	}
	if d.State == grid.Open {
		fmt.Fprintf(w, "Edit it on the page of the grids, or: onemap grid publish %d --reason …\n", d.ID)
	}
}

type gridTakeCmd struct {
	Database
	gridGround
	Name  string `required:"" help:"Of the draft." placeholder:"NAME"`
	Layer string `help:"${enum}." enum:"grid_unit,grid_duty,grid_community" default:"grid_unit" placeholder:"LAYER"`
}

func (gridTakeCmd) Help() string {
	return `Example:
  onemap grid take --area 330782001001 --name "调整"`
}

func (c gridTakeCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	bar := progressbar.NewOptions(100, barOptions(t, "taking over", false)...)
	return keepDraft(ctx, t, log, layers.NewStore(db), grid.NewDraft{Name: c.Name, Layer: c.Layer, Source: "current", Ground: c.ground()}, bar, "")
}

type gridCheckCmd struct {
	Database
	Draft int64  `help:"Check this draft (default: what is in force)." placeholder:"NUMBER"`
	Layer string `help:"${enum}." enum:"grid_unit,grid_duty,grid_community" default:"grid_unit" placeholder:"LAYER"`
	Area  string `help:"The first digits of a division's code." placeholder:"CODE"`
	Date  string `help:"What was in force on this day (default: today)." placeholder:"YYYY-MM-DD"`
	List  int    `help:"How many findings to list." default:"20" placeholder:"N"`
}

func (gridCheckCmd) Help() string {
	return `Looks for gaps, ground outside of the community, overlaps, slivers, grids in parts, codes that do not belong to their community
or are not of the deployment's form, buildings that are cut, areas far from the usual, grids without a road. The status is
1 where there are violations.

Example:
  onemap grid check --area 330782001
  onemap grid check --draft 3 --json`
}

func (c gridCheckCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store := layers.NewStore(db)
	var r grid.CheckReport
	if c.Draft != 0 {
		drafts := grid.NewDrafts(ctx, store, log)
		defer drafts.Close()
		r, err = drafts.Check(ctx, operator(), c.Draft)
	} else {
		on, wrong := dayOf(c.Date)
		if wrong != nil {
			return wrong
		}
		r, err = grid.CheckInForce(ctx, store, grid.Survey{Layer: c.Layer, Area: c.Area, On: on})
	}
	if err != nil {
		return err
	}
	if err := t.answer(r, func(w io.Writer) { writeCheck(w, r, c.List) }); err != nil {
		return err
	}
	if !r.OK {
		return errSaid
	}
	return nil
}

func dayOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: --date: a day as YYYY-MM-DD", errUsage)
	}
	return day, nil
}

func writeCheck(w io.Writer, r grid.CheckReport, list int) {
	fmt.Fprintf(w, "%d grids checked in %.1f s.\n", r.Grids, r.Seconds)
	bad, odd := map[string]int{}, map[string]int{}
	for kind, n := range r.Counts {
		if grid.Violation(kind) {
			bad[kind] = n
		} else {
			odd[kind] = n
		}
	}
	writeCounts(w, "Violations:", bad)
	writeCounts(w, "To look at:", odd)
	if r.OK {
		fmt.Fprintln(w, "No violations.")
	}
	slices.SortStableFunc(r.Findings, func(a, b grid.CheckFinding) int {
		switch v, u := grid.Violation(a.Kind), grid.Violation(b.Kind); {
		case v && !u:
			return -1
		case u && !v:
			return 1
		}
		return 0
	})
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, f := range r.Findings {
		if i == list {
			fmt.Fprintf(tw, "… and %d more (--list, --json)\n", len(r.Findings)-list)
			break
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%.1f m²\t%.6f,%.6f\n", f.Kind, f.Code, f.With, f.M2, f.At[0], f.At[1])
	}
	tw.Flush()
}

type gridDraftsCmd struct {
	Database
	Draft  int64  `arg:"" optional:"" help:"Show this one."`
	Out    string `help:"Write its cells as GeoJSON." short:"o" placeholder:"FILE"`
	Delete bool   `help:"Throw it away; what was published of it stays."`
}

func (gridDraftsCmd) Help() string {
	return `Example:
  onemap grid drafts
  onemap grid drafts 3 -o cells.geojson`
}

func (c gridDraftsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Draft == 0 && (c.Out != "" || c.Delete) {
		return fmt.Errorf("%w: --out and --delete need a draft's number", errUsage)
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	drafts := grid.NewDrafts(ctx, layers.NewStore(db), log)
	defer drafts.Close()
	if c.Delete {
		return drafts.Delete(ctx, operator(), c.Draft, 0, "")
	}
	if c.Draft != 0 {
		d, err := drafts.Get(ctx, operator(), c.Draft)
		if err != nil {
			return err
		}
		if c.Out != "" {
			if err := writeCells(ctx, drafts, d.ID, c.Out); err != nil {
				return err
			}
		}
		return t.answer(d, func(w io.Writer) { writeDraft(w, d) })
	}
	all, err := drafts.List(ctx, operator())
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, d := range all {
			fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%d cells\t%s\t%s\n", d.ID, d.State, d.Layer, d.Source, d.Cells, d.MadeAt.Format(time.DateTime), d.Name)
		}
		tw.Flush()
	})
}

type gridPublishCmd struct {
	Database
	Draft  int64    `arg:"" help:"Its number."`
	Reason string   `required:"" help:"Why the grids change; it is recorded." placeholder:"TEXT"`
	From   string   `help:"The day from which they are in force, today or before (default: today)." placeholder:"YYYY-MM-DD"`
	Accept []string `help:"Kinds of violations to let pass; newer: replace what came after the draft was made." placeholder:"KIND,…"`
}

func (gridPublishCmd) Help() string {
	return `Grids that did not change keep their version, new ones get codes that were never used, all others of the draft's communities end.
Then features are given their new grid.

Example:
  onemap grid publish 3 --reason "too much work for one" --from 2026-11-01`
}

func (c gridPublishCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	drafts := grid.NewDrafts(ctx, layers.NewStore(db), log)
	defer drafts.Close()
	d, err := drafts.Get(ctx, operator(), c.Draft)
	if err != nil {
		return err
	}
	_, err = drafts.Publish(ctx, operator(), c.Draft, grid.Publishing{Version: d.Version, ValidFrom: c.From, Reason: c.Reason, Accept: c.Accept})
	var open *grid.ViolationsError
	if errors.As(err, &open) {
		writeCheck(t.err, open.Report, 20)
		return fmt.Errorf("%s", strings.TrimPrefix(open.Error(), "accept: "))
	}
	if err != nil {
		return err
	}
	drafts.Wait() // for the features
	if d, err = drafts.Get(ctx, operator(), c.Draft); err != nil {
		return err
	}
	return t.answer(d, func(w io.Writer) {
		r := d.Result
		fmt.Fprintf(w, "In force from %s: %d versions began, %d were corrected, %d stay as they are, %d ended (%d codes).\n", d.ValidFrom, r.Begun, r.Corrected, r.Unchanged, r.Ended, r.Codes)
		if d.Reassigned != nil {
			fmt.Fprintf(w, "%d features given their new grid.\n", *d.Reassigned)
		}
		if r.Workers+r.Rules > 0 {
			fmt.Fprintf(w, "%d grid workers and %d rules of responsibility name a code that ended: give them another.\n", r.Workers, r.Rules)
		}
	})
}

type gridShowCmd struct {
	Database
	Layer string `help:"${enum}." enum:"grid_unit,grid_duty,grid_community" default:"grid_unit" placeholder:"LAYER"`
	Date  string `help:"The day (default: today)." placeholder:"YYYY-MM-DD"`
	BBox  string `help:"Only what meets this box: west,south,east,north in degrees." name:"bbox" placeholder:"BOX"`
	Area  string `help:"The first digits of a division's code." placeholder:"CODE"`
	Out   string `help:"File to write (default: standard output)." short:"o" placeholder:"FILE"`
}

func (gridShowCmd) Help() string {
	return `Example:
  onemap grid show --date 2025-03-01 --area 330782001 -o then.geojson`
}

func (c gridShowCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	on, err := dayOf(c.Date)
	if err != nil {
		return err
	}
	if on.IsZero() {
		on = time.Now()
	}
	day := on.Format(time.DateOnly)
	filter := fmt.Sprintf("valid_from <= DATE('%[1]s') AND (valid_to IS NULL OR valid_to > DATE('%[1]s'))", day)
	if c.Area != "" {
		filter += fmt.Sprintf(" AND area_code LIKE '%s%%'", strings.NewReplacer("'", "", "%", "", "_", "").Replace(c.Area))
	}
	return exportCommand{Database: c.Database, Layers: []string{c.Layer}, Format: "geojson", Out: c.Out, BBox: c.BBox, Filter: filter, MinZoom: -1, MaxZoom: -1}.Run(ctx, t, log)
}
