package patrolplan

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// insert makes the plan's row.
func (s *Store) insert(ctx context.Context, tx pgx.Tx, v sight, o Order, content string, d *draft) (id int64, err error) {
	raw, hash, err := d.record.canonical()
	if err != nil {
		return 0, err
	}
	from, until := o.span()
	args := pgx.NamedArgs{"uuid": nil, "content": content, "title": o.Title, "dept": o.Dept, "area": v.scope.Org().AreaCode, "mode": o.Mode, "run": nil, "from": from, "until": until,
		"seed": int64(d.record.Rules.Seed), "score": d.plan.Score, "record": raw, "travel": d.travel, "hash": hash, "notes": d.notes, "by": v.who.Login, "org": v.who.Org, "now": s.now()}
	if o.UUID != uuid.Nil {
		args["uuid"] = o.UUID
	}
	if o.Run != 0 {
		args["run"] = o.Run
	}
	if o.Title == "" {
		city, err := zone(ctx, tx)
		if err != nil {
			return 0, err
		}
		args["title"] = "巡逻 " + from.In(city).Format("2006-01-02 15:04")
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.patrol_plan (uuid, content, title, dept, area_code, mode, run, from_at, until_at, seed, score, record, travel, hash, notes, made_by, org, made_at)
		VALUES (@uuid, @content, @title, @dept, @area, @mode, @run, @from, @until, @seed, @score, @record, @travel, decode(@hash, 'hex'), @notes::text[], @by, @org, @now) RETURNING id`, args).Scan(&id)
	return id, err
}

// byHand are stops that a person put there: unit and number, from 0.
type byHand map[[2]int]bool

// save writes a draft's places, units and stops for a plan that has none.
func (d *draft) save(ctx context.Context, tx pgx.Tx, id int64, hand byHand) error {
	b := &pgx.Batch{}
	for i, p := range d.places {
		// Candidates of exploration that chance did not choose are the record's.
		b.Queue(`INSERT INTO onemap.patrol_place (plan, n, title, geom, grid_code, cell, rank, score, stay_s, explore, by_hand, used_min, most, roads, why_zh, why_en)
			VALUES ($1, $2, $3, ST_SetSRID(ST_MakePoint($4, $5), 4326), $6, nullif($7::int, 0), nullif($8::int, 0), $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			id, i+1, p.Title, p.Lon, p.Lat, p.Grid, p.Cell, p.Rank, p.Score, int(p.StayMin*60), p.Explore, p.ByHand, p.UsedMin, p.Most, !p.NoRoad, p.WhyZH, p.WhyEN)
	}
	for u := range d.units {
		if err := d.saveUnit(b, id, u, hand); err != nil {
			return err
		}
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("keep patrol plan: %w", err)
	}
	return nil
}

func (d *draft) saveUnit(b *pgx.Batch, id int64, u int, hand byHand) error {
	unit, r := d.units[u], d.plan.Routes[u]
	for i := range unit.Breaks {
		unit.Breaks[i].From, unit.Breaks[i].Before = nil, 0
		if i < len(r.Breaks) {
			at := d.record.moment(r.Breaks[i].FromS)
			unit.Breaks[i].From, unit.Breaks[i].Before = &at, r.Breaks[i].Before
		}
	}
	breaks, err := json.Marshal(unit.Breaks)
	if err != nil {
		return err
	}
	var start, end, line any
	var startTitle, endTitle string
	if p := unit.Start.point(); p != nil {
		start, startTitle = *p, unit.Start.Title
	}
	if p := unit.End.point(); p != nil {
		end, endTitle = *p, unit.End.Title
	}
	if d.lines[u] != nil {
		line = d.lines[u]
	}
	back := d.record.moment(r.EndS)
	if back.After(unit.Until) { // by its rounding to the second
		back = unit.Until
	}
	b.Queue(`INSERT INTO onemap.patrol_unit (plan, n, name, person, grid_code, from_at, until_at, start_title, start_geom, end_title, end_geom, breaks, drive_s, wait_s, back_at, line)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		id, u+1, unit.Name, d.people[u], unit.Grid, unit.From, unit.Until, startTitle, start, endTitle, end, breaks, r.TravelS, r.WaitS, back, line)
	for k, s := range r.Stops {
		b.Queue(`INSERT INTO onemap.patrol_stop (plan, unit, n, place, arrive_at, start_at, leave_at, drive_s, score, visit, by_hand) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			id, u+1, k+1, s.Spot+1, d.record.moment(s.ArriveS), d.record.moment(s.StartS), d.record.moment(s.LeaveS), s.DriveS, s.Score, s.Visit, hand[[2]int{u, k}])
	}
	return nil
}

// replace writes an edited draft in the place of what the plan had.
func (d *draft) replace(ctx context.Context, tx pgx.Tx, id int64, hand byHand) error {
	raw, hash, err := d.record.canonical()
	if err != nil {
		return err
	}
	sha, err := hex.DecodeString(hash)
	if err != nil {
		return err
	}
	for _, table := range []string{"patrol_stop", "patrol_unit", "patrol_place"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+pgx.Identifier{"onemap", table}.Sanitize()+` WHERE plan = $1`, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.patrol_plan SET record = $2, travel = $3, hash = $4, score = $5, notes = $6, version = version + 1 WHERE id = $1`,
		id, raw, d.travel, sha, d.plan.Score, d.notes); err != nil {
		return err
	}
	return d.save(ctx, tx, id, hand)
}

func minutes(s float64) float64 {
	return float64(time.Duration(s*float64(time.Second)).Round(6*time.Second)) / float64(time.Minute)
}
