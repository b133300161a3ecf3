package forecast

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/jobs"
)

// makeJob is a run that was ordered.
type makeJob struct{ Run int64 }

func (makeJob) Kind() string { return "forecast_make" }

// sweepJob makes standing orders that are due and takes away what is old.
type sweepJob struct{}

func (sweepJob) Kind() string { return "forecast_sweep" }

// makeTime is the longest that a run may take.
const makeTime = 20 * time.Minute

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, makeTime, nil, func(ctx context.Context, j *river.Job[makeJob]) error { return s.Make(ctx, j.Args.Run) })
	jobs.Handle(s.Jobs, 5*time.Minute, nil, func(ctx context.Context, _ *river.Job[sweepJob]) error { return s.Sweep(ctx) })
	s.Jobs.Every(time.Minute, sweepJob{})
}

// Version is of the way forecasts are made. It is in every record: a run made
// by another version need not come out bit by bit the same.
const Version = 2

// A Record is what a run was made of; the run's hash is of its JSON.
type Record struct {
	Version   int                `json:"version"`
	Params    Params             `json:"params"`
	Cut       Cut                `json:"cut"`
	Ground    string             `json:"ground" doc:"SHA-256 of the ground's outlines and codes, and of what the map and the calendar know of it"`
	Delay     *Delay             `json:"delay,omitempty" doc:"How late cases were reported; absent: all at once, or too few to tell"`
	Gate      Gate               `json:"gate"`
	Incumbent string             `json:"incumbent,omitempty"`
	Model     string             `json:"model"`
	Learned   map[string]float64 `json:"learned" doc:"The model's parameters: of the pool, the weights of its parts"`
	Cells     int                `json:"cells"`
	Middle    [2]float64         `json:"middle" doc:"Of the plane"`
}

// Make makes a run that was ordered: reads the cut and the ground under one
// snapshot, computes, and writes all of it in one transaction. What the planner
// can mend is kept with the run in words, and is no error; so is that the time of
// ctx was not enough. A run that was made is not made again.
func (s *Store) Make(ctx context.Context, id int64) error {
	var params []byte
	var state string
	err := s.Layers.DB().QueryRow(ctx, `UPDATE onemap.forecast_run SET state = CASE WHEN state IN ('queued', 'running') THEN 'running' ELSE state END,
		started_at = coalesce(started_at, now()), doing = CASE WHEN state IN ('queued', 'running') THEN 'reading' ELSE doing END WHERE id = $1 RETURNING state, params`, id).Scan(&state, &params)
	if isNoRow(err) || err == nil && state != Running {
		return nil
	}
	if err != nil {
		return fmt.Errorf("forecast %d: %w", id, err)
	}
	var p Params
	if err := json.Unmarshal(params, &p); err != nil {
		return fmt.Errorf("forecast %d: its parameters: %w", id, err)
	}
	err = s.make(ctx, id, p)
	if why, ok := whyNot(err); ok {
		return s.fail(ctx, id, why)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// It would take as long again: said at once, and not tried twice more.
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(s.fail(late, id, Words{fmt.Sprintf("超过 %.0f 分钟仍未完成,已停止:请加大单元、减少回溯次数(origins)或少选类别。", makeTime.Minutes()),
			fmt.Sprintf("It was not done after %.0f minutes and was stopped: order it with larger cells, fewer windows of the past (origins) or fewer classes.", makeTime.Minutes())}), river.JobCancel(err))
	}
	if err != nil && ctx.Err() == nil {
		s.log().Error("forecast", "run", id, "error", err)
		return errors.Join(s.fail(ctx, id, Words{"内部错误,已记入日志;可重新发起。", "An error of the program, which is in its log; order it again."}), river.JobCancel(err))
	}
	return err
}

func (s *Store) fail(ctx context.Context, id int64, why Words) error {
	_, err := s.Layers.DB().Exec(ctx, `UPDATE onemap.forecast_run SET state = 'failed', finished_at = now(), doing = '', why = $2, why_zh = $3 WHERE id = $1`, id, why.EN, why.ZH)
	if err != nil {
		return fmt.Errorf("forecast %d: %w", id, err)
	}
	return nil
}

