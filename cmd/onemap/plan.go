package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"onemap/layers"
	"onemap/layers/deploy"
	"onemap/layers/deploy/roads"
)

// planCommand plans forces.
type planCommand struct {
	Posts   planPostsCmd   `cmd:"" help:"Where units should stand: makes a plan and keeps it as a proposal."`
	Patrols planPatrolsCmd `cmd:"" help:"Which unit stops where and when: makes a plan and keeps it as a draft."`
}

func (planCommand) Help() string {
	return `A plan is a suggestion: a person accepts or refuses it on the desk.

Example:
  onemap plan posts --units 8 --within 5m --places fire_station --grids grid_community`
}

type planPostsCmd struct {
	Database
	Title    string        `help:"Of the plan." default:"onemap plan posts"`
	Org      string        `help:"Whose forces: the code of an organisation; left out: nobody's in particular."`
	Model    string        `help:"mclp: most demand within the standard; pmedian: least mean time; mexclp: as mclp for units that may be busy; dsm: double standard." enum:"mclp,pmedian,mexclp,dsm" default:"mclp"`
	Units    int           `help:"How many, those that are kept among them." required:""`
	Within   time.Duration `help:"The standard time on the road." default:"5m"`
	Outer    time.Duration `help:"Of dsm: within which all demand must lie." default:"10m"`
	Share    float64       `help:"Of dsm: of demand, that must lie within the standard." default:"0.8"`
	Busy     float64       `help:"Of mexclp: the share of the time that a unit is busy." default:"0.3"`
	Stack    int           `help:"Of mexclp and dsm: most units at one place." default:"1"`
	Mode     string        `help:"How they go: car, emergency, foot." enum:"car,emergency,foot" default:"emergency"`
	Classes  []string      `help:"Of past cases, as STANDARD/CODE; left out: all that the public reports." placeholder:"STANDARD/CODE"`
	Days     int           `help:"Cases of the last so many days." default:"365"`
	Cell     float64       `help:"Cases are counted in squares of so many metres." default:"200"`
	Forecast int64         `help:"Demand is what this forecast expects, instead of past cases."`
	Places   []string      `help:"Candidates: existing fire_station, police_station, hospital, depot."`
	Grids    string        `help:"Candidates: the middles of grid_unit, grid_duty or grid_community."`
	Keep     []int64       `help:"Numbers of places that keep a unit."`
	Areas    string        `help:"By which results are shown and the floor holds: town, grid_community, grid_duty." enum:"town,grid_community,grid_duty" default:"grid_community"`
	Floor    float64       `help:"Share of each area's demand that must lie within the standard."`
	Balance  float64       `help:"Most demand of a unit, times the mean; 0: no limit."`
	Seed     int64         `help:"The same question of the same data with the same seed has the same answer." default:"1"`
}

func (planPostsCmd) Help() string {
	return `Demand is what the public reported, by squares, or what a forecast expects; times are those of the road network. The answer says how
much better any other plan could be at most. The plan is kept as a proposal that people decide on.

Example:
  onemap plan posts --units 8 --within 5m --places fire_station --grids grid_community
  onemap plan posts --units 12 --model mexclp --busy 0.4 --stack 2 --places police_station --forecast 7 --floor 0.5 --json`
}

func (c planPostsCmd) question() (deploy.Question, error) {
	q := deploy.Question{Model: c.Model, Posts: c.Units, WithinS: c.Within.Seconds(), Mode: c.Mode, Keep: c.Keep, Areas: c.Areas, Floor: c.Floor, Balance: c.Balance, Seed: c.Seed,
		Candidates: deploy.CandidatesFrom{Places: c.Places, Grids: c.Grids}}
	switch c.Model {
	case "dsm":
		q.OuterS, q.Share, q.Stack = c.Outer.Seconds(), c.Share, c.Stack
	case "mexclp":
		q.Busy, q.Stack = c.Busy, c.Stack
	}
	if c.Forecast > 0 {
		q.Demand = deploy.DemandFrom{Source: "forecast", Run: c.Forecast}
		return q, nil
	}
	q.Demand = deploy.DemandFrom{Source: "incidents", CellM: c.Cell, From: time.Now().AddDate(0, 0, -c.Days)}
	for _, k := range c.Classes {
		i := strings.LastIndex(k, "/") // standards have one of their own: GB/T 30428
		if i < 0 {
			return q, fmt.Errorf("%w: --classes %s: as STANDARD/CODE", errUsage, k)
		}
		q.Demand.Classes = append(q.Demand.Classes, deploy.ClassKey{Standard: k[:i], Code: k[i+1:]})
	}
	return q, nil
}

func (c planPostsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	q, err := c.question()
	if err != nil {
		return err
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	store := layers.NewStore(db)
	s := &deploy.Store{Layers: store, Roads: &roads.Store{Layers: store}}
	p, _, err := s.Make(ctx, operator(), deploy.Order{Title: c.Title, Org: c.Org, Question: q})
	if err != nil {
		return err
	}
	return t.answer(p, func(w io.Writer) { writePosts(w, p) })
}

func writePosts(w io.Writer, p deploy.Plan) {
	m := p.Answer.Plan
	fmt.Fprintf(w, "Plan %d, a proposal: %.1f %% of demand within %.1f min, mean %.1f min.\n", p.ID, 100*m.Covered, p.Question.WithinS/60, m.MeanS/60)
	if t := p.Answer.Today; t != nil {
		fmt.Fprintf(w, "Today, units at all %d stations: %.1f %%, mean %.1f min.\n", len(t.Posts), 100*t.Covered, t.MeanS/60)
	}
	if len(m.Unmet) == 0 && p.Answer.Gap != nil {
		fmt.Fprintf(w, "Proven: at most %.2f %% worse than the best plan there is.\n", 100**p.Answer.Gap)
	}
	for _, u := range m.Unmet {
		fmt.Fprintf(w, "Not kept: %s %s has %.4g, wanted %.4g.\n", u.What, u.Name, u.Has, u.Want)
	}
	for _, n := range p.Answer.Notes {
		fmt.Fprintln(w, n.EN)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "POST\tPLACE\tUNITS\tLON\tLAT\tDEMAND\tMEAN MIN")
	for _, x := range m.Posts {
		fmt.Fprintf(tw, "%d\t%s\t%d\t%.6f\t%.6f\t%.1f\t%.1f\n", x.Number, x.Name, x.Units, x.Lon, x.Lat, x.Demand, x.MeanS/60)
	}
	tw.Flush()
}
