package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/deploy"
)

// manyIncidents are calls all over the demo city, around those that it has, so
// that a plan of it has thousands of points of demand.
const manyIncidents = `
	INSERT INTO map.incident (class_standard, class_code, severity, source, state, occurred_at, reported_at, geom)
	SELECT s.class_standard, s.class_code, 3, 'import', 'closed', now() - 300 * random() * interval '1 day', now(),
	       ST_Translate(s.geom, 0.004 * (random() - 0.5), 0.004 * (random() - 0.5))
	FROM (SELECT row_number() OVER (ORDER BY f.id) AS n, f.* FROM map.incident f JOIN onemap.class c ON (c.standard, c.kind, c.code) = (f.class_standard, f.class_kind, f.class_code)
	      WHERE c.public_reported AND NOT c.officer_made) s,
	     generate_series(1, $1) k
	WHERE s.n = 1 + k % (SELECT count(*) FROM map.incident f JOIN onemap.class c ON (c.standard, c.kind, c.code) = (f.class_standard, f.class_kind, f.class_code)
	                     WHERE c.public_reported AND NOT c.officer_made)`

// whatIf measures over the API what a planner waits for who moves, adds or takes
// away a post: coverage, times, who gains and who loses. Beside it stands a plan
// made anew. The first is the demo city as it is; the second has some 4,000
// points of demand and 900 candidates.
func (o Options) whatIf(ctx context.Context) error {
	return o.withCity(ctx, func(ctx context.Context, db *pgxpool.Pool, url, key string) error {
		q := deploy.Question{Model: "mclp", Posts: 8, WithinS: 300, CRS: "WGS84",
			Demand: deploy.DemandFrom{Source: "incidents"}, Candidates: deploy.CandidatesFrom{Grids: "grid_unit"}}
		if err := o.whatIfOf(ctx, url, key, "the demo city", q); err != nil {
			return err
		}
		o.Progress("9,000 more incidents")
		if _, err := db.Exec(ctx, manyIncidents, 9000); err != nil {
			return fmt.Errorf("more incidents: %w", err)
		}
		q.Posts, q.Demand.CellM = 40, 60
		rows, err := db.Query(ctx, `SELECT '' AS name, ST_X(geom) AS x, ST_Y(geom) AS y FROM map.incident ORDER BY md5(id::text) LIMIT 350`)
		if err != nil {
			return err
		}
		if q.Candidates.Points, err = pgx.CollectRows(rows, pgx.RowToStructByName[deploy.Named]); err != nil {
			return err
		}
		return o.whatIfOf(ctx, url, key, "a large instance", q)
	})
}

func (o Options) whatIfOf(ctx context.Context, url, key, what string, q deploy.Question) error {
	o.Progress("a plan of " + what)
	start := time.Now()
	var plan deploy.Plan
	if err := exchange(ctx, key, http.MethodPost, url+"/api/v1/stationing/plans", map[string]any{"title": "bench", "question": q}, &plan); err != nil {
		return err
	}
	made := float64(time.Since(start)) / float64(time.Millisecond)
	var from deploy.Data
	at := fmt.Sprintf("%s/api/v1/stationing/plans/%d", url, plan.ID)
	if err := exchange(ctx, key, http.MethodGet, at+"/material", nil, &from); err != nil {
		return err
	}
	var stands []deploy.Stand
	for _, p := range plan.Answer.Plan.Posts {
		stands = append(stands, deploy.Stand{Name: p.Name, X: p.Lon, Y: p.Lat, Units: p.Units})
	}
	name := fmt.Sprintf("what-if of %s over the API, %d points x %d candidates, %d posts", what, len(from.Points), len(from.Candidates), len(stands))
	try := func(posts []deploy.Stand) (time.Duration, error) {
		start := time.Now()
		var c deploy.Comparison
		err := exchange(ctx, key, http.MethodPost, at+"/what-if", map[string]any{"crs": "WGS84", "posts": posts}, &c)
		return time.Since(start), err
	}
	o.Progress(name)
	first, err := try(stands)
	if err != nil {
		return err
	}
	o.answered(name+": the first, beside a new plan", float64(first)/float64(time.Millisecond), made)
	var times []time.Duration
	for i := range 60 {
		posts := append([]deploy.Stand(nil), stands...)
		// Anywhere, mostly where no candidate is: its times are not known.
		x := from.Points[(i*7919)%len(from.Points)]
		there := deploy.Stand{X: x.Lon + 1e-4, Y: x.Lat - 1e-4}
		switch i % 3 {
		case 0:
			posts[i%len(posts)] = there
		case 1:
			posts = append(posts, there)
		default:
			posts = append(posts[:i%len(posts)], posts[i%len(posts)+1:]...)
		}
		took, err := try(posts)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	o.answered(name+": a post moved, added or taken away, median of 60, beside a new plan", percentile(times, 50), made)
	o.answered(name+": the slowest of them, beside a new plan", percentile(times, 100), made)
	return nil
}

func (o Options) answered(name string, ms, made float64) {
	o.Report(Result{Bench: "deploy", Case: name, Value: ms, Unit: "ms", Baseline: made, Ratio: faster(ms, made), Target: "< 1000 ms", Met: ms < 1000})
}

// exchange sends a body as JSON, if there is one, and reads the answer.
func exchange(ctx context.Context, key, method, url string, body, into any) error {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, &sent)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, answer)
	}
	return json.Unmarshal(answer, into)
}