func (s *Store) make(ctx context.Context, id int64, p Params) error {
	set, err := s.settings(ctx)
	if err != nil {
		return err
	}
	if !set.enabled {
		return s.fail(ctx, id, Words{"预测功能已关闭(设置 forecast.enabled)。", "Forecasts are switched off (setting forecast.enabled)."})
	}
	key, frame := classKey(p.Classes), frameOf(p)
	m, cut, notes, err := s.material(ctx, p, set.gate, key, frame)
	if err != nil {
		return err
	}
	out, err := compute(ctx, m, s.progress(ctx, id))
	if err != nil {
		return err
	}
	out.summary.Notes = append(notes, out.summary.Notes...)
	ev := encodeEvents(m.sightings, Version)
	gr, err := m.ground.encode()
	if err != nil {
		return err
	}
	cut.Hash = ev.hex()
	cut.LeftOut["outside"] = out.outside
	rec := Record{Version: Version, Params: p, Cut: cut, Ground: gr.hex(), Delay: out.delay, Gate: m.gate, Incumbent: m.incumbent, Model: out.model, Learned: out.learned,
		Cells: out.space.Len(), Middle: out.plane.Middle}
	body, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("record of forecast %d: %w", id, err)
	}
	s.report(ctx, id, "reasons", 0.92)
	places, err := s.placesOf(ctx, m.ground, out)
	if err != nil {
		return err
	}
	if err := out.thin(ctx, places.area, p, dayOf(p.Until, out.zone)); err != nil {
		return err
	}
	s.report(ctx, id, "writing", 0.96)
	why := failing(out.checks)
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		for _, c := range []content{ev, gr} {
			if err := c.keep(ctx, tx); err != nil {
				return err
			}
		}
		r := written{id: id, params: p, record: body, events: ev.hash, ground: gr.hash, made: out, places: places, why: why, frame: frame, key: key}
		return s.write(ctx, tx, r)
	})
}

// material reads what a run is made of, under one snapshot.
func (s *Store) material(ctx context.Context, p Params, gate Gate, key, frame string) (m material, cut Cut, notes []Words, err error) {
	m = material{params: p, gate: gate}
	at, err := feed.Now(ctx, s.Layers.DB())
	if err != nil {
		return m, cut, nil, fmt.Errorf("place in the log: %w", err)
	}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if cut, m.sightings, notes, err = readCut(ctx, tx, p); err != nil {
			return err
		}
		if m.ground, err = readGround(ctx, tx, p.Space); err != nil {
			return err
		}
		if m.ground.facts, m.ground.holidays, err = readFacts(ctx, tx, p); err != nil {
			return err
		}
		m.incumbent, err = incumbent(ctx, tx, key, p.Dept, frame)
		return err
	})
	cut.Cursor = at.String()
	return m, cut, notes, err
}

// progress returns what tells a run's page how far it is: seldom enough that
// nobody notices the writing.
func (s *Store) progress(ctx context.Context, id int64) func(step string, done float64) {
	var last time.Time
	var step string
	return func(now string, done float64) {
		if now == step && time.Since(last) < time.Second {
			return
		}
		step, last = now, time.Now()
		s.report(ctx, id, now, done)
	}
}

func (s *Store) report(ctx context.Context, id int64, doing string, done float64) {
	_, err := s.Layers.DB().Exec(ctx, `UPDATE onemap.forecast_run SET doing = $2, progress = $3 WHERE id = $1 AND state = 'running'`, id, doing, done)
	if err != nil && ctx.Err() == nil {
		s.log().Warn("progress of a forecast", "run", id, "error", err)
	}
}

// frameOf is what a champion reigns over beside its classes.
func frameOf(p Params) string {
	if p.Space == Lattice {
		return fmt.Sprintf("%s %g m %s", p.Space, p.CellM, p.Horizon)
	}
	return p.Space + " " + p.Horizon
}

