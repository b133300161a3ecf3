package firerisk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk/model"
)

// A List is inspections to be made, with what became of them.
type List struct {
	ID      int64     `json:"id"`
	Kind    string    `json:"kind" enum:"enterprise,building"`
	Title   string    `json:"title"`
	Area    string    `json:"area_code" doc:"Where the places were taken from; empty is everywhere"`
	Run     int64     `json:"run,omitempty" doc:"The run whose scores it goes by"`
	Scored  bool      `json:"scored" doc:"False: the scores were withheld, and the list goes by legal terms, by who was longest without an inspection, and by chance"`
	From    string    `json:"from_day" format:"date"`
	PerDay  int       `json:"per_day" doc:"Visits of a unit on a day"`
	Random  float64   `json:"random" doc:"Share drawn from all places"`
	Overdue float64   `json:"overdue" doc:"Of the rest, at most, for those past their legal term"`
	Seed    int64     `json:"seed" doc:"Of the draw: with the same places and seed it is the same"`
	Pool    int       `json:"pool" doc:"How many places could be drawn"`
	Measure string    `json:"measure" enum:"road,straight" doc:"What tours were laid by"`
	MadeBy  string    `json:"made_by"`
	MadeAt  time.Time `json:"made_at"`
	Counts  ListCount `json:"counts"`
	Found   []Found   `json:"found" nullable:"false" doc:"What visits found, by why a place was on the list: how the scores are checked"`
	Lines   []Line    `json:"lines,omitempty" doc:"Of one list only"`
	Tours   []Tour    `json:"tours,omitempty" doc:"Of one list only"`
}

// A ListCount says how far a list is.
type ListCount struct {
	Lines    int `json:"lines"`
	Waiting  int `json:"waiting" doc:"For a decision"`
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
	Done     int `json:"done" doc:"Visits that took place"`
}

// Found is what the visits of one reason found.
type Found struct {
	Reason string `json:"reason" enum:"risk,overdue,random,longest"`
	Lines  int    `json:"lines"`
	Done   int    `json:"done" doc:"Visits that took place"`
	Faults int    `json:"faults" doc:"Of them with findings: conditional or failed"`
}

// A Line is one place of a list.
type Line struct {
	N         int        `json:"n"`
	Place     int64      `json:"place" doc:"Number of the enterprise or building"`
	Name      string     `json:"name"`
	Use       string     `json:"use" doc:"Class of a building, industry of an enterprise"`
	UseZH     string     `json:"use_zh"`
	UseEN     string     `json:"use_en"`
	Reason    string     `json:"reason" enum:"risk,overdue,random,longest" doc:"longest: longest without an inspection, where there were no scores"`
	Chance    *float64   `json:"chance,omitempty" doc:"Of random: with which probability it was drawn"`
	Rank      int        `json:"rank,omitempty"`
	Expected  *float64   `json:"expected,omitempty" doc:"Fires within the horizon"`
	Low       *float64   `json:"low,omitempty" doc:"Of expected, 90 %"`
	High      *float64   `json:"high,omitempty"`
	Likely    *float64   `json:"likely,omitempty" doc:"Probability of at least one fire"`
	WhyZH     string     `json:"why_zh" doc:"Up to three drivers, one a line"`
	WhyEN     string     `json:"why_en"`
	Inspected string     `json:"last_inspected_on,omitempty"`
	Due       string     `json:"due_on,omitempty" doc:"By law"`
	Unit      int64      `json:"unit,omitempty" doc:"The fire station that is suggested: number of the feature of layer place"`
	UnitName  string     `json:"unit_name"`
	UnitS     *float64   `json:"unit_s,omitempty" doc:"Seconds from it"`
	Day       string     `json:"on_day" format:"date"`
	Stop      int        `json:"stop" doc:"In the tour of the unit on that day, from 1"`
	Grid      string     `json:"grid_code"`
	Dept      string     `json:"dept_code"`
	Lon       float64    `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat       float64    `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
	Decision  string     `json:"decision" enum:"accepted,refused,"`
	DecidedBy string     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Note      string     `json:"note,omitempty" doc:"Why it was refused"`
	Task      int64      `json:"task,omitempty" doc:"The visit on the phone"`
	TaskState string     `json:"task_state,omitempty" enum:"open,done,cancelled"`
	Outcome   string     `json:"outcome,omitempty" doc:"Of the visit: pass, conditional, fail, not_done; of a building: done"`
}

