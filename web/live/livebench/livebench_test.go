package livebench_test

import (
	"context"
	"os"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/layerstest"
	"onemap/web/live/livebench"
)

// TestRun checks that both ways deliver everything; with ONEMAP_LONG it prints
// times that mean something.
func TestRun(t *testing.T) {
	url := layerstest.URL(t)
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	o := livebench.Options{DatabaseURL: url, Store: layers.NewStore(db), Layer: "place", Subscribers: 20, Windows: 3, Commits: 20,
		Commit: func(ctx context.Context, i int) (id int64, err error) {
			err = db.QueryRow(ctx, `INSERT INTO map.place (kind, name, geom, grid_code, area_code)
				VALUES ('hydrant', 'bench', ST_Point(120, 30, 4326), '', '') RETURNING id`).Scan(&id)
			return id, err
		}}
	if os.Getenv("ONEMAP_LONG") != "" {
		o.Subscribers, o.Windows, o.Commits, o.Every = 1000, 1, 500, 10*time.Millisecond
	}
	r, err := livebench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]livebench.Result{"hub": r.Hub, "naive": r.Naive} {
		if r.Missing != 0 || r.Deliveries != o.Commits*o.Subscribers {
			t.Errorf("%s: %d delivered, %d missing", name, r.Deliveries, r.Missing)
		}
		t.Logf("%s: p50 %v, p99 %v, max %v", name, r.P50, r.P99, r.Max)
	}
}
