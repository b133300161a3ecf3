package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/intake"
	"onemap/layers/quality"
	"onemap/layers/upload"
)

// importFileCmd brings any file in: into a layer that is there, or a new one.
type importFileCmd struct {
	Database
	File    string   `arg:"" help:"CSV (UTF-8, GB18030), XLSX, a Shapefile in a zip, GeoPackage, GeoJSON, KML, FlatGeobuf or DXF." type:"existingfile"`
	Layer   string   `help:"The layer that the rows go to." placeholder:"NAME"`
	New     string   `help:"The layer to make of it, owned by --owner." placeholder:"NAME"`
	Owner   string   `help:"Organisation that owns a new layer." placeholder:"CODE"`
	Title   string   `help:"Chinese title of a new layer (default: found in the file)."`
	Share   string   `help:"Sharing of a new layer: unconditional, conditional or none (default: conditional)." placeholder:"TYPE"`
	Basis   string   `help:"The condition of sharing, or the law behind none."`
	CRS     string   `help:"The coordinates' system: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n; /yx behind it swaps the axes." name:"crs"`
	Sheet   string   `help:"Worksheet or layer of the file (default: the first)."`
	Header  int      `help:"Line of the column names (default: found)." placeholder:"LINE"`
	X       string   `help:"Column of longitude or easting (default: found)." placeholder:"COLUMN"`
	Y       string   `help:"Column of latitude or northing (default: found)." placeholder:"COLUMN"`
	Key     []string `help:"Columns that know a row again (default: found; else all that is read)." placeholder:"COLUMN"`
	Source  string   `help:"Who says so: with the key it knows a row again." placeholder:"NAME"`
	Full    bool     `help:"A full delivery: what the source had and the file has not is taken away."`
	Plan    string   `help:"A plan that an earlier --print-plan wrote, in place of the guess." type:"existingfile" placeholder:"JSON"`
	Print   bool     `help:"Print the plan, and do nothing." name:"print-plan"`
	DryRun  bool     `help:"Preview: say what it would be, and change nothing." name:"dry-run"`
	Rejects string   `help:"List of the rejected rows, CSV (default: FILE.rejects.csv in this folder; - for none)." placeholder:"CSV"`
}

func (importFileCmd) Help() string {
	return `How the file is read is guessed: where the header stands, columns and their types, key, coordinates. Give --print-plan
to see the guess, change it, and hand it back with --plan. The system of the coordinates must be declared, in the file or
by --crs. The rows are staged, checked by the layer's quality rules and then applied in one change, which
"onemap import undo" takes back as one.

Examples:
  onemap import file 消防栓.xlsx --new hydrants --owner fire --crs GCJ02
  onemap import file hydrants.zip --layer hydrants --crs EPSG:4549 --full
  onemap import file hydrants.csv --layer hydrants --print-plan > plan.json`
}

