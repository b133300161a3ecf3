package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// scopeCity is a city of 5 by 4 towns, 20 by 20 unit grids each, and 300,000
// assets of two departments.
var scopeCity = []string{
	`INSERT INTO onemap.organisation (code, parent, level, kind, area_code, name_zh, name_en) VALUES
		('city', NULL, 'city', 'government', '3307', '市', 'City'), ('town', 'city', 'town', 'government', '330799107', '镇', 'Town'),
		('urban', 'city', 'city', 'department', '3307', '城管局', 'Urban'), ('water', 'city', 'city', 'department', '3307', '水务局', 'Water'),
		('other', 'city', 'city', 'department', '3307', '交通局', 'Traffic')`,
	`INSERT INTO onemap.area (code, level, name_zh, name_en, geom)
		SELECT '3307991' || to_char(t, 'FM00'), 'town', 'x', 'x', ST_Multi(ST_MakeEnvelope(120 + t % 5 * 0.1, 29 + t / 5 * 0.1, 120.1 + t % 5 * 0.1, 29.1 + t / 5 * 0.1, 4326)) FROM generate_series(0, 19) t`,
	`INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom)
		SELECT '3307991' || to_char(t, 'FM00') || '001' || to_char(u, 'FM000'), '3307991' || to_char(t, 'FM00') || '001', 'D' || t || '-' || u / 40,
		       ST_Multi(ST_MakeEnvelope(x, y, x + 0.005, y + 0.005, 4326))
		FROM generate_series(0, 19) t, generate_series(0, 399) u, LATERAL (SELECT 120 + t % 5 * 0.1 + u % 20 * 0.005 AS x, 29 + t / 5 * 0.1 + u / 20 * 0.005 AS y) at`,
	`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('bench', 'component', '1', '1', '一', 'one', '灯', 'lamp')`,
	`INSERT INTO map.asset (class_standard, class_code, dept_code, name, state, grid_code, area_code, geom)
		SELECT 'bench', '1', CASE WHEN n % 3 = 0 THEN 'water' ELSE 'urban' END, 'asset ' || n, 'intact', g.grid_code, g.area_code,
		       ST_SetSRID(ST_MakePoint(ST_XMin(g.geom) + 0.005 * random(), ST_YMin(g.geom) + 0.005 * random()), 4326)
		FROM generate_series(1, 300000) n JOIN (SELECT *, row_number() OVER (ORDER BY grid_code) - 1 AS i FROM map.grid_unit) g ON g.i = n % 8000`,
	`UPDATE onemap.layer SET owner = 'urban', share = 'conditional', share_basis = 'bench' WHERE name = 'asset'`,
	`INSERT INTO onemap.layer_grant (layer, org, reason, granted_by) VALUES ('asset', 'city', 'bench', 'bench')`,
	`INSERT INTO onemap.layer_grant (layer, org, fields, area_code, reason, granted_by) VALUES ('asset', 'water', '{name,state}', '3307991', 'bench', 'bench')`,
	`INSERT INTO onemap.layer_grant (layer, org, grids, reason, granted_by)
		SELECT 'asset', 'other', array_agg(grid_code), 'bench', 'bench' FROM (SELECT grid_code FROM map.grid_unit WHERE area_code = '330799107001' ORDER BY 1 LIMIT 400) g`,
	`INSERT INTO onemap.person (login, name, org, password_hash) SELECT o || '-' || r, o, o, '' FROM (VALUES ('city', 'department_officer'), ('town', 'department_officer'),
		('urban', 'department_officer'), ('water', 'department_officer'), ('other', 'department_officer'), ('town', 'grid_worker')) p (o, r)`,
	`INSERT INTO onemap.person_role SELECT id, split_part(login, '-', 2) FROM onemap.person`,
	`INSERT INTO onemap.person_grid SELECT p.id, g.duty_code FROM onemap.person p, (SELECT DISTINCT duty_code FROM map.grid_unit WHERE area_code = '330799107001') g WHERE p.login = 'town-grid_worker'`,
	`VACUUM ANALYZE map.asset`,
}

// Scope measures what the rights cost: a query of the features in a box, asked
// by people of whom each may see all of that box, beside the same query
// without any right. The time to make the right is in it.
func Scope(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, url string) error {
		db, err := layers.Open(ctx, url)
		if err != nil {
			return err
		}
		defer db.Close()
		o.Progress("a city of 8,000 grids and 300,000 assets")
		for _, sql := range scopeCity {
			if _, err := db.Exec(ctx, sql); err != nil {
				return err
			}
		}
		dir := access.NewDirectory(db)
		defer dir.Close()
		if err := dir.Load(ctx); err != nil {
			return err
		}
		if err := o.measureScope(ctx, db, dir); err != nil {
			return err
		}
		return o.measureWithdrawal(ctx, url, db)
	})
}

