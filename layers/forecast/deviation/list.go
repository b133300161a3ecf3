package deviation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Answers of a person to a deviation.
const (
	Known  = "known"  // it is explained: a fair, a storm, a campaign
	Acting = "acting" // something is done about it
)

// A Deviation is a count that is not as was to be expected.
type Deviation struct {
	ID         int64      `json:"id" doc:"Of the feature of layer deviation"`
	Standard   string     `json:"class_standard"`
	Code       string     `json:"class_code"`
	NameZH     string     `json:"class_zh"`
	NameEN     string     `json:"class_en"`
	Grid       string     `json:"grid_code" doc:"Empty: the whole city"`
	GridName   string     `json:"grid_name"`
	WholeCity  bool       `json:"whole_city"`
	Window     int        `json:"window_days" doc:"Of 24 hours each, up to until"`
	N          int        `json:"n" doc:"Cases in the window"`
	Expected   float64    `json:"expected" doc:"By its own level, weekday and season"`
	Low        int        `json:"low" doc:"Of nine in ten such windows: what would not have surprised"`
	High       int        `json:"high"`
	Ratio      float64    `json:"ratio"`
	Q          float64    `json:"q" doc:"Share of chance among all that is told at this sureness, at most (FDR)"`
	Level      int        `json:"level" doc:"1: q below 0.001, 2: 0.01, 3: 0.05, 4: the rest"`
	Until      time.Time  `json:"until"`
	FirstTold  time.Time  `json:"first_told"`
	Answer     string     `json:"answer" enum:"known,acting," doc:"Of a person: known, it is explained; acting, something is done"`
	Note       string     `json:"note"`
	AnsweredBy string     `json:"answered_by,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Dept       string     `json:"dept_code"`
	Lon        float64    `json:"lon" doc:"A point in the grid. Longitude in degrees, EPSG:4326"`
	Lat        float64    `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
}

const deviationSQL = `SELECT id, class_standard, class_code, class_zh, class_en, grid_code, grid_name, whole_city, window_days, n, expected, low, high, ratio, q, level, until, first_told,
	answer, note, answered_by, answered_at, dept_code, ST_X(geom), ST_Y(geom) FROM map.deviation f WHERE `

func scanDeviation(row pgx.CollectableRow) (d Deviation, err error) {
	err = row.Scan(&d.ID, &d.Standard, &d.Code, &d.NameZH, &d.NameEN, &d.Grid, &d.GridName, &d.WholeCity, &d.Window, &d.N, &d.Expected, &d.Low, &d.High, &d.Ratio, &d.Q, &d.Level, &d.Until, &d.FirstTold,
		&d.Answer, &d.Note, &d.AnsweredBy, &d.AnsweredAt, &d.Dept, &d.Lon, &d.Lat)
	return d, err
}

// List returns what is told, the surest first, and the last time that counts
// were looked at; nil where they never were.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Deviation, *Look, error) {
	cond, args, err := s.seen(ctx, by, LayerName)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, deviationSQL+cond+` ORDER BY answer <> '', q, n DESC, id LIMIT 500`, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("deviations: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanDeviation)
	if err != nil {
		return nil, nil, fmt.Errorf("deviations: %w", err)
	}
	var l Look
	var classes, rules []byte
	err = s.Layers.DB().QueryRow(ctx, `SELECT id, at, until, tests, told, chance, repeats, events, seconds, classes, params FROM onemap.deviation_run ORDER BY id DESC LIMIT 1`).
		Scan(&l.ID, &l.At, &l.Until, &l.Tests, &l.Told, &l.Chance, &l.Repeats, &l.Events, &l.Seconds, &classes, &rules)
	if errors.Is(err, pgx.ErrNoRows) {
		return out, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("deviations: %w", err)
	}
	return out, &l, errors.Join(json.Unmarshal(classes, &l.Classes), json.Unmarshal(rules, &l.Rules))
}

// A Repeat is a place where cases of a kind come again and again.
type Repeat struct {
	ID        int64   `json:"id" doc:"Of the feature of layer repeat_place"`
	Major     string  `json:"major" doc:"Code of the major class"`
	MajorZH   string  `json:"major_zh"`
	MajorEN   string  `json:"major_en"`
	N         int     `json:"n" doc:"Cases within the days of the setting"`
	N28       int     `json:"n28" doc:"In 28 days"`
	N365      int     `json:"n365" doc:"In a year"`
	Around    float64 `json:"around" doc:"Expected there by the density within 400 m"`
	First     string  `json:"first_day"`
	Last      string  `json:"last_day"`
	Place     string  `json:"place" doc:"The nearest address"`
	Open      int     `json:"open" doc:"Cases that are not closed"`
	Incidents []int64 `json:"incidents" nullable:"false" doc:"The latest first: those that the caller may see"`
	Grid      string  `json:"grid_code"`
	Dept      string  `json:"dept_code"`
	Lon       float64 `json:"lon" doc:"Longitude in degrees, EPSG:4326"`
	Lat       float64 `json:"lat" doc:"Latitude in degrees, EPSG:4326"`
}

