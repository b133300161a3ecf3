package forecast

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

// A CellStory is one cell with its past: what a planner looks at before sending
// somebody there.
type CellStory struct {
	Cell
	Months []MonthOf `json:"months" nullable:"false" doc:"Incidents that trained the model, in this cell, the last 24 calendar months before the data cut, the earliest first"`
	Hours  []float64 `json:"hours" nullable:"false" doc:"Expected in each hour of a week like the run's, 168, Monday 0:00 first"`
	Parts  []Parted  `json:"parts" nullable:"false" doc:"Which share of the expectation comes from what; of hot cells only"`
}

// A MonthOf is how many there were in a month.
type MonthOf struct {
	Month string `json:"month" example:"2026-05" doc:"By the city's calendar"`
	Seen  int    `json:"seen"`
}

// A Parted is a share of a cell's expectation.
type Parted struct {
	Family string  `json:"family" enum:"long,recent,repeat,place,even"`
	Title  Words   `json:"title"`
	Share  float64 `json:"share"`
}

// Story returns one cell with its past.
func (s *Store) Story(ctx context.Context, by access.Scope, run int64, cell int) (CellStory, error) {
	c, err := s.One(ctx, by, run, cell)
	if err != nil {
		return CellStory{}, err
	}
	r, err := s.Get(ctx, by, run)
	if err != nil {
		return CellStory{}, err
	}
	out := CellStory{Cell: c, Months: []MonthOf{}, Hours: []float64{}, Parts: []Parted{}}
	if out.Months, err = s.months(ctx, *r.Params, run, cell); err != nil {
		return out, err
	}
	hours, err := s.HoursOf(ctx, by, run)
	if err != nil {
		return out, err
	}
	week := c.Expected / (r.To.Sub(r.From).Hours() / weekHours)
	if c.Zone < len(hours.Zones) && r.Hours == nil && r.Horizon != "shift" {
		for _, v := range hours.Zones[c.Zone].Shares {
			out.Hours = append(out.Hours, round6(week*v))
		}
	}
	parts, err := part[map[int]map[string]float64](ctx, s, by, run, "parts")
	if err != nil && !isNotFound(err) {
		return out, err
	}
	for _, family := range []string{longStanding, lately, again, surroundings, spread} {
		if v := parts[cell][family]; v > 0 {
			out.Parts = append(out.Parts, Parted{family, familyWords[family], v})
		}
	}
	return out, nil
}

// months counts, by the city's calendar, the cases in a cell that trained the run.
func (s *Store) months(ctx context.Context, p Params, run int64, cell int) ([]MonthOf, error) {
	args := cutArgs(p, p.Until.AddDate(-2, 0, 0))
	args["run"], args["cell"], args["zone"] = run, cell, p.Zone
	rows, err := s.Layers.DB().Query(ctx, `SELECT to_char(m, 'YYYY-MM'), count(i.at)
		FROM generate_series(date_trunc('month', (@until::timestamptz AT TIME ZONE @zone) - interval '23 months'), (@until::timestamptz AT TIME ZONE @zone), interval '1 month') m
		LEFT JOIN (SELECT occurred_at AT TIME ZONE @zone AS at FROM map.incident JOIN map.forecast f ON f.run = @run AND f.cell = @cell AND ST_Intersects(incident.geom, f.geom)
			WHERE class_kind = 'matter' AND (class_standard, class_code) IN (SELECT * FROM unnest(@standards::text[], @codes::text[]))
			AND source = ANY (@sources) AND state NOT IN (`+DeadStates+`) AND occurred_at >= @since AND occurred_at < @until AND reported_at <= @until
			AND (@depts::text[] IS NULL OR incident.dept_code = ANY (@depts))) i ON i.at >= m AND i.at < m + interval '1 month'
		GROUP BY m ORDER BY m`, args)
	if err != nil {
		return nil, fmt.Errorf("past of cell %d of forecast %d: %w", cell, run, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[MonthOf])
	if err != nil {
		return nil, fmt.Errorf("past of cell %d of forecast %d: %w", cell, run, err)
	}
	return out, nil
}

// An Exposure says on whom a forecast puts its weight: by division, which share
// of the hot area and of the expected incidents it has, beside its share of what
// was reported and of the people there, and whether it was right about it. A
// division that has much more of the hot area than of the reports is watched for
// another reason than what happens there.
type Exposure struct {
	Run    int64          `json:"run"`
	From   time.Time      `json:"from" doc:"Of the windows of the past that calibration is of"`
	To     time.Time      `json:"to"`
	Groups []ExposedGroup `json:"groups" nullable:"false"`
	Notes  []Words        `json:"notes" nullable:"false" doc:"Groups that stand out, in words"`
}

// An ExposedGroup is a division. Shares are of 1.
type ExposedGroup struct {
	Area     string   `json:"area" doc:"Code of the division; empty: outside of all"`
	NameZH   string   `json:"name_zh"`
	NameEN   string   `json:"name_en"`
	KM2      float64  `json:"km2"`
	Hot      float64  `json:"hot" doc:"Share of the hot area"`
	Expected float64  `json:"expected" doc:"Share of the expected incidents"`
	Reported float64  `json:"reported" doc:"Share of those of the last 365 days"`
	People   *float64 `json:"people,omitempty" doc:"Share of the people there; absent where no counts are released"`
	Ratio    float64  `json:"ratio" doc:"Seen by expected in the windows of the past: above 1 it expected too few"`
	Seen     int      `json:"seen" doc:"Incidents in those windows"`
	// How far the map depends on who reports.
	IfMissing *Thinned `json:"if_missing,omitempty" doc:"What would differ if three in ten of its reports had never been made; absent where it was not tried (the 12 divisions that expect most are)"`
}

// A Thinned is a forecast made again with a part of a division's reports left
// out by chance, beside the one that was made.
type Thinned struct {
	Removed int     `json:"removed" doc:"Reports left out"`
	Jaccard float64 `json:"jaccard" doc:"Cells among the top 1 % of the area both times, by those among it either time: 1 is the same map"`
	Before  float64 `json:"before" doc:"Its share of the top 1 %"`
	After   float64 `json:"after" doc:"Its share without them"`
}

// ExposureOf is the exposure report of a run. It returns an error wrapping
// [layers.ErrConflict] for a run whose cells are not shown.
func (s *Store) ExposureOf(ctx context.Context, by access.Scope, run int64) (Exposure, error) {
	return shownPart[Exposure](ctx, s, by, run, "exposure")
}
