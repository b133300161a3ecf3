package population

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/release"
)

var (
	//go:embed sql/places.sql
	placesSQL string
	//go:embed sql/counts.sql
	countsSQL string
	//go:embed sql/flows.sql
	flowsSQL string
)

// maker makes the releases of a run.
type maker struct {
	order  Order
	floors map[string]int // of the layers, by name
	zone   *time.Location
	places map[string]place
	noGrid int64
}

// place is where a grid's counts are shown.
type place struct {
	area     string
	lon, lat float64 // degrees of EPSG:4326
	km2      float64
}

// townDigits is how much of an administrative code names the town (GB/T 10114).
const townDigits = 9

// town is the part of the table that has its own totals: a filter by area can
// ask for it.
func (p place) town() string { return p.area[:min(len(p.area), townDigits)] }

// days returns the days of the city that have counts or flows, by their
// beginning, and reads the grids.
func (m *maker) days(ctx context.Context, store *layers.Store) ([]time.Time, error) {
	var name string
	if err := store.DB().QueryRow(ctx, `SELECT coalesce((SELECT nullif(value #>> '{}', '') FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai')`).Scan(&name); err != nil {
		return nil, err
	}
	var err error
	if m.zone, err = time.LoadLocation(name); err != nil {
		return nil, fmt.Errorf("setting city.time_zone: %w", err)
	}
	m.places = map[string]place{}
	rows, err := store.DB().Query(ctx, placesSQL)
	if err != nil {
		return nil, err
	}
	var code string
	var p place
	if _, err := pgx.ForEachRow(rows, []any{&code, &p.area, &p.lon, &p.lat, &p.km2}, func() error {
		m.places[code] = p
		return nil
	}); err != nil {
		return nil, err
	}
	var days []time.Time
	for from := (time.Time{}); ; {
		var next *time.Time // by two looks into the index
		err := store.DB().QueryRow(ctx, `SELECT least((SELECT min(hour) FROM onemap.population_count WHERE hour >= $1),
			(SELECT min(hour) FROM onemap.population_flow WHERE hour >= $1))`, from).Scan(&next)
		if err != nil || next == nil {
			return days, err
		}
		y, mon, d := next.In(m.zone).Date()
		days = append(days, time.Date(y, mon, d, 0, 0, 0, 0, m.zone))
		from = time.Date(y, mon, d+1, 0, 0, 0, 0, m.zone)
	}
}

