package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/forecast"
)

// forecasting opens the store of forecasts without jobs: what is asked for is
// done by whoever asks.
func (d Database) forecasting(ctx context.Context, log *slog.Logger) (*forecast.Store, func(), error) {
	db, done, err := d.open(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	return &forecast.Store{Layers: layers.NewStore(db), Log: log}, done, nil
}

// forecastOrder is what a forecast is asked by.
type forecastOrder struct {
	Horizon string    `default:"week" enum:"shift,day,week,month,year" help:"How far: shift, day, week, month, year."`
	From    time.Time `format:"2006-01-02T15:04:05Z07:00" help:"When it begins; left out: with the next shift or day."`
	Until   time.Time `format:"2006-01-02T15:04:05Z07:00" help:"The data cut; left out: now."`
	Space   string    `default:"lattice" enum:"lattice,grid_unit,grid_duty,grid_community" help:"What cells are: lattice, grid_unit, grid_duty, grid_community."`
	CellM   float64   `help:"Side of a lattice's cell in metres; left out: 150, or 500 where cases are rare."`
	Angle   float64   `help:"Of the lattice: degrees counter-clockwise, 0 to below 90."`
	Origin  []float64 `help:"Of the lattice: longitude and latitude of a corner; left out: the city's middle." placeholder:"LON,LAT"`
	Share   float64   `help:"Which share of the area is hot; left out: 0.01."`
	Count   int       `help:"Or how many cells are."`
	Dept    string    `help:"Of this department's cases, whose officers will see it."`
	Hours   []int     `help:"Only these hours of each day, separated by commas."`
	Origins int       `help:"How many times the backtest forecasts the past; left out: by the horizon."`
	Seed    int64     `help:"Left out: one is chosen, and kept."`
}

func (c forecastOrder) of(classes []string) (forecast.Order, error) {
	o := forecast.Order{Dept: c.Dept, Horizon: c.Horizon, From: c.From, Until: c.Until, Space: c.Space, CellM: c.CellM, Angle: c.Angle, Share: c.Share, Count: c.Count, Hours: c.Hours, Origins: c.Origins, Seed: c.Seed}
	switch len(c.Origin) {
	case 0:
	case 2:
		o.Origin = &orb.Point{c.Origin[0], c.Origin[1]}
	default:
		return o, &layers.InputError{Field: "origin", Value: fmt.Sprint(c.Origin), Remedy: "longitude and latitude, such as 120.05,29.3"}
	}
	for _, text := range classes {
		standard, code, found := cutLast(text, "/")
		if !found {
			standard, code = "onemap-calls", text
		}
		o.Classes = append(o.Classes, forecast.ClassKey{Standard: standard, Code: code})
	}
	return o, nil
}

type forecastFitCmd struct {
	Database
	Classes []string `required:"" help:"Classes that the public reports, separated by commas: onemap-calls/110-101, or 110-101 for the list of calls."`
	Title   string   `help:"What it is called."`
	forecastOrder
}

func (forecastFitCmd) Help() string {
	return `Makes a forecast with its backtest and puts its cells on the map, or says why it is withheld.

Example:
  onemap forecast fit --classes 110-101,110-102 --horizon week
  onemap forecast fit --classes 110-101 --cell-m 200 --angle 30 --origin 120.05,29.3
  onemap forecast fit --classes 119-101,119-102,119-103 --horizon month --cell-m 500 --dept fire`
}

func (c forecastFitCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	o, err := c.of(c.Classes)
	if err != nil {
		return err
	}
	o.Title = c.Title
	s, done, err := c.forecasting(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	r, _, err := s.Order(ctx, operator(), o)
	if err != nil {
		return err
	}
	if err := t.answer(r, func(w io.Writer) { tellForecast(w, r) }); err != nil {
		return err
	}
	if r.State != forecast.Done {
		return errSaid
	}
	return nil
}

// cutLast cuts a text around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func tellForecast(w io.Writer, r forecast.Run) {
	fmt.Fprintf(w, "forecast %d: %s, %s\n", r.ID, r.Title, r.State)
	if r.Why != nil {
		fmt.Fprintln(w, r.Why.EN)
	}
	if r.Hash == "" {
		return
	}
	fmt.Fprintf(w, "%s to %s: %.1f expected (%.0f to %.0f) in %d cells, %d of them hot\n", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339), r.Expected, r.Low, r.High, r.Cells, r.Hot)
	fmt.Fprintf(w, "model %s; %d incidents since %s\n%s\n", r.Model, r.Summary.Events, r.Summary.First.Format(time.DateOnly), r.Summary.Verdict.EN)
	for _, n := range r.Summary.Notes {
		fmt.Fprintln(w, n.EN)
	}
	fmt.Fprintf(w, "record %s\n", r.Hash)
}

type forecastBacktestCmd struct {
	Database
	Run_    int64    `arg:"" optional:"" name:"run" help:"Number of a forecast; left out with --classes."`
	Again   bool     `help:"Make that forecast again from its record, and compare the bits."`
	Classes []string `help:"Instead of a forecast: classes to hold the models against the past for, as fit takes them."`
	forecastOrder
}

