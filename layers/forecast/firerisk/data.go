package firerisk

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast/firerisk/model"
)

// mostData bounds what is unpacked of a kept data cut.
const mostData = 1 << 30

// encode writes all that goes to the model, in its order: big-endian numbers of
// 8 bytes, floats by their bits, texts behind their length.
func (w world) encode() []byte {
	var b []byte
	put := func(vs ...float64) {
		for _, v := range vs {
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	count := func(n int) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	count(len(w.places))
	for i, p := range w.places {
		count(int(w.ids[i]))
		count(len(p.Use))
		b = append(b, p.Use...)
		put(p.At[0], p.At[1], p.Storeys, p.HeightM, p.AreaM2, p.Built, p.WaterM)
		count(len(p.Visits))
		for _, v := range p.Visits {
			put(v.Day, v.Findings, truth(v.Failed))
		}
		count(len(p.Grades))
		for _, g := range p.Grades {
			put(g.Day, float64(g.Level))
		}
		count(len(p.Hazards))
		for _, z := range p.Hazards {
			put(z.From, z.To, truth(z.Major))
		}
	}
	count(len(w.fires))
	for _, f := range w.fires {
		put(f.Day, f.Known, f.At[0], f.At[1])
	}
	return b
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// decode is the inverse of encode; what is only shown beside a score is not kept.
func decode(b []byte) (world, error) {
	var w world
	var err error
	take := func(n int) []byte {
		if n < 0 || n > len(b) {
			err = errors.New("kept data of a fire run: they are cut short")
			b = nil
			return make([]byte, min(max(n, 0), 8))
		}
		out := b[:n]
		b = b[n:]
		return out
	}
	count := func() int { return int(binary.BigEndian.Uint64(take(8))) }
	get := func(to ...*float64) {
		for _, v := range to {
			*v = math.Float64frombits(binary.BigEndian.Uint64(take(8)))
		}
	}
	for n := count(); n > 0 && err == nil; n-- {
		var p model.Place
		w.ids = append(w.ids, int64(count()))
		p.Use = string(take(count()))
		get(&p.At[0], &p.At[1], &p.Storeys, &p.HeightM, &p.AreaM2, &p.Built, &p.WaterM)
		var yes, level float64
		for n := count(); n > 0 && err == nil; n-- {
			var v model.Visit
			get(&v.Day, &v.Findings, &yes)
			v.Failed = yes == 1
			p.Visits = append(p.Visits, v)
		}
		for n := count(); n > 0 && err == nil; n-- {
			var g model.Graded
			get(&g.Day, &level)
			g.Level = int(level)
			p.Grades = append(p.Grades, g)
		}
		for n := count(); n > 0 && err == nil; n-- {
			var z model.Hazard
			get(&z.From, &z.To, &yes)
			z.Major = yes == 1
			p.Hazards = append(p.Hazards, z)
		}
		w.places = append(w.places, p)
	}
	for n := count(); n > 0 && err == nil; n-- {
		var day, known float64
		var at orb.Point
		get(&day, &known, &at[0], &at[1])
		w.fires = append(w.fires, model.Fire{Day: day, Known: known, At: at})
	}
	return w, err
}

// keepData writes a data cut down in the transaction of the run that names it.
func keepData(ctx context.Context, tx pgx.Tx, b []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(b); err != nil {
		return nil, fmt.Errorf("pack the data of a fire run: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the data of a fire run: %w", err)
	}
	hash := sha256.Sum256(b)
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.fire_content (hash, content) VALUES ($1, $2) ON CONFLICT DO NOTHING`, hash[:], packed.Bytes()); err != nil {
		return nil, fmt.Errorf("keep the data of a fire run: %w", err)
	}
	return hash[:], nil
}

// readData returns what a run was made of, and checks that it is that.
func (s *Store) readData(ctx context.Context, id int64) (world, error) {
	var hash, packed []byte
	err := s.Layers.DB().QueryRow(ctx, `SELECT c.hash, c.content FROM onemap.fire_run r JOIN onemap.fire_content c ON c.hash = r.data WHERE r.id = $1`, id).Scan(&hash, &packed)
	if errors.Is(err, pgx.ErrNoRows) {
		return world{}, fmt.Errorf("what fire run %d was made of is not kept: %w", id, layers.ErrConflict)
	}
	if err != nil {
		return world{}, fmt.Errorf("data of fire run %d: %w", id, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return world{}, fmt.Errorf("data of fire run %d: %w", id, err)
	}
	b, err := io.ReadAll(io.LimitReader(z, mostData))
	if err != nil {
		return world{}, fmt.Errorf("data of fire run %d: %w", id, err)
	}
	if is := sha256.Sum256(b); !bytes.Equal(is[:], hash) {
		return world{}, fmt.Errorf("data of fire run %d: their hash is not the one they are kept under: the database was changed by hand, or is damaged", id)
	}
	return decode(b)
}

// An outcome is what data, parameters and a seed give, and nothing else.
type outcome struct {
	trial  *model.Trial // nil: no past day could be played
	model  *model.Model // nil: it could not be fitted
	scores []model.Score
	few    error // why there is no trial or no model: wraps model.ErrFew
}

// compute plays past days again, and scores where that went well.
func compute(ctx context.Context, w world, rec record, step func(share float64)) (outcome, error) {
	trial, err := model.Evaluate(ctx, w.places, w.fires, rec.Day, rec.Width, rec.Splits, rec.Visits, uint64(rec.Seed), rec.Params)
	if errors.Is(err, model.ErrFew) {
		return outcome{few: err}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	step(0.7)
	m, err := model.Fit(ctx, w.places, w.fires, rec.Day, rec.Params)
	if errors.Is(err, model.ErrFew) {
		return outcome{trial: &trial, few: err}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	out := outcome{trial: &trial, model: m}
	if trial.Passed {
		out.scores = m.Score(w.places, w.fires)
	}
	return out, nil
}

// hash is SHA-256 over the trial, and the places with their numbers in their order.
func (o outcome) hash(ids []int64) ([32]byte, error) {
	b, err := json.Marshal(o.trial)
	if err != nil {
		return [32]byte{}, err
	}
	for _, x := range o.scores {
		b = binary.BigEndian.AppendUint64(b, uint64(ids[x.Place]))
		for _, v := range []float64{x.Expected, x.Low, x.High, x.Any} {
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return sha256.Sum256(b), nil
}

// Refitted is a run that was made again from its record and what was kept.
type Refitted struct {
	Run         int64   `json:"run"`
	Same        bool    `json:"same" doc:"Trial and scores, bit by bit"`
	Hash        string  `json:"hash" doc:"As it was: SHA-256 of trial and scores"`
	Again       string  `json:"again" doc:"As it comes out now"`
	TrialIsSame bool    `json:"trial_is_same"`
	DataIsSame  bool    `json:"data_is_same" doc:"The database still says the same of the data cut; where it does not, the run was made again of what was kept"`
	PlacesThen  int     `json:"places_then"`
	PlacesNow   int     `json:"places_now" doc:"In the database"`
	FiresThen   int     `json:"fires_then"`
	FiresNow    int     `json:"fires_now" doc:"In the database, up to the run's cut"`
	SecondsIs   float64 `json:"seconds"`
}

// Refit makes a run again and compares the bits. It writes nothing but the
// audit. It returns an error wrapping [layers.ErrConflict] where the run has no
// record, or what it was made of is not kept.
func (s *Store) Refit(ctx context.Context, by access.Scope, id int64, address string) (Refitted, error) {
	r, err := s.Get(ctx, by, id)
	if err != nil {
		return Refitted{}, err
	}
	if r.Record == nil || r.ResultHash == "" {
		return Refitted{}, fmt.Errorf("fire run %d has no record to make it again from: %w", id, layers.ErrConflict)
	}
	begun := time.Now()
	var rec record
	if err := json.Unmarshal(r.Record, &rec); err != nil {
		return Refitted{}, fmt.Errorf("record of fire run %d: %w", id, err)
	}
	then, err := s.readData(ctx, id)
	if err != nil {
		return Refitted{}, err
	}
	set, err := s.settings(ctx)
	if err != nil {
		return Refitted{}, err
	}
	set.classes = rec.Classes
	var now world
	if err := pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		now, err = readWorld(ctx, tx, rec.Kind, rec.Until, set)
		return err
	}); err != nil {
		return Refitted{}, err
	}
	out, err := compute(ctx, then, rec, func(float64) {})
	if err != nil {
		return Refitted{}, fmt.Errorf("fire run %d again: %w", id, err)
	}
	again, err := out.hash(then.ids)
	if err != nil {
		return Refitted{}, err
	}
	was, err := json.Marshal(r.Trial)
	if err != nil {
		return Refitted{}, err
	}
	is, err := json.Marshal(out.trial)
	if err != nil {
		return Refitted{}, err
	}
	f := Refitted{Run: id, Hash: r.ResultHash, Again: hex.EncodeToString(again[:]), TrialIsSame: bytes.Equal(was, is), DataIsSame: hashOf(now.encode()) == rec.Hash,
		PlacesThen: len(then.places), PlacesNow: len(now.places), FiresThen: len(then.fires), FiresNow: len(now.fires), SecondsIs: time.Since(begun).Seconds()}
	f.Same = f.Hash == f.Again
	err = access.NewAudit(s.Layers.DB()).Record(ctx, by, access.Entry{Action: "fire_risk.refit", Object: fmt.Sprintf("fire_run/%d", id), Result: access.Done, Address: address,
		Detail: map[string]any{"same": f.Same, "data_is_same": f.DataIsSame}})
	return f, err
}

func hashOf(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
