package quality

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/layers"
)

// Tests of the layer as a whole. What makes no sense of the rows that an
// import brings is not assessed there.
const notHere = "not_here"

func recordsLayer(ctx context.Context, c *compiler, tx pgx.Tx) (int64, int64, string, error) {
	if c.staging {
		return 0, 0, notHere, nil
	}
	expected, _ := c.number("expected")
	when, err := c.when()
	if err != nil {
		return 0, 0, "", err
	}
	var n int64
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+c.sql+" f WHERE coalesce("+when+", false)", *c.args...).Scan(&n); err != nil {
		return 0, 0, "", err
	}
	return min(n, int64(expected)), int64(expected), "", nil
}

func coversLayer(ctx context.Context, c *compiler, tx pgx.Tx) (int64, int64, string, error) {
	if c.staging {
		return 0, 0, notHere, nil
	}
	if _, err := c.field(); err != nil {
		return 0, 0, "", err
	}
	theirs, err := c.theirValues()
	if err != nil {
		return 0, 0, "", err
	}
	var a, b int64
	err = tx.QueryRow(ctx, fmt.Sprintf("SELECT count(o.v), count(*) FROM (%s) t LEFT JOIN (SELECT DISTINCT %s AS v FROM %s f) o ON o.v = t.v",
		theirs, text(c.rule.Field), c.sql), *c.args...).Scan(&a, &b)
	return a, b, "", err
}

// sqlTypesOf are the types that a column of a field's type may have.
var sqlTypesOf = map[string][]string{
	"text":    {"text", "character varying", "character", "uuid", "name", "jsonb"},
	"integer": {"smallint", "integer", "bigint"},
	"number":  {"real", "double precision", "numeric", "smallint", "integer", "bigint"},
	"boolean": {"boolean"},
	"date":    {"date"},
	"time":    {"timestamp with time zone", "timestamp without time zone"},
}

func modelledLayer(_ context.Context, c *compiler, _ pgx.Tx) (int64, int64, string, error) {
	var right int64
	for _, f := range c.source.layer.Fields {
		for _, typ := range sqlTypesOf[f.Type] {
			if c.columns[f.Name] == typ {
				right++
				break
			}
		}
	}
	return right, int64(len(c.source.layer.Fields)), "", nil
}

// documentedLayer counts the titles of the fields and the four statements that
// a layer makes of itself.
func documentedLayer(_ context.Context, c *compiler, _ pgx.Tx) (int64, int64, string, error) {
	if c.staging {
		return 0, 0, notHere, nil
	}
	l := c.source.layer
	stated := []bool{l.Owner != "", l.TitleZH != "" && l.TitleEN != "" && l.TitleZH != l.Name, l.Share == layers.Unconditional || l.ShareBasis != "", l.UpdateCycle != ""}
	for _, f := range l.Fields {
		stated = append(stated, f.TitleZH != "" && f.TitleZH != f.Name && f.TitleEN != "")
	}
	var a int64
	for _, ok := range stated {
		if ok {
			a++
		}
	}
	return a, int64(len(stated)), "", nil
}

// acceptedLayer is of the batch at hand, or of the layer's last.
func acceptedLayer(ctx context.Context, c *compiler, tx pgx.Tx) (int64, int64, string, error) {
	var read, rejected int64
	err := tx.QueryRow(ctx, `SELECT coalesce(max(rows_read), 0), coalesce(max(rejected), 0) FROM (
		SELECT rows_read, rejected FROM onemap.batch WHERE layer = $1 AND ($2 = 0 OR id = $2) AND rows_read > 0 ORDER BY id DESC LIMIT 1) b`,
		c.source.layer.Name, c.batch).Scan(&read, &rejected)
	if read == 0 {
		return 0, 0, notHere, err
	}
	return max(0, read-rejected), read, "", err
}

// cycleDays is how old a layer may be by its update cycle, in days.
var cycleDays = map[string]float64{"real_time": 1, "daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "yearly": 366}

func inCycleLayer(ctx context.Context, c *compiler, tx pgx.Tx) (int64, int64, string, error) {
	if c.staging || !c.has("updated_at") {
		return 0, 0, notHere, nil
	}
	days, ok := c.number("days")
	if !ok {
		if days, ok = cycleDays[c.source.layer.UpdateCycle]; !ok { // irregular
			return 0, 0, notHere, nil
		}
	}
	var last *time.Time
	err := tx.QueryRow(ctx, "SELECT greatest((SELECT max(updated_at) FROM "+c.sql+"), (SELECT max(finished_at) FROM onemap.batch WHERE layer = $1))",
		c.source.layer.Name).Scan(&last)
	if err != nil {
		return 0, 0, "", err
	}
	if last != nil && c.store.now().Sub(*last) <= time.Duration(days*float64(24*time.Hour)) {
		return 1, 1, "", nil
	}
	return 0, 1, "", nil
}

func answersLayer(ctx context.Context, c *compiler, _ pgx.Tx) (int64, int64, string, error) {
	return c.probe(ctx, 20*time.Second)
}

func answersInTimeLayer(ctx context.Context, c *compiler, _ pgx.Tx) (int64, int64, string, error) {
	ms, ok := c.number("ms")
	if !ok {
		ms = 2000
	}
	return c.probe(ctx, time.Duration(ms)*time.Millisecond)
}

// probe asks for what users ask for: the first page of features, one feature,
// and a tile of the layer's middle. It counts the answers.
func (c *compiler) probe(ctx context.Context, within time.Duration) (a, b int64, skipped string, err error) {
	if c.staging {
		return 0, 0, notHere, nil
	}
	l, s := c.source.layer, c.store.Layers
	var first int64
	try := func(ask func(context.Context) error) {
		asked, done := context.WithTimeout(ctx, within)
		defer done()
		b++
		if ask(asked) == nil {
			a++
		}
	}
	try(func(ctx context.Context) error {
		for f, err := range s.Features(ctx, layers.Query{Layer: l, Where: where.True, Fields: fieldNames(l), Limit: 100}) {
			if err != nil {
				return err
			}
			first = f.ID
		}
		return nil
	})
	if first > 0 {
		try(func(ctx context.Context) error {
			_, err := s.Feature(ctx, layers.Query{Layer: l, Where: where.True, Fields: fieldNames(l)}, first)
			return err
		})
	}
	try(func(ctx context.Context) error {
		box, ok, err := s.Extent(ctx, l)
		if err != nil || !ok {
			return err
		}
		zoom := min(l.MaxZoom, max(l.MinZoom, l.DetailZoom, 14))
		_, _, err = s.Tile(ctx, maptile.At(box.Center(), maptile.Zoom(zoom)), []layers.TileLayer{{Layer: l, Where: where.True}}, false)
		return err
	})
	if ctx.Err() != nil {
		return 0, 0, "", ctx.Err()
	}
	return a, b, "", nil
}