// day makes the releases of one day, or none (nil) where it has them.
func (m *maker) day(ctx context.Context, tx pgx.Tx, day time.Time) ([]Made, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('onemap.release'))`); err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"from": day, "to": day.AddDate(0, 0, 1), "batch": m.order.Batch}
	var released bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.release WHERE layer IN ('population', 'population_od')
		AND withdrawn_at IS NULL AND starts_at < @to AND ends_at > @from)`, args).Scan(&released); err != nil {
		return nil, err
	}
	if released && !m.order.Again {
		return nil, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.release SET withdrawn_at = now() WHERE layer IN ('population', 'population_od')
		AND withdrawn_at IS NULL AND starts_at < @to AND ends_at > @from`, args); err != nil {
		return nil, err
	}
	audiences, err := release.Audiences(ctx, tx)
	if err != nil {
		return nil, err
	}
	made := make([]Made, len(audiences))
	for i, a := range audiences {
		made[i].Audience = a
	}
	for _, layer := range []struct {
		name    string
		protect func(context.Context, pgx.Tx, pgx.NamedArgs, []release.Audience, hash.Hash) ([]Numbers, error)
		numbers func(*Made) *Numbers
	}{
		{"population", m.counts, func(m *Made) *Numbers { return &m.Counts }},
		{"population_od", m.flows, func(m *Made) *Numbers { return &m.Flows }},
	} {
		digest := sha256.New()
		rules := release.AtLeast(audiences, m.floors[layer.name])
		numbers, err := layer.protect(ctx, tx, args, rules, digest)
		if err != nil {
			return nil, err
		}
		for i, n := range numbers {
			*layer.numbers(&made[i]) = n
			err := release.Keep(ctx, tx, m.order.By, release.Release{Layer: layer.name, Audience: rules[i].Name, Day: day, From: day, To: day.AddDate(0, 0, 1),
				Floor: rules[i].Floor, Rounding: rules[i].Rounding, Shown: n.Shown, Below: n.Below, Secondary: n.Secondary, Unplaced: n.Unplaced, Reason: m.order.Reason}, digest.Sum(nil))
			if err != nil {
				return nil, err
			}
		}
	}
	err = access.RecordTx(ctx, tx, m.order.By, access.Entry{Action: "release.make", Object: "layer/population", Result: access.Done, Reason: m.order.Reason,
		Detail: map[string]any{"day": day.Format(time.DateOnly), "again": released}})
	return made, err
}

// count is one count or flow; to is "" for a count.
type count struct {
	from, to string
	hour     time.Time
	n        int32
}

// read reads counts in a fixed order, and into the digest.
func read(ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs, digest hash.Hash) ([]count, error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (count, error) {
		var c count
		err := row.Scan(&c.from, &c.to, &c.hour, &c.n)
		fmt.Fprintf(digest, "%s\x00%s\x00", c.from, c.to)
		_ = binary.Write(digest, binary.BigEndian, [2]int64{c.hour.Unix(), int64(c.n)})
		return c, err
	})
}

// counts makes the rows of the layer population: tables of a town's grids by
// the hours of the day.
func (m *maker) counts(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs, audiences []release.Audience, digest hash.Hash) ([]Numbers, error) {
	all, err := read(ctx, tx, `SELECT grid_code, '', hour, sum(n)::integer FROM onemap.population_count WHERE hour >= @from AND hour < @to
		GROUP BY grid_code, hour HAVING sum(n) > 0 ORDER BY grid_code, hour`, args, digest)
	if err != nil {
		return nil, err
	}
	grids, hours := names{}, names{}
	towns := map[string][]release.Cell{}
	unplaced := int64(0)
	for _, c := range all {
		p, ok := m.places[c.from]
		if !ok {
			unplaced++
			continue
		}
		towns[p.town()] = append(towns[p.town()], release.Cell{Row: grids.of(c.from), Col: hours.of(c.hour.Format(time.RFC3339)), N: c.n})
	}
	m.noGrid += unplaced
	numbers := make([]Numbers, len(audiences))
	var rows [][]any
	for i, a := range audiences {
		n := &numbers[i]
		n.Unplaced = unplaced
		for _, town := range sorted(towns) {
			cells := towns[town]
			n.Unplaced += m.sleep(a, cells, func(c release.Cell) time.Time { return hours.time(c.Col) })
			below, secondary := release.Protect(cells, int32(a.Floor))
			n.Below, n.Secondary = n.Below+int64(below), n.Secondary+int64(secondary)
			for _, c := range cells {
				if c.Hidden {
					continue
				}
				n.Shown++
				grid, hour := grids.list[c.Row], hours.time(c.Col)
				p := m.places[grid]
				rows = append(rows, []any{key(a, grid, hour), a.Name, hour, int32(release.Shown(int(c.N), audiences[:i+1])), grid, p.area, p.lon, p.lat, p.km2})
			}
		}
	}
	return numbers, write(ctx, tx, args, "new_counts", `key text, audience text, hour timestamptz, n integer, grid_code text, area_code text,
		lon float8, lat float8, km2 float8`, rows, countsSQL)
}

// flows makes the rows of the layer population_od: tables of each hour, from
// grid to grid.
func (m *maker) flows(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs, audiences []release.Audience, digest hash.Hash) ([]Numbers, error) {
	all, err := read(ctx, tx, `SELECT from_grid, to_grid, hour, sum(n)::integer FROM onemap.population_flow WHERE hour >= @from AND hour < @to
		GROUP BY from_grid, to_grid, hour HAVING sum(n) > 0 ORDER BY from_grid, to_grid, hour`, args, digest)
	if err != nil {
		return nil, err
	}
	grids := names{}
	hours := map[string][]release.Cell{}
	unplaced := int64(0)
	for _, c := range all {
		_, from := m.places[c.from]
		_, to := m.places[c.to]
		hidden := !from || !to || c.from == c.to // no line to draw: and still a part of the sums
		if hidden {
			unplaced++
		}
		if !from || !to {
			m.noGrid++
		}
		h := c.hour.Format(time.RFC3339)
		hours[h] = append(hours[h], release.Cell{Row: grids.of(c.from), Col: grids.of(c.to), N: c.n, Hidden: hidden})
	}
	numbers := make([]Numbers, len(audiences))
	var rows [][]any
	for i, a := range audiences {
		n := &numbers[i]
		n.Unplaced = unplaced
		for _, h := range sorted(hours) {
			cells := hours[h]
			hour, err := time.Parse(time.RFC3339, h)
			if err != nil {
				return nil, err
			}
			n.Unplaced += m.sleep(a, cells, func(release.Cell) time.Time { return hour })
			below, secondary := release.Protect(cells, int32(a.Floor))
			n.Below, n.Secondary = n.Below+int64(below), n.Secondary+int64(secondary)
			for _, c := range cells {
				if c.Hidden {
					continue
				}
				n.Shown++
				from, to := grids.list[c.Row], grids.list[c.Col]
				p, q := m.places[from], m.places[to]
				rows = append(rows, []any{key(a, from+">"+to, hour), a.Name, hour, int32(release.Shown(int(c.N), audiences[:i+1])), from, to, p.area, p.lon, p.lat, q.lon, q.lat})
			}
		}
	}
	return numbers, write(ctx, tx, args, "new_flows", `key text, audience text, hour timestamptz, n integer, grid_code text, to_grid text, area_code text,
		lon float8, lat float8, to_lon float8, to_lat float8`, rows, flowsSQL)
}

// sleep hides the cells of the night from an audience that is not shown it, and
// returns how many.
func (m *maker) sleep(a release.Audience, cells []release.Cell, hour func(release.Cell) time.Time) (n int64) {
	if a.Night {
		return 0
	}
	for i, c := range cells {
		if !c.Hidden && release.AtNight(hour(c), m.zone) {
			cells[i].Hidden = true
			n++
		}
	}
	return n
}

// write puts rows into a table of the transaction's own, and from there into
// the layer. table and columns are of this package.
func write(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs, table, columns string, rows [][]any, sql string) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s (%s) ON COMMIT DROP`, table, columns)); err != nil {
		return err
	}
	var names []string
	for c := range strings.SplitSeq(columns, ",") {
		names = append(names, strings.Fields(c)[0])
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, names, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "ANALYZE "+table); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sql, args)
	return err
}

// key is the source key of a released row. That of the finest release names no
// audience, as before there were others.
func key(a release.Audience, what string, hour time.Time) string {
	if a.Name == layers.AudienceInternal {
		return "release:" + what + ":" + hour.UTC().Format("20060102T1504")
	}
	return "release:" + a.Name + ":" + what + ":" + hour.UTC().Format("20060102T1504")
}

// names numbers texts in the order in which they come.
type names struct {
	list []string
	by   map[string]int32
}

func (n *names) of(name string) int32 {
	if n.by == nil {
		n.by = map[string]int32{}
	}
	i, ok := n.by[name]
	if !ok {
		i = int32(len(n.list))
		n.by[name] = i
		n.list = append(n.list, name)
	}
	return i
}

func (n *names) time(i int32) time.Time {
	t, _ := time.Parse(time.RFC3339, n.list[i]) // it was written so
	return t
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
