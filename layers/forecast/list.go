package forecast

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

const runSQL = `SELECT r.id, r.state, r.title, r.dept_code, r.classes, r.class_key, r.recipe, r.horizon, r.from_at, r.to_at, r.space, r.cell_m, r.params, r.seed,
	coalesce(r.standing, 0), r.made_by, r.org, r.made_at, r.started_at, r.finished_at, r.progress, r.doing, r.why, r.why_zh, r.record, r.hash, r.result_hash,
	r.model, coalesce(r.cells, 0), coalesce(r.hot, 0), coalesce(r.expected, 0), coalesce(r.low, 0), coalesce(r.high, 0), r.summary,
	r.withdrawn_at, r.withdrawn_by, r.withdrawn_why, r.cells_gone_at,
	r.state = 'done' AND r.withdrawn_at IS NULL AND NOT EXISTS (SELECT FROM onemap.forecast_run n WHERE n.recipe = r.recipe AND n.id > r.id AND n.state IN ('done', 'withheld')) AS current
	FROM onemap.forecast_run r`

func scanRun(row pgx.CollectableRow) (Run, error) {
	var r Run
	var cell *float64
	var params, summary, record []byte
	var why, whyZH, withdrawnWhy string
	var hash, result []byte
	err := row.Scan(&r.ID, &r.State, &r.Title, &r.Dept, &r.Classes, &r.classKey, &r.recipe, &r.Horizon, &r.From, &r.To, &r.Space, &cell, &params, &r.Seed,
		&r.Standing, &r.MadeBy, &r.org, &r.MadeAt, &r.StartedAt, &r.FinishedAt, &r.Progress, &r.Doing, &why, &whyZH, &record, &hash, &result,
		&r.Model, &r.Cells, &r.Hot, &r.Expected, &r.Low, &r.High, &summary, &r.WithdrawnAt, &r.WithdrawnBy, &withdrawnWhy, &r.CellsGoneAt, &r.Current)
	if err != nil {
		return r, err
	}
	r.Params = new(Params)
	if err := json.Unmarshal(params, r.Params); err != nil {
		return r, fmt.Errorf("parameters of run %d: %w", r.ID, err)
	}
	if err := json.Unmarshal(summary, &r.Summary); err != nil {
		return r, fmt.Errorf("summary of run %d: %w", r.ID, err)
	}
	if r.Summary.Notes == nil {
		r.Summary.Notes = []Words{}
	}
	if cell != nil {
		r.CellM = *cell
	}
	r.From, r.To, r.MadeAt = r.From.UTC(), r.To.UTC(), r.MadeAt.UTC()
	r.Hours, r.Share, r.Count, r.Until = r.Params.Hours, r.Params.Share, r.Params.Count, r.Params.Until
	r.Record = record
	r.Hash, r.ResultHash = hex.EncodeToString(hash), hex.EncodeToString(result)
	switch {
	case r.WithdrawnAt != nil:
		r.Why = &Words{withdrawnWhy, withdrawnWhy}
		r.State = Withheld
	case why != "":
		r.Why = &Words{whyZH, why}
	}
	r.Shown = r.State == Done && r.CellsGoneAt == nil
	return r, nil
}

// lean leaves out what lists do not tell.
func (r Run) lean() Run {
	r.Params, r.Record = nil, nil
	return r
}

// Get returns a run with its record. It returns an error wrapping
// [layers.ErrNotFound] for one that the caller may not see.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Run, error) {
	return s.one(ctx, by, "r.id = @it", id)
}