func (c importFileCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store := layers.NewStore(db)
	s := upload.New(store, os.TempDir(), 1)
	s.Quality, s.Log = &quality.Store{Layers: store}, log
	s.Limits = datafile.Default
	s.Limits.Bytes, s.Limits.Unpacked, s.Limits.Rows = 8<<30, 32<<30, 100_000_000 // the operator's own machine
	file, err := s.OpenLocal(ctx, operator(), c.File, c.Sheet, datafile.Header{Line: c.Header})
	if err != nil {
		return err
	}
	defer file.Close()
	p, err := c.plan(ctx, file)
	if err != nil {
		return misuse(err, "layer", "plan")
	}
	if c.Print {
		e := json.NewEncoder(t.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(p)
	}
	b, err := file.Stage(ctx, operator(), p)
	if err != nil {
		return misuse(err, "crs", "layer", "place", "fields", "new")
	}
	rejects, err := c.writeRejects(ctx, s, b)
	if err != nil {
		return err
	}
	if c.DryRun {
		if err := s.Drop(ctx, operator(), "", b.ID); err != nil {
			return err
		}
	} else if b, err = s.Apply(ctx, operator(), "", b.ID); err != nil {
		return err
	}
	b.Plan = nil
	return t.answer(b, func(w io.Writer) { writeBatch(w, b, c.DryRun, rejects) })
}

// plan is the guess, or what was handed in, with what the options say.
func (c importFileCmd) plan(ctx context.Context, file *upload.Local) (p upload.Plan, err error) {
	switch p = file.Sheet.Plan; {
	case c.Plan != "":
		text, err := os.ReadFile(c.Plan)
		if err != nil {
			return p, err
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		p = upload.Plan{}
		if err := d.Decode(&p); err != nil {
			return p, &layers.InputError{Field: "plan", Remedy: err.Error()}
		}
	case c.Layer != "":
		if p, err = file.For(ctx, operator(), c.Layer); err != nil {
			return p, err
		}
	case c.New == "" && file.Sheet.Remembered != nil:
		p = *file.Sheet.Remembered
	case c.New == "":
		return p, &layers.InputError{Field: "layer", Remedy: "--layer, the layer that it is for, or --new, the name of one to make"}
	}
	p.Sheet, p.HeaderLine, p.HeaderRows = file.Sheet.Name, file.Sheet.HeaderLine, file.Sheet.HeaderRows
	if p.New != nil {
		set := func(to *string, value string) {
			if value != "" {
				*to = value
			}
		}
		set(&p.New.Name, c.New)
		set(&p.New.Owner, c.Owner)
		set(&p.New.TitleZH, c.Title)
		set(&p.New.Share, c.Share)
		set(&p.New.ShareBasis, c.Basis)
		if c.Plan == "" && c.New != "" {
			p.Source = c.New
		}
	}
	if c.CRS != "" {
		p.CRS = c.CRS
	}
	if c.X != "" || c.Y != "" {
		p.Place = upload.Place{X: c.X, Y: c.Y}
	}
	if len(c.Key) > 0 {
		p.Key = c.Key
	}
	if c.Source != "" {
		p.Source = c.Source
	}
	p.Full = p.Full || c.Full
	return p, nil
}

// writeRejects writes the rows that did not come in, and says where to.
func (c importFileCmd) writeRejects(ctx context.Context, s *upload.Store, b upload.Batch) (string, error) {
	path := rejectsFile(c.Rejects, c.File)
	if path == "" || b.Rejected == 0 {
		return "", nil
	}
	all, err := s.Rejects(ctx, operator(), b.ID, 0, 10_000)
	if err != nil {
		return "", err
	}
	return path, intake.WriteRejects(path, func(yield func(line int64, field, value, reason, row string)) {
		for _, r := range all {
			yield(r.Row, r.Field, r.Value, r.Reason, r.Text)
		}
	})
}

func writeBatch(w io.Writer, b upload.Batch, dry bool, rejects string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "layer\tread\tnew\tchanged\tunchanged\ttaken away\tkept out\tleft out\trejected\t")
	fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", b.Layer, b.Read, b.Change.Inserted, b.Change.Updated, b.Change.Unchanged, b.Change.Deleted, max(b.KeptOut, b.Summary.Held), b.Skipped, b.Rejected)
	tw.Flush()
	for _, r := range b.Summary.Reasons {
		label := r.Reason
		if r.Field != "" {
			label = r.Field + ": " + label
		}
		fmt.Fprintf(w, "  %8d  %s\n", r.N, label)
	}
	for _, n := range b.Summary.Notes {
		fmt.Fprintln(w, "Note:", n)
	}
	if card := b.Summary.Card; card != nil && card.Score != nil {
		fmt.Fprintf(w, "Quality %.1f of 100, %d rules.\n", *card.Score, len(card.Results))
	}
	if dry {
		fmt.Fprint(w, "Nothing was changed.")
	} else {
		fmt.Fprintf(w, "Batch %d is in. onemap import undo %d takes it back.", b.ID, b.ID)
	}
	if rejects != "" {
		fmt.Fprintf(w, " The rejected rows, and why: %s", rejects)
	}
	fmt.Fprintln(w)
}

// importUndoCmd takes a batch back.
type importUndoCmd struct {
	Database
	Batch int64  `arg:"" help:"Its number."`
	Later string `help:"What becomes of rows that were changed since: keep or overwrite (default: nothing is undone then)." enum:"keep,overwrite," default:"" placeholder:"HOW"`
}

func (importUndoCmd) Help() string {
	return `What a batch of "import file", or of the desk, added goes; what it changed or took away is as it was before.
A layer that it made goes with it.

Example:
  onemap import undo 42`
}

func (c importUndoCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store := layers.NewStore(db)
	s := upload.New(store, os.TempDir(), 1)
	s.Quality = &quality.Store{Layers: store}
	b, err := s.Undo(ctx, operator(), "", c.Batch, intake.Later(c.Later))
	if err != nil {
		return err
	}
	b.Plan = nil
	return t.answer(b, func(w io.Writer) { fmt.Fprintf(w, "Batch %d of %s is undone.\n", b.ID, b.Layer) })
}
