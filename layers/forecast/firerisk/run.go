package firerisk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk/model"
	"onemap/layers/jobs"
)

// An Order asks for a run. Zero fields have their defaults.
type Order struct {
	Kind    string
	Horizon int   // days; 365
	Visits  int   // that can be made within the horizon; what Crew can
	Crew    Crew  // instead of Visits
	Seed    int64 // of the bootstrap; 0: one is drawn and recorded
	Address string
}

type runJob struct{ Run int64 }

func (runJob) Kind() string { return "fire_run" }

// dailyJob makes the runs and the gaps of a city anew.
type dailyJob struct{}

func (dailyJob) Kind() string { return "fire_daily" }

// runTime is the longest that a run may take.
const runTime = 20 * time.Minute

// perDay is how many visits a unit makes on a day where nobody says.
const perDay = 6

// keptRuns of a kind stay in the list.
const keptRuns = 60

// mostKept is how many places of a kind have their score kept: those with the highest.
const mostKept = 20_000

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, runTime, nil, func(ctx context.Context, j *river.Job[runJob]) error { return s.Run(ctx, j.Args.Run) })
	jobs.Handle(s.Jobs, runTime, nil, func(ctx context.Context, _ *river.Job[dailyJob]) error { return s.Daily(ctx) })
	s.Jobs.Every(time.Hour, dailyJob{}) // what today has already is not made again
}

// Ask puts a run down, and returns its number. It is made in the background.
func (s *Store) Ask(ctx context.Context, by access.Scope, o Order) (int64, error) {
	if err := by.Require(access.CommandCentre, access.Planner, access.DepartmentOfficer); err != nil {
		return 0, err
	}
	if _, _, err := s.right(ctx, by); err != nil {
		return 0, err
	}
	if by.Org().AreaCode != "" && by.Org().Level != "county" && by.Org().Level != "city" && by.Org().Level != "province" {
		return 0, fmt.Errorf("a run scores the whole city: ask its planners: %w", access.ErrForbidden)
	}
	if err := o.check(); err != nil {
		return 0, err
	}
	set, err := s.settings(ctx)
	if err != nil {
		return 0, err
	}
	if !set.enabled {
		return 0, ErrOff
	}
	who, _ := by.Person()
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var open bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.fire_run WHERE kind = $1 AND state IN ('queued', 'running') AND made_at > $2)`, o.Kind, s.now().Add(-time.Hour)).Scan(&open); err != nil {
			return err
		}
		if open {
			return fmt.Errorf("a run of these places is being made: wait for it: %w", layers.ErrConflict)
		}
		if id, err = s.put(ctx, tx, o, who.Login, who.Org); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "fire_risk.run", Object: fmt.Sprintf("fire_run/%d", id), Result: access.Done, Address: o.Address,
			Detail: map[string]any{"kind": o.Kind, "horizon_days": o.Horizon, "visits": o.Visits}})
	})
	if err != nil {
		return 0, access.Wrap("ask for a run of fire risk", err)
	}
	if s.Jobs == nil {
		return id, s.Run(ctx, id)
	}
	return id, nil
}

func (o *Order) check() error {
	if o.Horizon == 0 {
		o.Horizon = 365
	}
	switch {
	case o.Kind != Enterprise && o.Kind != Building:
		return checkKind("kind", o.Kind)
	case o.Horizon < 28 || o.Horizon > 1096:
		return &layers.InputError{Field: "horizon_days", Value: fmt.Sprint(o.Horizon), Remedy: "28 to 1096 days"}
	case o.Visits < 0 || o.Visits > 100_000:
		return &layers.InputError{Field: "visits", Value: fmt.Sprint(o.Visits), Remedy: "how many places can be visited within the horizon, 1 to 100,000; or left out for what the crews can visit"}
	case o.Visits > 0 && o.Crew != (Crew{}):
		return &layers.InputError{Field: "visits", Value: fmt.Sprint(o.Visits), Remedy: "either visits, or crews, days and per_day: left out it is their product"}
	case o.Crew.Crews < 0 || o.Crew.Crews > 1000:
		return &layers.InputError{Field: "crews", Value: fmt.Sprint(o.Crew.Crews), Remedy: "1 to 1000; or left out for the fire stations in service"}
	case o.Crew.Days < 0 || o.Crew.Days > o.Horizon:
		return &layers.InputError{Field: "days", Value: fmt.Sprint(o.Crew.Days), Remedy: "days of inspection within the horizon, 1 to horizon_days; or left out for one a week"}
	case o.Crew.PerDay < 0 || o.Crew.PerDay > 50:
		return &layers.InputError{Field: "per_day", Value: fmt.Sprint(o.Crew.PerDay), Remedy: "visits of a crew on a day, 1 to 50; or left out for 6"}
	}
	return nil
}

func (s *Store) put(ctx context.Context, tx pgx.Tx, o Order, login, org string) (id int64, err error) {
	if o.Seed == 0 {
		o.Seed = rand.Int64N(1<<53-1) + 1 // a number that JSON keeps
	}
	visits, crew, err := visitsOf(ctx, tx, o)
	if err != nil {
		return 0, err
	}
	var crews, days, each *int
	if crew != nil {
		crews, days, each = &crew.Crews, &crew.Days, &crew.PerDay
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.fire_run (kind, until, horizon_days, visits, crews, days, per_day, seed, made_by, org, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $2) RETURNING id`,
		o.Kind, s.now(), o.Horizon, visits, crews, days, each, o.Seed, login, org).Scan(&id)
	if err != nil || s.Jobs == nil {
		return id, err
	}
	return id, s.Jobs.InsertTx(ctx, tx, runJob{id}, &river.InsertOpts{MaxAttempts: 2})
}