func (s *Store) one(ctx context.Context, by access.Scope, which string, it any) (Run, error) {
	cond, args, err := s.visible(ctx, by)
	if err != nil {
		return Run{}, err
	}
	args["it"] = it
	rows, err := s.Layers.DB().Query(ctx, runSQL+` WHERE `+which+` AND `+cond, args)
	if err != nil {
		return Run{}, fmt.Errorf("forecast: %w", err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	if isNoRow(err) {
		return Run{}, fmt.Errorf("forecast %v: %w", it, layers.ErrNotFound)
	}
	if err != nil {
		return Run{}, fmt.Errorf("forecast %v: %w", it, err)
	}
	return r, nil
}

// visible is the condition on runs that the caller may see.
func (s *Store) visible(ctx context.Context, by access.Scope) (string, pgx.NamedArgs, error) {
	all, dept, err := s.sees(ctx, by)
	if err != nil || all {
		return "true", pgx.NamedArgs{}, err
	}
	depts, err := branches(ctx, s.Layers.DB(), dept)
	return "r.dept_code = ANY (@mine)", pgx.NamedArgs{"mine": depts}, err
}

// A Query narrows a list of runs.
type Query struct {
	State   string
	Horizon string
	Current bool // only those in force
	Class   string
	Page    string // what an earlier answer called next
	Limit   int
}

// List returns the runs that the caller may see, the latest first, and what to
// ask for those before them; "" at the end.
func (s *Store) List(ctx context.Context, by access.Scope, q Query) (runs []Run, next string, err error) {
	cond, args, err := s.visible(ctx, by)
	if err != nil {
		return nil, "", err
	}
	before := int64(1) << 62
	if q.Page != "" {
		if before, err = strconv.ParseInt(q.Page, 10, 64); err != nil {
			return nil, "", &layers.InputError{Field: "page", Value: layers.Short(q.Page), Remedy: "what an earlier answer called next"}
		}
	}
	args["before"], args["state"], args["horizon"], args["current"], args["class"], args["limit"] = before, q.State, q.Horizon, q.Current, q.Class, q.Limit+1
	rows, err := s.Layers.DB().Query(ctx, `SELECT * FROM (`+runSQL+` WHERE `+cond+`) r
		WHERE r.id < @before AND (@state = '' OR r.state = @state AND (r.withdrawn_at IS NULL OR @state = 'withheld') OR @state = 'withheld' AND r.withdrawn_at IS NOT NULL)
		AND (@horizon = '' OR r.horizon = @horizon) AND (NOT @current OR r.current)
		AND (@class = '' OR r.classes @> jsonb_build_array(jsonb_build_object('code', @class::text)))
		ORDER BY r.id DESC LIMIT @limit`, args)
	if err != nil {
		return nil, "", fmt.Errorf("list forecasts: %w", err)
	}
	runs, err = pgx.CollectRows(rows, scanRun)
	if err != nil {
		return nil, "", fmt.Errorf("list forecasts: %w", err)
	}
	if len(runs) > q.Limit {
		runs = runs[:q.Limit]
		next = strconv.FormatInt(runs[len(runs)-1].ID, 10)
	}
	for i := range runs {
		runs[i] = runs[i].lean()
	}
	return runs, next, nil
}

// A Choice is all that one may choose from when ordering.
type Choice struct {
	Enabled  bool         `json:"enabled" doc:"false: forecasts are switched off in this city"`
	Dept     string       `json:"dept,omitempty" doc:"The only department that the caller may make forecasts for; absent: any, or all"`
	Zone     string       `json:"time_zone"`
	Shifts   []int        `json:"shifts" nullable:"false" doc:"Hours at which shifts begin"`
	Classes  []Trainable  `json:"classes" nullable:"false"`
	Horizons []HorizonIs  `json:"horizons" nullable:"false"`
	Spaces   []SpaceIs    `json:"spaces" nullable:"false"`
	CellsM   []float64    `json:"cells_m" nullable:"false" doc:"Usual sizes of a lattice's cells"`
	Presets  []PresetIs   `json:"presets" nullable:"false" doc:"Sets of classes to begin with"`
	Depts    []Department `json:"depts" nullable:"false" doc:"Departments that have cases"`
}

// A HorizonIs is one that may be ordered now.
type HorizonIs struct {
	Horizon string    `json:"horizon" enum:"shift,day,week,month,year"`
	From    time.Time `json:"from" doc:"When the next one begins"`
	To      time.Time `json:"to"`
	Origins int       `json:"origins" doc:"How many times its backtest forecasts the past"`
}

// A SpaceIs is one that the city has.
type SpaceIs struct {
	Space string `json:"space" enum:"lattice,grid_unit,grid_duty,grid_community"`
	Cells int    `json:"cells" doc:"Grids in force; 0 for the lattice, which depends on the size"`
}

// A PresetIs is a set of classes that planners begin with.
type PresetIs struct {
	Name    string     `json:"name"`
	Title   Words      `json:"title"`
	Classes []ClassKey `json:"classes" nullable:"false"`
	Horizon string     `json:"horizon"`
	CellM   float64    `json:"cell_m"`
	Dept    string     `json:"dept,omitempty"`
}

// A Department has cases.
type Department struct {
	Code   string `json:"code"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
}

// Choices says what the caller may order.
func (s *Store) Choices(ctx context.Context, by access.Scope) (Choice, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return Choice{}, err
	}
	c := Choice{Enabled: set.enabled, Zone: set.zone.String(), Shifts: set.shifts, Classes: []Trainable{}, Horizons: []HorizonIs{}, Spaces: []SpaceIs{},
		CellsM: []float64{100, 150, 200, 250, 500, 1000}, Presets: []PresetIs{}, Depts: []Department{}}
	if err := by.Require(Viewers...); err != nil || !set.enabled {
		return c, err
	}
	all, dept, err := s.sees(ctx, by)
	if err != nil {
		return c, err
	}
	var depts []string
	if !all {
		c.Dept = dept
		if depts, err = branches(ctx, s.Layers.DB(), dept); err != nil {
			return c, err
		}
	}
	now := s.now()
	if c.Classes, err = trainables(ctx, s.Layers.DB(), depts, now); err != nil {
		return c, err
	}
	for _, h := range []string{"shift", "day", "week", "month", "year"} {
		from, to, err := window(Order{Horizon: h}, now, horizons[h].days, set)
		if err != nil {
			return c, err
		}
		c.Horizons = append(c.Horizons, HorizonIs{h, from, to, horizons[h].origins})
	}
	c.Presets = presets(c.Classes, c.Dept)
	return c, s.places(ctx, &c, depts)
}

// places fills in the spaces and the departments.
func (s *Store) places(ctx context.Context, c *Choice, depts []string) error {
	rows, err := s.Layers.DB().Query(ctx, `SELECT 'lattice', 0
		UNION ALL SELECT 'grid_unit', count(*) FROM map.grid_unit WHERE valid_to IS NULL
		UNION ALL SELECT 'grid_duty', count(*) FROM map.grid_duty WHERE valid_to IS NULL
		UNION ALL SELECT 'grid_community', count(*) FROM map.grid_community WHERE valid_to IS NULL`)
	if err != nil {
		return fmt.Errorf("spaces of forecasts: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SpaceIs])
	if err != nil {
		return fmt.Errorf("spaces of forecasts: %w", err)
	}
	for _, sp := range all {
		if sp.Space == Lattice || sp.Cells > 0 {
			c.Spaces = append(c.Spaces, sp)
		}
	}
	rows, err = s.Layers.DB().Query(ctx, `SELECT code, name_zh, name_en FROM onemap.organisation o WHERE kind = 'department' AND ($1::text[] IS NULL OR code = ANY ($1))
		AND EXISTS (SELECT FROM map.incident WHERE dept_code = o.code) ORDER BY code`, depts)
	if err != nil {
		return fmt.Errorf("departments of forecasts: %w", err)
	}
	if c.Depts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Department]); err != nil {
		return fmt.Errorf("departments of forecasts: %w", err)
	}
	return nil
}

// presets are the sets of classes that the city can forecast at once: crime,
// disorder, traffic, fire; of those only what the caller's cases have.
func presets(all []Trainable, dept string) []PresetIs {
	out := []PresetIs{}
	for _, p := range []struct {
		name    string
		title   Words
		prefix  []string // of codes of the list of calls
		horizon string
		cellM   float64
		dept    string
	}{
		{"theft", Words{"盗抢", "Theft and burglary"}, []string{"110-1"}, "week", 150, "police"},
		{"disorder", Words{"治安秩序与纠纷", "Disorder and disputes"}, []string{"110-2", "110-4"}, "week", 150, "police"},
		{"traffic", Words{"交通事故", "Traffic accidents"}, []string{"110-301"}, "week", 150, "police"},
		{"fire", Words{"火灾", "Fires"}, []string{"119-1"}, "month", 500, "fire"},
	} {
		if dept != "" && dept != p.dept {
			continue
		}
		set := PresetIs{Name: p.name, Title: p.title, Horizon: p.horizon, CellM: p.cellM, Dept: dept}
		for _, t := range all {
			if !t.Allowed || t.Events == 0 || t.Standard != callsStandard {
				continue
			}
			for _, prefix := range p.prefix {
				if len(t.Code) >= len(prefix) && t.Code[:len(prefix)] == prefix && t.Code != "110-105" { // fraud by telephone has no place
					set.Classes = append(set.Classes, t.ClassKey)
				}
			}
		}
		if len(set.Classes) > 0 {
			out = append(out, set)
		}
	}
	return out
}

// callsStandard is the list of emergency calls.
const callsStandard = "onemap-calls"
