package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/locate"
	"onemap/layers/task"
)

type planPatrolsCmd struct {
	Database
	Title    string        `help:"Of the plan; left out: its day and hour."`
	Dept     string        `help:"Whose units: the code of a department; left out: of none in particular."`
	Forecast int64         `help:"The forecast whose densest cells are visited."`
	Top      int           `help:"How many of its cells." default:"60"`
	Places   string        `help:"A GeoJSON file of points to visit, with the properties title and score, both optional." type:"existingfile"`
	Units    int           `help:"How many go." default:"2"`
	From     time.Time     `help:"When the shift begins, as 2026-03-01T08:00:00+08:00; left out: the next full hour."`
	Shift    time.Duration `help:"How long it is." default:"8h"`
	Rest     time.Duration `help:"A break about its middle; 0: none." default:"45m"`
	Start    []float64     `help:"Longitude and latitude of where units begin and end; left out: anywhere." placeholder:"LON,LAT"`
	Stay     time.Duration `help:"Of a stop: 12 to 16 minutes are advised." default:"15m"`
	Revisit  time.Duration `help:"After which a stop comes again." default:"2h"`
	Explore  float64       `help:"Share of random exploration: 0.05 to 0.1 are advised." default:"0.08"`
	Mode     string        `help:"How they go: car, emergency, foot." enum:"car,emergency,foot" default:"car"`
	Seed     int64         `help:"Of the random order and exploration; left out: one is drawn, and kept."`
}

func (planPatrolsCmd) Help() string {
	return `Which unit stops where and when, on the road network. The plan is kept as a draft: a person accepts, edits or refuses it on the desk, where workers are named.

Example:
  onemap plan patrols --forecast 7 --units 4 --start 120.07,29.31 --shift 8h
  onemap plan patrols --places schools.geojson --units 2 --mode foot --json`
}

func (c planPatrolsCmd) order(places []byte, now time.Time) (patrolplan.Order, error) {
	o := patrolplan.Order{Title: c.Title, Dept: c.Dept, Mode: c.Mode, Run: c.Forecast, Seed: c.Seed, NoExplore: c.Explore == 0,
		Rules: patrolplan.Rules{StayMin: c.Stay.Minutes(), RevisitMin: c.Revisit.Minutes(), Explore: c.Explore}}
	if c.Forecast > 0 {
		o.Top = c.Top
	}
	if len(c.Start) != 0 && len(c.Start) != 2 {
		return o, fmt.Errorf("%w: --start: longitude,latitude", errUsage)
	}
	if places != nil {
		all, err := geojson.UnmarshalFeatureCollection(places)
		if err != nil {
			return o, fmt.Errorf("%w: --places: a GeoJSON FeatureCollection: %w", errUsage, err)
		}
		for _, f := range all.Features {
			at := f.Point()
			o.Places = append(o.Places, patrolplan.PlaceDraft{Title: f.Properties.MustString("title", ""), At: locate.Place{CRS: "WGS84", X: at[0], Y: at[1]}, Score: f.Properties.MustFloat64("score", 0)})
		}
	}
	from := c.From
	if from.IsZero() {
		from = now.Truncate(time.Hour).Add(time.Hour)
	}
	for i := range c.Units {
		u := patrolplan.UnitDraft{Name: fmt.Sprint(i + 1), From: from, Until: from.Add(c.Shift)}
		if len(c.Start) == 2 {
			u.Start = &patrolplan.EndDraft{At: locate.Place{CRS: "WGS84", X: c.Start[0], Y: c.Start[1]}}
		}
		if c.Rest > 0 {
			u.Breaks = []patrolplan.BreakDraft{{Earliest: from.Add(c.Shift / 3), Latest: from.Add(c.Shift * 2 / 3), Minutes: c.Rest.Minutes()}}
		}
		o.Units = append(o.Units, u)
	}
	return o, nil
}

func (c planPatrolsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	places, err := readIfNamed(c.Places)
	if err != nil {
		return err
	}
	o, err := c.order(places, time.Now())
	if err != nil {
		return err
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store := layers.NewStore(db)
	s := &patrolplan.Store{Layers: store, Roads: &roads.Store{Layers: store}, Forecasts: &forecast.Store{Layers: store},
		Tasks: &task.Store{Layers: store, Incidents: &incident.Store{Layers: store}, Hazards: &hazard.Store{Layers: store}}}
	p, _, err := s.Make(ctx, operator(), o)
	if err != nil {
		return err
	}
	return t.answer(p, func(w io.Writer) { writePatrols(w, p) })
}

func writePatrols(w io.Writer, p patrolplan.Plan) {
	fmt.Fprintf(w, "Plan %d, a draft: %d stops, %d of them exploration by chance; %.0f min driving. Seed %d.\n", p.ID, p.Stops, p.Explored, p.DriveMin, p.Seed)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "UNIT\tSTOP\tFROM\tUNTIL\tPLACE\tLON\tLAT\tKIND")
	for _, u := range p.Units {
		for _, x := range u.Stops {
			kind := ""
			if x.Explore {
				kind = "exploration"
			}
			fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t%s\t%.6f\t%.6f\t%s\n", u.Name, x.N, x.Start.Local().Format("15:04"), x.Leave.Local().Format("15:04"), x.Title, x.Lon, x.Lat, kind)
		}
	}
	tw.Flush()
}

// readIfNamed reads a file; nil where none is named.
func readIfNamed(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	return os.ReadFile(name)
}