// Repeats returns the places, those with most cases first.
func (s *Store) Repeats(ctx context.Context, by access.Scope) ([]Repeat, error) {
	cond, args, err := s.seen(ctx, by, RepeatName)
	if err != nil {
		return nil, err
	}
	// The cases behind a place are shown by the right to cases.
	l, err := s.Layers.Layer(ctx, "incident")
	if err != nil {
		return nil, err
	}
	may := "false"
	if right, ok := by.Layer(l); ok {
		if may, err = l.SQL(right.Where, &args); err != nil {
			return nil, err
		}
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT p.*, coalesce((SELECT array_agg(f.id ORDER BY f.id DESC) FROM map.incident f WHERE f.id = ANY (p.incidents) AND (`+may+`)), '{}')
		FROM (SELECT id, major, major_zh, major_en, n, n28, n365, around, first_day::text, last_day::text, place, open, grid_code, dept_code, ST_X(geom), ST_Y(geom), incidents
		      FROM map.repeat_place f WHERE `+cond+` ORDER BY n DESC, last_day DESC, id LIMIT 200) p`, args...)
	if err != nil {
		return nil, fmt.Errorf("places that come again: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Repeat, err error) {
		var all []int64
		err = row.Scan(&r.ID, &r.Major, &r.MajorZH, &r.MajorEN, &r.N, &r.N28, &r.N365, &r.Around, &r.First, &r.Last, &r.Place, &r.Open, &r.Grid, &r.Dept, &r.Lon, &r.Lat, &all, &r.Incidents)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("places that come again: %w", err)
	}
	return out, nil
}

// Answer takes what a person says of a deviation; "" takes it back.
func (s *Store) Answer(ctx context.Context, by access.Scope, id int64, answer, note, address string) (Deviation, error) {
	if err := by.Require(Answerers...); err != nil {
		return Deviation{}, err
	}
	switch {
	case answer != "" && answer != Known && answer != Acting:
		return Deviation{}, &layers.InputError{Field: "answer", Value: layers.Short(answer), Remedy: "known, acting, or empty to take it back"}
	case answer != "" && strings.TrimSpace(note) == "":
		return Deviation{}, &layers.InputError{Field: "note", Remedy: "say why it is so, or what is done"}
	}
	if err := layers.CheckText("note", note, 500); err != nil {
		return Deviation{}, err
	}
	cond, args, err := s.seen(ctx, by, LayerName)
	if err != nil {
		return Deviation{}, err
	}
	who, _ := by.Person()
	var out Deviation
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		sql := `UPDATE map.deviation f SET answer = ` + args.Add(answer) + `, note = ` + args.Add(note) + `, answered_by = ` + args.Add(who.Login) + `, answered_at = ` + args.Add(s.now()) + `, updated_at = now()`
		if answer == "" {
			sql = `UPDATE map.deviation f SET answer = '', note = '', answered_by = '', answered_at = NULL, updated_at = now()`
		}
		number := args.Add(id)
		tag, err := tx.Exec(ctx, sql+` WHERE f.id = `+number+` AND (`+cond+`)`, args...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("deviation %d: %w", id, layers.ErrNotFound)
		}
		rows, err := tx.Query(ctx, deviationSQL+"id = $1", id)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectExactlyOneRow(rows, scanDeviation); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "deviation.answer", Object: fmt.Sprintf("deviation/%d", id), Result: access.Done, Reason: note, Address: address, Detail: map[string]any{"answer": answer}})
	})
	return out, access.Wrap("answer a deviation", err)
}

// Ask looks at the counts anew for somebody.
func (s *Store) Ask(ctx context.Context, by access.Scope, address string) (Look, error) {
	if err := by.Require(Answerers...); err != nil {
		return Look{}, err
	}
	if _, _, err := s.seen(ctx, by, LayerName); err != nil {
		return Look{}, err
	}
	l, err := s.Look(ctx)
	if err != nil {
		return Look{}, err
	}
	return l, access.Wrap("look for deviations", pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "deviation.run", Object: fmt.Sprintf("deviation_run/%d", l.ID), Result: access.Done, Address: address})
	}))
}