func (forecastBacktestCmd) Help() string {
	return `Shows the backtest of a forecast that was made, or with --again makes that forecast again. With --classes, and
what else fit takes, it holds the models against the past and keeps nothing: no forecast, no cells.

Example:
  onemap forecast backtest 7
  onemap forecast backtest 7 --again
  onemap forecast backtest --classes 110-101 --cell-m 200 --origins 104`
}

func (c forecastBacktestCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if (c.Run_ == 0) == (c.Classes == nil) {
		return &layers.InputError{Field: "run", Remedy: "the number of a forecast, or --classes to hold the models against the past without one"}
	}
	if c.Again && c.Run_ == 0 {
		return &layers.InputError{Field: "again", Remedy: "makes a forecast again: say its number"}
	}
	o, err := c.of(c.Classes)
	if err != nil {
		return err
	}
	s, done, err := c.forecasting(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if c.Again {
		got, err := s.Refit(ctx, operator(), c.Run_, "")
		if err != nil {
			return err
		}
		return t.answer(got, func(w io.Writer) {
			fmt.Fprintf(w, "as it was  %s\nmade again %s\nthe same: %v; the cases are still the same: %v\n", got.Hash, got.Again, got.Same, got.DataIsSame)
		})
	}
	var rel forecast.Reliability
	if c.Run_ != 0 {
		rel, err = s.Reliability(ctx, operator(), c.Run_)
	} else {
		rel, err = s.Judge(ctx, operator(), o)
	}
	if err != nil {
		return err
	}
	return t.answer(rel, func(w io.Writer) {
		fmt.Fprintf(w, "%d windows of %g days from %s, %d incidents\n", rel.Origins, rel.WindowDays, rel.From.Format(time.DateOnly), rel.Events)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprint(tw, "MODEL\tIG\tDEVIANCE")
		for _, a := range rel.Areas {
			fmt.Fprintf(tw, "\tPAI %s\tHIT %s", a.Name, a.Name)
		}
		fmt.Fprintln(tw)
		for _, m := range rel.Models {
			name := m.Model
			if m.Champion {
				name += " *"
			}
			fmt.Fprintf(tw, "%s\t%.3f\t%.1f", name, m.IG.Value, m.Deviance)
			for _, at := range m.At {
				fmt.Fprintf(tw, "\t%.2f [%.1f, %.1f]\t%.1f %%", at.PAI.Value, at.PAI.Low, at.PAI.High, 100*at.HitRate.Value)
			}
			fmt.Fprintln(tw)
		}
		tw.Flush()
		for _, check := range rel.Gate {
			mark := "passed"
			if !check.Passed {
				mark = "FAILED"
			}
			fmt.Fprintf(w, "%s  %s\n", mark, check.Words.EN)
		}
	})
}

type forecastPredictCmd struct {
	Database
	Run_   int64  `arg:"" name:"run" help:"Number of the forecast."`
	Format string `default:"csv" enum:"csv,geojson" help:"csv or geojson."`
	Top    int    `default:"100000" help:"Only so many cells, the densest first."`
	Out    string `short:"o" help:"File; left out: the standard output." type:"path"`
}

func (forecastPredictCmd) Help() string {
	return `Writes the cells of a forecast that was made (fit makes one); it computes nothing.

Example:
  onemap forecast predict 7 --top 50 > hot.csv
  onemap forecast predict 7 --format geojson -o cells.geojson`
}

func (c forecastPredictCmd) Run(ctx context.Context, t terminal, log *slog.Logger) (err error) {
	s, done, err := c.forecasting(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	cells, err := s.Top(ctx, operator(), c.Run_, c.Top)
	if err != nil {
		return err
	}
	out := t.out
	if c.Out != "" {
		f, err2 := os.Create(c.Out)
		if err2 != nil {
			return err2
		}
		defer func() {
			if e := f.Close(); err == nil {
				err = e
			}
		}()
		out = f
	}
	if c.Format == "geojson" {
		all := geojson.NewFeatureCollection()
		for _, x := range cells {
			f := geojson.NewFeature(x.Geometry)
			f.ID = x.Cell
			f.Properties = geojson.Properties{"rank": x.Rank, "score": x.Expected / x.AreaM2, "expected": x.Expected, "low": x.Low, "high": x.High, "hot": x.Hot, "grid_code": x.GridCode, "why": x.Why.EN}
			all.Append(f)
		}
		return json.NewEncoder(out).Encode(all)
	}
	w := csv.NewWriter(out)
	if err := w.Write([]string{"cell", "rank", "lon", "lat", "expected", "low", "high", "hot", "area_m2", "grid_code", "why"}); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, x := range cells {
		if err := w.Write([]string{strconv.Itoa(x.Cell), strconv.Itoa(x.Rank), number(x.Centre[0]), number(x.Centre[1]), number(x.Expected), strconv.Itoa(x.Low), strconv.Itoa(x.High), strconv.FormatBool(x.Hot), number(x.AreaM2), x.GridCode, x.Why.EN}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