// Refitted is a run that was made again from its record.
type Refitted struct {
	Run        int64   `json:"run"`
	Same       bool    `json:"same" doc:"Bit by bit"`
	Hash       string  `json:"hash" doc:"As it was: SHA-256 of its cells' numbers"`
	Again      string  `json:"again" doc:"As it comes out now"`
	SecondsIs  float64 `json:"seconds"`
	DataIsSame bool    `json:"data_is_same" doc:"The cases in the database are still those of the data cut; where they are not, the run was made again of what was kept"`
}

// Refit makes a run again from its record and what was kept, and compares the
// bits. It writes nothing but the audit. It returns an error wrapping
// [layers.ErrConflict] where retention has taken what it was made of and where
// making it took longer than ctx has left, and [ErrBusy] while another is made.
func (s *Store) Refit(ctx context.Context, by access.Scope, id int64, address string) (Refitted, error) {
	r, err := s.Get(ctx, by, id)
	if err != nil {
		return Refitted{}, err
	}
	if r.Record == nil {
		return Refitted{}, fmt.Errorf("forecast %d was not made: there is no record to make it again from: %w", id, layers.ErrConflict)
	}
	if until, ok := ctx.Deadline(); ok && r.StartedAt != nil && r.FinishedAt != nil {
		if took := r.FinishedAt.Sub(*r.StartedAt); took > time.Until(until) {
			return Refitted{}, fmt.Errorf("it took %.0f s to make forecast %d, longer than a request may: make it again on the server, onemap forecast backtest %d --again: %w", took.Seconds(), id, id, layers.ErrConflict)
		}
	}
	if !s.remaking.TryLock() {
		return Refitted{}, ErrBusy
	}
	defer s.remaking.Unlock()
	begun := time.Now()
	out, now, err := s.refit(ctx, r)
	if errors.Is(err, errGone) {
		return Refitted{}, fmt.Errorf("what forecast %d was made of is not kept any more (setting forecast.keep): %w", id, layers.ErrConflict)
	}
	if err != nil {
		return Refitted{}, err
	}
	again := out.resultHash()
	f := Refitted{Run: id, Hash: r.ResultHash, Again: hex.EncodeToString(again[:]), SecondsIs: time.Since(begun).Seconds(), DataIsSame: now}
	f.Same = f.Hash == f.Again
	err = access.NewAudit(s.Layers.DB()).Record(ctx, by, access.Entry{Action: "forecast.refit", Object: fmt.Sprintf("forecast/%d", id), Result: access.Done, Address: address,
		Detail: map[string]any{"same": f.Same, "data_is_same": f.DataIsSame}})
	return f, err
}

func (s *Store) refit(ctx context.Context, r Run) (out *made, same bool, err error) {
	var rec Record
	if err := json.Unmarshal(r.Record, &rec); err != nil {
		return nil, false, fmt.Errorf("record of forecast %d: %w", r.ID, err)
	}
	m := material{params: rec.Params, gate: rec.Gate, incumbent: rec.Incumbent}
	hash, err := hex.DecodeString(rec.Cut.Hash)
	if err != nil {
		return nil, false, fmt.Errorf("record of forecast %d: %w", r.ID, err)
	}
	ev, err := readContent(ctx, s.Layers.DB(), kindEvents, hash)
	if err != nil {
		return nil, false, err
	}
	if m.sightings, err = decodeEvents(ev, rec.Version); err != nil {
		return nil, false, err
	}
	if hash, err = hex.DecodeString(rec.Ground); err != nil {
		return nil, false, fmt.Errorf("record of forecast %d: %w", r.ID, err)
	}
	gr, err := readContent(ctx, s.Layers.DB(), kindGround, hash)
	if err != nil {
		return nil, false, err
	}
	if m.ground, err = decodeGround(gr, rec.Params.Space, rec.Version); err != nil {
		return nil, false, err
	}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		_, all, _, err := readCut(ctx, tx, rec.Params)
		same = encodeEvents(all, rec.Version).hex() == rec.Cut.Hash
		return err
	})
	if err != nil {
		return nil, false, err
	}
	out, err = compute(ctx, m, func(string, float64) {})
	return out, same, err
}