// measureWithdrawal measures how long after the commit that withdraws a grant a
// node's rights are without it, by the log: open live connections and the next
// request go by them.
func (o Options) measureWithdrawal(ctx context.Context, url string, db *pgxpool.Pool) error {
	l, err := layers.NewStore(db).Layer(ctx, "asset")
	if err != nil {
		return err
	}
	var id int64
	if err := db.QueryRow(ctx, `SELECT id FROM onemap.person WHERE login = 'other-department_officer'`).Scan(&id); err != nil {
		return err
	}
	dir := access.NewDirectory(db)
	defer dir.Close()
	wal := feed.New(url, dir.Reader())
	dir.Follow(wal.Status)
	following, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- wal.Run(following) }()
	at, err := feed.Now(ctx, db)
	if err != nil {
		return err
	}
	if err := wal.Wait(ctx, at); err != nil {
		return err
	}
	scope, err := dir.ScopeOf(ctx, id)
	if err != nil {
		return err
	}
	granted, _ := scope.Layer(l) // without the grant its own rows are left
	const rounds = 40
	var took []time.Duration
	for i := range 2 * rounds { // withdrawn, given again
		withdrawn := i%2 == 0
		began := time.Now()
		if _, err := db.Exec(ctx, `UPDATE onemap.layer_grant SET revoked_at = CASE WHEN $1 THEN now() END WHERE org = 'other'`, withdrawn); err != nil {
			return err
		}
		for {
			changed := dir.Changed()
			scope, err := dir.ScopeOf(ctx, id)
			if err != nil {
				return err
			}
			if right, _ := scope.Layer(l); (right.Fingerprint() != granted.Fingerprint()) == withdrawn {
				break
			}
			select {
			case <-changed:
			case err := <-ended:
				return fmt.Errorf("the feed ended: %w", err)
			case <-time.After(20 * time.Millisecond):
			}
			if time.Since(began) > 10*time.Second {
				return errors.New("a withdrawn grant still held after ten seconds")
			}
		}
		if withdrawn {
			took = append(took, time.Since(began))
		}
	}
	for _, p := range []float64{50, 100} {
		v := percentile(took, p)
		o.Report(Result{Bench: "scope", Case: fmt.Sprintf("a grant withdrawn by SQL is gone from a node's rights, p%g", p), Value: v, Unit: "ms", Target: "< 1 s", Met: v < 1000})
	}
	return nil
}

func (o Options) measureScope(ctx context.Context, db *pgxpool.Pool, dir *access.Directory) error {
	store := layers.NewStore(db)
	l, err := store.Layer(ctx, "asset")
	if err != nil {
		return err
	}
	box := where.Within{Bound: orb.Bound{Min: orb.Point{120.22, 29.12}, Max: orb.Point{120.28, 29.18}}} // inside the town
	for _, who := range []struct{ login, title string }{
		{"city-department_officer", "a city's officer: a division"},
		{"town-department_officer", "a town's officer: a division"},
		{"urban-department_officer", "the owner: a division or its own rows"},
		{"water-department_officer", "a department: a grant and its own rows"},
		{"other-department_officer", "a department: a grant of 400 grids"},
		{"town-grid_worker", "a worker of 400 grids"},
	} {
		var id int64
		if err := db.QueryRow(ctx, `SELECT id FROM onemap.person WHERE login = $1`, who.login).Scan(&id); err != nil {
			return err
		}
		var fields []string
		ask := func(byRight bool) (time.Duration, int, error) {
			began := time.Now()
			q := layers.Query{Layer: l, Where: box, Fields: fields}
			if byRight {
				scope, err := dir.ScopeOf(ctx, id)
				if err != nil {
					return 0, 0, err
				}
				right, _ := scope.Layer(l)
				q.Where, q.Fields = where.And(right.Where, box), right.Fields
				fields = right.Fields
			}
			n := 0
			for _, err := range store.Features(ctx, q) {
				if err != nil {
					return 0, 0, err
				}
				n++
			}
			return time.Since(began), n, nil
		}
		const rounds = 60 // in turns: what else the machine does meets both
		var with, without []time.Duration
		for i := range rounds + 3 {
			a, n, err := ask(true)
			if err != nil {
				return err
			}
			b, all, err := ask(false)
			if err != nil {
				return err
			}
			if n != all || n == 0 {
				return fmt.Errorf("%s sees %d of %d rows: the box is not theirs", who.title, n, all)
			}
			if i >= 3 { // the first warm up
				with, without = append(with, a), append(without, b)
			}
		}
		ours, plain := percentile(with, 50), percentile(without, 50)
		o.Report(Result{Bench: "scope", Case: "box query, " + who.title, Value: ours, Unit: "ms", Baseline: plain, Ratio: faster(ours, plain),
			Target: "< 1.2 times the query without right", Met: ours < 1.2*plain})
	}
	return nil
}
