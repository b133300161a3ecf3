package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"onemap/layers"
	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scorefile"
)

type forecastScoreCmd struct {
	Forecast string   `arg:"" help:"Cells with a score or a flag: GeoJSON, CSV, a Shapefile in a zip, GeoPackage."`
	Events   string   `arg:"" help:"What happened: the same formats, points with a date and a class."`
	Against  []string `help:"Other forecasts to hold beside it, read in the same way." placeholder:"FILE"`

	CRS    string  `name:"crs" help:"Coordinate system of the forecasts: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n; without it what the file says."`
	Score  string  `help:"Column with the score, more being more dangerous." placeholder:"COLUMN"`
	Second string  `help:"Column that orders cells of the same score; without it chance does." placeholder:"COLUMN"`
	Flag   string  `help:"Column with 1 for flagged cells." placeholder:"COLUMN"`
	ID     string  `name:"id" help:"Column that names the cells." placeholder:"COLUMN"`
	Cell   float64 `help:"Side of the cells in metres, where the file has only their middle." placeholder:"METRES"`

	EventsCRS   string   `name:"events-crs" help:"Coordinate system of the events."`
	X           string   `help:"Column of the events with longitude or easting." placeholder:"COLUMN"`
	Y           string   `help:"Column with latitude or northing." placeholder:"COLUMN"`
	Date        string   `help:"Column with the date." placeholder:"COLUMN"`
	ClassColumn string   `help:"Column with the class." placeholder:"COLUMN"`
	Class       []string `help:"Only these classes; with --preset nij also burglary and auto."`
	From        string   `help:"First day, such as 2017-03-01." placeholder:"DAY"`
	To          string   `help:"Last day, itself included." placeholder:"DAY"`

	Area    string  `help:"How much of the city is looked at by score: 1%, 2.5km2, 0.25sqmi." default:"1%"`
	City    float64 `help:"Area of the city in square kilometres; without it that of all cells." placeholder:"KM2"`
	Density bool    `help:"Rank by score per area, for expected counts in cells of unlike size."`
	Preset  string  `help:"Rules of a contest: nij." enum:",nij" default:""`
	Horizon string  `help:"With --preset nij: 1WK, 2WK, 1MO, 2MO or 3MO from --from, without which from 2017-03-01." placeholder:"NAME"`
}

func (forecastScoreCmd) Help() string {
	return `Any forecast of places can be held against what happened, a vendor's beside ours: hit rate, PAI (hit rate over share of area),
PEI (hits over the most that the same area could have had), and how uncertain these are with so few events.

Example:
  onemap forecast score vendor.geojson burglaries.csv --area 1% --from 2017-03-01 --to 2017-03-31
  onemap forecast score ours.geojson burglaries.csv --against vendor.zip --area 0.25sqmi
  onemap forecast score entry.zip calls.csv --preset nij --horizon 3MO --class auto --x x_ft --y y_ft --events-crs EPSG:2913
  onemap forecast score centres.csv calls.csv --crs EPSG:4549 --cell 150 --score risk`
}

// scored is one forecast's line of the answer.
type scored struct {
	Forecast string         `json:"forecast"`
	CRS      string         `json:"crs"`
	Flags    bool           `json:"flags"`
	Result   score.Result   `json:"result"`
	Breaches []score.Breach `json:"breaches,omitempty"`
}

type scoreAnswer struct {
	From     string   `json:"from,omitempty"`
	To       string   `json:"to,omitempty"` // the last day
	Classes  []string `json:"classes,omitempty"`
	Rows     int      `json:"rows"`     // of the file of events
	Unplaced int      `json:"unplaced"` // events left out for want of a place
	Scores   []scored `json:"scores"`
}

func (c forecastScoreCmd) Run(ctx context.Context, t terminal, _ *slog.Logger) error {
	a, err := c.answer(ctx)
	var input *layers.InputError
	if errors.As(err, &input) || errors.Is(err, score.ErrInput) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	return t.answer(a, a.print)
}

