package setup

import (
	"context"
	"fmt"

	"onemap/layers"
	"onemap/layers/jobs"
)

// jobsFinding looks at the durable jobs: whether they are being done, and what
// was given up.
func jobsFinding(ctx context.Context, url string) Finding {
	f := Finding{What: "jobs", Level: Good}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return Finding{"jobs", Warning, err.Error(), "grant the server's role USAGE on the schema river and ALL on its tables and sequences, as on onemap and map"}
	}
	defer db.Close()
	var there bool
	if err := db.QueryRow(ctx, `SELECT to_regclass('river.river_job') IS NOT NULL`).Scan(&there); err != nil {
		return Finding{"jobs", Warning, err.Error(), "grant the server's role USAGE on the schema river and ALL on its tables and sequences, as on onemap and map"}
	}
	if !there {
		return Finding{"jobs", Warning, "no tables for durable jobs yet", "onemap migrate --database-url …"}
	}
	c, err := jobs.Count(ctx, db)
	if err != nil {
		return Finding{"jobs", Warning, err.Error(), "grant the server's role USAGE on the schema river and ALL on its tables and sequences, as on onemap and map"}
	}
	f.Found = fmt.Sprintf("%d due, %d running, %d later, %d given up", c.Waiting, c.Running, c.Later, c.Dead)
	const late = 60 // seconds
	switch {
	case c.Oldest > late:
		f.Level, f.Remedy = Warning, fmt.Sprintf("the first has been due for %.0f s: is a server running, and is its log quiet?", c.Oldest)
	case c.Dead > 0:
		f.Level, f.Remedy = Warning, "the server's log says why; dead letters of webhooks can be replayed, POST /api/v1/webhooks/{id}/replay"
	}
	return f
}