// A Crew is who makes the visits that recall is told at.
type Crew struct {
	Crews  int `json:"crews" doc:"That inspect; the fire stations in service where it was left out"`
	Days   int `json:"days" doc:"Of each, within the horizon; one a week where it was left out"`
	PerDay int `json:"per_day" doc:"Visits of each on such a day; 6 where it was left out"`
}

// visitsOf is what was asked, or what the crews can visit; nil where a number
// was asked for. Where nothing was said of crews it is half of the places at
// most: with visits to all of them no order is better than another.
func visitsOf(ctx context.Context, tx pgx.Tx, o Order) (int, *Crew, error) {
	if o.Visits > 0 {
		return o.Visits, nil, nil
	}
	places := `SELECT count(*) FROM map.enterprise WHERE state = 'open'`
	if o.Kind == Building {
		places = `SELECT count(*) FROM map.base_building`
	}
	var stations, n int
	if err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM map.place WHERE kind = 'fire_station' AND state <> 'out_of_service'), (`+places+`)`).Scan(&stations, &n); err != nil {
		return 0, nil, fmt.Errorf("what crews can visit: %w", err)
	}
	c := o.Crew
	if c.Crews == 0 {
		c.Crews = min(max(stations, 1), 1000)
	}
	if c.Days == 0 {
		c.Days = o.Horizon / 7
	}
	if c.PerDay == 0 {
		c.PerDay = perDay
	}
	visits := min(c.Crews*c.Days*c.PerDay, 100_000)
	if o.Crew == (Crew{}) {
		visits = max(1, min(visits, (n+1)/2))
	}
	return visits, &c, nil
}

// Run makes a run: reads, plays past days again, scores, writes the layer.
func (s *Store) Run(ctx context.Context, id int64) error {
	db := s.Layers.DB()
	var kind, state string
	var until time.Time
	var horizon, visits int
	var seed int64
	err := db.QueryRow(ctx, `UPDATE onemap.fire_run SET state = 'running', started_at = now(), progress = 0.05 WHERE id = $1 AND state IN ('queued', 'running')
		RETURNING kind, state, until, horizon_days, visits, seed`, id).Scan(&kind, &state, &until, &horizon, &visits, &seed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // done already
	}
	if err != nil {
		return fmt.Errorf("fire run %d: %w", id, err)
	}
	err = s.make(ctx, id, kind, until, horizon, visits, seed)
	if err == nil || ctx.Err() != nil {
		return err
	}
	s.log().Error("fire run", "run", id, "error", err)
	_, failed := db.Exec(ctx, `UPDATE onemap.fire_run SET state = 'failed', finished_at = now(), progress = 1,
		why = 'it failed; the server''s log says of what', why_zh = '计算失败，原因见服务器日志' WHERE id = $1`, id)
	return errors.Join(err, failed)
}

func (s *Store) progress(ctx context.Context, id int64, share float64) {
	if _, err := s.Layers.DB().Exec(ctx, `UPDATE onemap.fire_run SET progress = $2 WHERE id = $1`, id, share); err != nil {
		s.log().Warn("progress of a fire run", "run", id, "error", err)
	}
}

func (s *Store) make(ctx context.Context, id int64, kind string, until time.Time, horizon, visits int, seed int64) error {
	set, err := s.settings(ctx)
	if err != nil {
		return err
	}
	if !set.enabled {
		return s.withhold(ctx, id, kind, ending{}, world{}, "forecasts are switched off", "预测功能已关闭")
	}
	var w world
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		w, err = readWorld(ctx, tx, kind, until, set)
		return err
	})
	if err != nil {
		return err
	}
	s.progress(ctx, id, 0.2)
	params := model.Params{Horizon: float64(horizon)}.WithDefaults()
	day := dayOf(until, set.zone)
	width, splits := windows(w.fires, day, params.Horizon)
	data := w.encode()
	rec := record{Kind: kind, Until: until.UTC(), Day: day, Params: params, Seed: seed, Visits: visits, Places: len(w.places), Fires: len(w.fires), LeftOut: w.left, Hash: hashOf(data),
		Classes: set.classes, Width: width, Splits: splits, Version: "fire/2", Notes: notes}
	out, err := compute(ctx, w, rec, func(share float64) { s.progress(ctx, id, share) })
	if err != nil {
		return err
	}
	done := ending{rec: &rec, trial: out.trial, data: data}
	if done.result, err = out.hash(w.ids); err != nil {
		return err
	}
	if out.few != nil {
		return s.withhold(ctx, id, kind, done, w, "too little to learn from: "+out.few.Error(), "数据太少，无法学习："+fewZH(w))
	}
	rec.Far, rec.Phi, rec.Coefficients = out.model.Far, out.model.Phi, out.model.Coefficients()
	if !out.trial.Passed {
		en, zh := whyNot(*out.trial)
		return s.withhold(ctx, id, kind, done, w, en, zh)
	}
	return s.publish(ctx, id, kind, done, w, out.scores)
}

// An ending is what a run leaves: all nil where it read nothing.
type ending struct {
	rec    *record
	trial  *model.Trial
	data   []byte // that the model was given
	result [32]byte
}

// windows says how long a past day is looked at after it, and how many of them
// there are: as long as the horizon where the history allows it.
func windows(fires []model.Fire, until, horizon float64) (width float64, splits int) {
	if len(fires) == 0 {
		return horizon, 1
	}
	history := until - fires[0].Day
	width = min(horizon, max(28, (history-120)/2))
	return width, min(3, max(1, int((history-180)/width)))
}

func fewZH(w world) string {
	return fmt.Sprintf("处所 %d 个，可用火警 %d 起（处所附近至少需要 20 起）", len(w.places), len(w.fires))
}

// whyNot says why scores are withheld.
func whyNot(t model.Trial) (en, zh string) {
	m := t.Orders[0]
	switch t.Why {
	case "few":
		return fmt.Sprintf("only %d fires at places to judge by; 20 are needed", t.AtPlaces), fmt.Sprintf("可用于检验的火灾只有 %d 起，至少需要 20 起", t.AtPlaces)
	case "no_lift":
		return fmt.Sprintf("on past days it found %.0f %% of the fires at %d places; chance alone finds %.0f %%, and the difference is not sure", 100*m.Recall, t.K, 100*float64(t.K)/float64(t.Places)),
			fmt.Sprintf("回放检验中前 %d 个处所只覆盖 %.0f%% 的火灾，与随机抽取（%.0f%%）没有可靠差别", t.K, 100*m.Recall, 100*float64(t.K)/float64(t.Places))
	}
	worst := m
	for _, o := range t.Orders[1:] {
		if o.LessHigh < 0 && o.Recall > worst.Recall {
			worst = o
		}
	}
	names := map[string][2]string{model.ByFires: {"prior fires", "以往火灾次数"}, model.ByUnseen: {"who was longest without an inspection", "最久未检查"}, model.ByGrade: {"the department's grades", "部门风险等级"}}
	n := names[worst.Name]
	return fmt.Sprintf("on past days a list by %s found %.0f %% of the fires, the model %.0f %%", n[0], 100*worst.Recall, 100*m.Recall),
		fmt.Sprintf("回放检验中按“%s”排序可覆盖 %.0f%% 的火灾，模型只有 %.0f%%", n[1], 100*worst.Recall, 100*m.Recall)
}

// A record is what a run's hash is of.
type record struct {
	Version      string              `json:"version"`
	Kind         string              `json:"kind"`
	Until        time.Time           `json:"until"`
	Day          float64             `json:"day"` // of until, on the city's clock
	Places       int                 `json:"places"`
	Fires        int                 `json:"fires"`
	Far          int                 `json:"far"`
	LeftOut      map[string]int      `json:"left_out"`
	Hash         string              `json:"data_hash"`
	Classes      []fireClass         `json:"classes"`
	Params       model.Params        `json:"params"`
	Width        float64             `json:"trial_days"`
	Splits       int                 `json:"splits"`
	Visits       int                 `json:"visits"`
	Seed         int64               `json:"seed"`
	Phi          float64             `json:"phi"`
	Coefficients []model.Coefficient `json:"coefficients"`
	Notes        []forecast.Words    `json:"notes"`
}

// notes say what a past day that is played again did not know, and does here.
var notes = []forecast.Words{
	{ZH: "回放过去某日时，只用当日已知的情况：火灾从接报起，检查和检查所定的等级从次日起，隐患从发现起。登记表中没有日期的等级不用：没有检查定级的处所按未评级处理，全部没有时不比较“按等级”。",
		EN: "A past day is played with what was known on it: fires from their report on, inspections and the grades that they gave from the next day on, hazards from their finding on. Grades of the register have no date and are not used: without one from an inspection a place counts as not graded, and where none has one the order by grade is not compared."},
	{ZH: "处所名单、用途、层数、面积和消火栓没有历史，取今天的情况：期间新开、关停、改建的处所会使回放略偏乐观。后来作废的隐患和报警已剔除。",
		EN: "Which places there are, their use, storeys, area and hydrants have no past and are as today: where places opened, closed or were rebuilt since, the played days are somewhat too good. Hazards and calls that were void later are left out."},
}

// withhold ends a run without scores, and takes those of earlier runs away:
// what is not trusted is not shown.
func (s *Store) withhold(ctx context.Context, id int64, kind string, e ending, w world, en, zh string) error {
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := finish(ctx, tx, id, "withheld", e, len(w.places), len(w.fires), en, zh); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM map.fire_risk WHERE kind = $1`, kind)
		return err
	})
}