func (c forecastScoreCmd) answer(ctx context.Context) (scoreAnswer, error) {
	source, rule, err := c.asked()
	if err != nil {
		return scoreAnswer{}, err
	}
	for _, name := range append([]string{c.Forecast, c.Events}, c.Against...) {
		if _, err := os.Stat(name); err != nil {
			return scoreAnswer{}, &layers.InputError{Field: "file", Value: name, Remedy: "a file that can be read"}
		}
	}
	events, err := scorefile.ReadEvents(ctx, source)
	if err != nil {
		return scoreAnswer{}, err
	}
	a := scoreAnswer{Classes: source.Classes, Rows: events.Rows, Unplaced: events.Unplaced}
	if !source.From.IsZero() {
		a.From = source.From.Format(time.DateOnly)
	}
	if !source.To.IsZero() {
		a.To = source.To.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	for _, name := range append([]string{c.Forecast}, c.Against...) {
		s, err := c.one(ctx, name, events, rule)
		if err != nil {
			return scoreAnswer{}, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		a.Scores = append(a.Scores, s)
	}
	return a, nil
}

func (c forecastScoreCmd) one(ctx context.Context, name string, events scorefile.Events, rule score.Rule) (scored, error) {
	cells, err := scorefile.ReadCells(ctx, scorefile.Source{Path: name, CRS: c.CRS, ID: c.ID, Score: c.Score, Second: c.Second, Flag: c.Flag, CellM: c.Cell})
	if err != nil {
		return scored{}, err
	}
	f, err := score.New(cells.Cells)
	if err != nil {
		return scored{}, err
	}
	rule.Flags = cells.Flags
	out := scored{Forecast: name, CRS: cells.CRS, Flags: cells.Flags}
	if out.Result, err = f.Score(events.At, rule); err != nil {
		return scored{}, err
	}
	if c.Preset == "nij" {
		out.Breaches, err = f.Check(rule, score.NIJ)
	}
	return out, err
}

// asked reads the options.
func (c forecastScoreCmd) asked() (scorefile.EventSource, score.Rule, error) {
	s := scorefile.EventSource{Path: c.Events, CRS: c.EventsCRS, Date: c.Date, Class: c.ClassColumn, X: c.X, Y: c.Y}
	rule := score.Rule{CityM2: c.City * 1e6, Density: c.Density}
	var err error
	if c.City < 0 {
		return s, rule, &layers.InputError{Field: "city", Remedy: "an area above zero, in square kilometres"}
	}
	if rule.AreaM2, rule.Share, err = score.ParseArea(c.Area); err != nil {
		return s, rule, err
	}
	if s.From, err = dayOption("from", c.From); err != nil {
		return s, rule, err
	}
	if s.To, err = dayOption("to", c.To); err != nil {
		return s, rule, err
	}
	if !s.To.IsZero() {
		s.To = s.To.AddDate(0, 0, 1)
	}
	for _, class := range c.Class {
		if known, ok := score.Classes[strings.ToLower(class)]; ok && c.Preset == "nij" {
			class = known
		}
		s.Classes = append(s.Classes, class)
	}
	if c.Horizon != "" {
		if c.Preset == "" || c.To != "" {
			return s, rule, &layers.InputError{Field: "horizon", Remedy: "with --preset nij, and without --to"}
		}
		h, err := score.HorizonOf(strings.ToUpper(c.Horizon))
		if err != nil {
			return s, rule, err
		}
		if s.From.IsZero() {
			s.From = score.Start
		}
		s.To = h.End(s.From)
	}
	if !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To) {
		return s, rule, &layers.InputError{Field: "to", Value: c.To, Remedy: "a day that is not before --from"}
	}
	return s, rule, nil
}

func dayOption(option, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, &layers.InputError{Field: option, Value: layers.Short(text), Remedy: "a day such as 2017-03-01"}
	}
	return day, nil
}

func (a scoreAnswer) print(w io.Writer) {
	when := "all events of the file"
	switch {
	case a.From != "" && a.To != "":
		when = "events from " + a.From + " to " + a.To
	case a.From != "":
		when = "events from " + a.From
	case a.To != "":
		when = "events to " + a.To
	}
	if len(a.Classes) > 0 {
		when += " of class " + strings.Join(a.Classes, ", ")
	}
	fmt.Fprintf(w, "%d %s", a.Scores[0].Result.Events, when)
	if a.Unplaced > 0 {
		fmt.Fprintf(w, "; %d more have no coordinates and are left out", a.Unplaced)
	}
	fmt.Fprint(w, "\n\n")
	table := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "forecast\thits n/N\tarea km²\tof city\thit rate\tPAI\t95 %\tPAI*\tPEI\tgain\t")
	for _, s := range a.Scores {
		r := s.Result
		gain := "-"
		if r.Gain != nil {
			gain = fmt.Sprintf("%.3f", *r.Gain)
		}
		fmt.Fprintf(table, "%s\t%d/%d\t%.3f\t%.3f %%\t%.1f %%\t%.2f\t%.1f to %.1f\t%.1f\t%.3f\t%s\t\n", filepath.Base(s.Forecast), r.Hits, r.Events,
			r.FlaggedM2/1e6, 100*r.FlaggedM2/r.CityM2, 100*r.HitRate, r.PAI, r.Low, r.High, r.BestPAI, r.PEI, gain)
	}
	_ = table.Flush() // to a terminal that may have left
	for _, s := range a.Scores {
		a.notes(w, s)
	}
	if hits := a.Scores[0].Result.Events; hits < 300 {
		fmt.Fprintf(w, "\nWith %d events one hit more or less moves the PAI by %.1f: judge by many windows, not by this one.\n",
			hits, a.Scores[0].Result.CityM2/a.Scores[0].Result.FlaggedM2/float64(hits))
	}
}

// notes says what should be known of one forecast.
func (scoreAnswer) notes(w io.Writer, s scored) {
	name, r := filepath.Base(s.Forecast), s.Result
	if r.Outside > 0 {
		fmt.Fprintf(w, "%s: %d events lie in no cell and count as missed.\n", name, r.Outside)
	}
	if r.Ties > 0 {
		fmt.Fprintf(w, "%s: %d cells more have the score of the last one taken: chance decided among them (--second orders them).\n", name, r.Ties)
	}
	for _, b := range s.Breaches {
		fmt.Fprintf(w, "%s: %s.\n", name, b.Text)
	}
	if len(r.Curve) > 0 {
		fmt.Fprintf(w, "%s: hits by area:", name)
		for _, p := range r.Curve {
			fmt.Fprintf(w, "  %.2g %%: %.1f %%", 100*p.Share, 100*p.HitRate)
		}
		fmt.Fprintln(w)
	}
}