// A Tour is the visits of one unit on one day, in their order, from the station
// and back.
type Tour struct {
	Unit    int64          `json:"unit,omitempty"`
	Name    string         `json:"name"`
	Day     string         `json:"day" format:"date"`
	Stops   []int          `json:"stops" nullable:"false" doc:"Numbers of lines"`
	Seconds float64        `json:"seconds" doc:"On the way, visits not counted"`
	LengthM float64        `json:"length_m"`
	Line    orb.LineString `json:"line" doc:"Along roads where there are any: [longitude, latitude], EPSG:4326"`
}

const listSQL = `SELECT l.id, l.kind, l.title, l.area_code, coalesce(l.run, 0), l.scored, l.from_day::text, l.per_day, l.random, l.overdue, l.seed, l.pool, l.measure, l.made_by, l.made_at,
		n.lines, n.waiting, n.accepted, n.refused, n.done
	FROM onemap.inspection_list l JOIN LATERAL (
		SELECT count(*) AS lines, count(*) FILTER (WHERE f.decision = '') AS waiting, count(*) FILTER (WHERE f.decision = 'accepted') AS accepted,
		       count(*) FILTER (WHERE f.decision = 'refused') AS refused, count(*) FILTER (WHERE t.result = 'done') AS done
		FROM onemap.inspection_line f LEFT JOIN onemap.task t ON t.id = f.task WHERE f.list = l.id AND (%s)) n ON n.lines > 0`

func scanList(row pgx.CollectableRow) (List, error) {
	l := List{Found: []Found{}}
	err := row.Scan(&l.ID, &l.Kind, &l.Title, &l.Area, &l.Run, &l.Scored, &l.From, &l.PerDay, &l.Random, &l.Overdue, &l.Seed, &l.Pool, &l.Measure, &l.MadeBy, &l.MadeAt,
		&l.Counts.Lines, &l.Counts.Waiting, &l.Counts.Accepted, &l.Counts.Refused, &l.Counts.Done)
	return l, err
}