func finish(ctx context.Context, tx pgx.Tx, id int64, state string, e ending, places, fires int, en, zh string) error {
	var body, sum, past, data, result []byte
	var err error
	if e.rec != nil {
		if body, err = json.Marshal(e.rec); err != nil {
			return err
		}
		h := sha256.Sum256(body)
		sum, result = h[:], e.result[:]
		if data, err = keepData(ctx, tx, e.data); err != nil {
			return err
		}
	}
	if e.trial != nil {
		if past, err = json.Marshal(e.trial); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.fire_run SET state = @state, finished_at = now(), progress = 1, why = @why, why_zh = @zh, record = @record, hash = @hash, data = @data, result_hash = @result, trial = @trial, places = @places, fires = @fires
		WHERE id = @id`, pgx.NamedArgs{"id": id, "state": state, "why": layers.Cut(en, 500), "zh": layers.Cut(zh, 500), "record": body, "hash": sum, "data": data, "result": result, "trial": past, "places": places, "fires": fires}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM onemap.fire_run r WHERE id <= (SELECT id FROM onemap.fire_run WHERE kind = (SELECT kind FROM onemap.fire_run WHERE id = $1) ORDER BY id DESC OFFSET $2 LIMIT 1)
		AND kind = (SELECT kind FROM onemap.fire_run WHERE id = $1) AND NOT EXISTS (SELECT FROM onemap.inspection_list l WHERE l.run = r.id)`, id, keptRuns)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM onemap.fire_content c WHERE NOT EXISTS (SELECT FROM onemap.fire_run r WHERE r.data = c.hash)`)
	return err
}

var riskColumns = []string{"run", "kind", "place", "name", "use", "rank", "level", "expected", "low", "high", "likely", "why_zh", "why_en", "last_inspected_on", "next_due_on", "dept_code", "grid_code", "area_code", "geom"}

// publish writes the scores in the place of those of the run before.
func (s *Store) publish(ctx context.Context, id int64, kind string, e ending, w world, scores []model.Score) error {
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := finish(ctx, tx, id, "done", e, len(w.places), len(w.fires), "", ""); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.fire_risk WHERE kind = $1`, kind); err != nil {
			return err
		}
		n := min(len(scores), mostKept)
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"map", LayerName}, riskColumns, pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			x := scores[i]
			h, p := w.heads[x.Place], w.places[x.Place]
			zh, en := whyOf(x.Drivers)
			return []any{id, kind, w.ids[x.Place], h.name, p.Use, int32(x.Rank), levelOf(x.Rank, len(scores)), x.Expected, x.Low, x.High, x.Any, zh, en,
				h.last, h.due, h.dept, h.grid, h.area, h.at}, nil
		}))
		return err
	})
}