// Lists returns the latest lists of which the caller may see lines.
func (s *Store) Lists(ctx context.Context, by access.Scope) ([]List, error) {
	l, right, err := s.right(ctx, by)
	if err != nil {
		return nil, err
	}
	var a layers.Args
	cond, err := l.SQL(right.Where, &a)
	if err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, fmt.Sprintf(listSQL, cond)+" ORDER BY l.id DESC LIMIT 100", a...)
	if err != nil {
		return nil, fmt.Errorf("lists of inspections: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanList)
	if err != nil {
		return nil, fmt.Errorf("lists of inspections: %w", err)
	}
	return out, nil
}

// List returns one list with the lines that the caller may see, and its tours.
func (s *Store) List(ctx context.Context, by access.Scope, id int64) (List, error) {
	l, right, err := s.right(ctx, by)
	if err != nil {
		return List{}, err
	}
	var a layers.Args
	cond, err := l.SQL(right.Where, &a)
	if err != nil {
		return List{}, err
	}
	number := a.Add(id)
	db := s.Layers.DB()
	rows, err := db.Query(ctx, fmt.Sprintf(listSQL, cond)+" WHERE l.id = "+number, a...)
	if err != nil {
		return List{}, fmt.Errorf("list of inspections %d: %w", id, err)
	}
	out, err := pgx.CollectExactlyOneRow(rows, scanList)
	if errors.Is(err, pgx.ErrNoRows) {
		return List{}, fmt.Errorf("list of inspections %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return List{}, fmt.Errorf("list of inspections %d: %w", id, err)
	}
	rows, err = db.Query(ctx, `SELECT f.n, f.place, f.name, f.use, f.reason, f.chance, coalesce(f.rank, 0), f.expected, f.low, f.high, f.likely, f.why_zh, f.why_en,
			coalesce(f.last_inspected_on::text, ''), coalesce(f.due_on::text, ''), coalesce(f.unit, 0), f.unit_name, f.unit_s, f.on_day::text, f.stop, f.grid_code, f.dept_code, ST_X(f.geom), ST_Y(f.geom),
			f.decision, f.decided_by, f.decided_at, f.note, coalesce(f.task, 0),
			CASE WHEN t.id IS NULL THEN '' WHEN t.done_at IS NULL THEN 'open' WHEN t.result = 'cancelled' THEN 'cancelled' ELSE 'done' END,
			CASE WHEN t.done_at IS NULL THEN '' ELSE coalesce(t.detail ->> 'outcome', t.result, '') END
		FROM onemap.inspection_line f LEFT JOIN onemap.task t ON t.id = f.task WHERE f.list = `+number+` AND (`+cond+`) ORDER BY f.n`, a...)
	if err != nil {
		return List{}, fmt.Errorf("list of inspections %d: %w", id, err)
	}
	out.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (x Line, err error) {
		err = row.Scan(&x.N, &x.Place, &x.Name, &x.Use, &x.Reason, &x.Chance, &x.Rank, &x.Expected, &x.Low, &x.High, &x.Likely, &x.WhyZH, &x.WhyEN, &x.Inspected, &x.Due, &x.Unit, &x.UnitName, &x.UnitS,
			&x.Day, &x.Stop, &x.Grid, &x.Dept, &x.Lon, &x.Lat, &x.Decision, &x.DecidedBy, &x.DecidedAt, &x.Note, &x.Task, &x.TaskState, &x.Outcome)
		x.UseZH, x.UseEN = model.UseWords(x.Use)
		return x, err
	})
	if err != nil {
		return List{}, fmt.Errorf("list of inspections %d: %w", id, err)
	}
	out.count()
	out.Tours, err = s.tours(ctx, out.Lines)
	return out, err
}

// count sums up what the visits found, by reason.
func (l *List) count() {
	for _, reason := range []string{"risk", "overdue", "longest", "random"} {
		f := Found{Reason: reason}
		for _, x := range l.Lines {
			if x.Reason != reason {
				continue
			}
			f.Lines++
			if x.TaskState == "done" && x.Outcome != "not_done" {
				f.Done++
				if x.Outcome == "conditional" || x.Outcome == "fail" {
					f.Faults++
				}
			}
		}
		if f.Lines > 0 {
			l.Found = append(l.Found, f)
		}
	}
}

// tours are the ways of a list's lines, refused ones left out.
func (s *Store) tours(ctx context.Context, lines []Line) ([]Tour, error) {
	stations, err := readStations(ctx, s.Layers.DB())
	if err != nil {
		return nil, err
	}
	g, err := s.roads().Graph(ctx, roads.Profile{Mode: roads.Car})
	if err != nil && !errors.Is(err, roads.ErrNoRoads) {
		return nil, err
	}
	at := map[[2]string][]Line{}
	var keys [][2]string
	for _, x := range lines {
		if x.Decision == "refused" {
			continue
		}
		k := [2]string{x.Day, x.UnitName}
		if at[k] == nil {
			keys = append(keys, k)
		}
		at[k] = append(at[k], x)
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var out []Tour
	for _, k := range keys {
		stops := at[k]
		slices.SortFunc(stops, func(a, b Line) int { return a.Stop - b.Stop })
		t := Tour{Unit: stops[0].Unit, Name: k[1], Day: k[0]}
		var points []orb.Point
		for _, u := range stations {
			if u.id == t.Unit {
				points = append(points, u.at)
			}
		}
		home := len(points) > 0
		for _, x := range stops {
			t.Stops = append(t.Stops, x.N)
			points = append(points, orb.Point{x.Lon, x.Lat})
		}
		if home {
			points = append(points, points[0])
		}
		t.way(g, points)
		out = append(out, t)
	}
	return out, nil
}

// way lays a tour along roads, or straight from point to point where none leads.
func (t *Tour) way(g *roads.Graph, points []orb.Point) {
	t.Line = orb.LineString{}
	for i := 1; i < len(points); i++ {
		if g != nil {
			a, ok1 := g.Snap(points[i-1])
			b, ok2 := g.Snap(points[i])
			if r := g.Route(a, b); ok1 && ok2 && len(r.Line) > 0 {
				t.Seconds += r.Seconds
				t.LengthM += r.Metres
				t.Line = append(t.Line, r.Line...)
				continue
			}
		}
		metres := forecast.PlaneAbout(points[i]).Forward
		p, q := metres(points[i-1]), metres(points[i])
		d := straightMore * distance(p, q)
		t.Seconds += d / straightMS
		t.LengthM += d
		t.Line = append(t.Line, points[i-1], points[i])
	}
}