// levelOf is the band of a rank: the first 1 % of the places, 5 %, 20 %, the rest.
func levelOf(rank, of int) int16 {
	switch share := float64(rank) / float64(of); {
	case share <= 0.01:
		return 1
	case share <= 0.05:
		return 2
	case share <= 0.2:
		return 3
	}
	return 4
}

// whyOf joins drivers to a text, one a line.
func whyOf(ds []model.Driver) (zh, en string) {
	var zhs, ens []string
	for _, d := range ds {
		z, e := d.Words()
		zhs, ens = append(zhs, z), append(ens, e)
	}
	return strings.Join(zhs, "\n"), strings.Join(ens, "\n")
}

// triedAgain is how long after a run that failed the day's run is made again.
const triedAgain = 6 * time.Hour

// Daily makes what the city's day does not have yet: a run of each kind, and the
// gaps, where there is something to make them of. A server that starts again
// makes nothing twice.
func (s *Store) Daily(ctx context.Context) error {
	set, err := s.settings(ctx)
	if err != nil || !set.enabled {
		return err
	}
	now := s.now()
	y, m, d := now.In(set.zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, set.zone)
	for _, kind := range []string{Enterprise, Building} {
		if err := s.dailyRun(ctx, kind, today, now.Add(-triedAgain)); err != nil {
			return fmt.Errorf("daily fire risk: %w", err)
		}
	}
	var made bool
	if err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.water_gap WHERE made_at >= $1) OR EXISTS (SELECT FROM map.response_gap WHERE made_at >= $1)`, today).Scan(&made); err != nil {
		return fmt.Errorf("daily fire risk: gaps: %w", err)
	}
	if made {
		return nil
	}
	return s.MakeGaps(ctx)
}

func (s *Store) dailyRun(ctx context.Context, kind string, today, failedBefore time.Time) error {
	table := map[string]string{Enterprise: "map.enterprise", Building: "map.base_building"}[kind]
	var due bool
	err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+table+`) AND NOT EXISTS (SELECT FROM onemap.fire_run WHERE kind = $1 AND made_at >= $2 AND (state <> 'failed' OR made_at > $3))`,
		kind, today, failedBefore).Scan(&due)
	if err != nil || !due {
		return err
	}
	o := Order{Kind: kind}
	if err := o.check(); err != nil {
		return err
	}
	var id int64
	if err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		if id, err = s.put(ctx, tx, o, "system", ""); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, access.System("fire"), access.Entry{Action: "fire_risk.run", Object: fmt.Sprintf("fire_run/%d", id), Result: access.Done, Detail: map[string]any{"kind": kind}})
	}); err != nil || s.Jobs != nil {
		return err
	}
	return s.Run(ctx, id)
}
