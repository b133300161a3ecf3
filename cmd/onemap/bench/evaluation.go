package bench

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/evaluate"
)

const (
	// evaluationCases are spread evenly over two years up to today.
	evaluationCases = 2_000_000
	evaluationWeeks = 104
)

//go:embed evaluation_towns.sql
var evaluationTownsSQL string

//go:embed evaluation_cases.sql
var evaluationCasesSQL string

//go:embed evaluation_flow.sql
var evaluationFlowSQL string

//go:embed evaluation_recount.sql
var evaluationRecountSQL string

// evaluation measures a month's report on two million cases of two years, with
// the comparison with the month before and the year before, beside a plain
// recount of the flow of all cases, which must give the same numbers.
func evaluation(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		db, err := layers.Open(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := manyCases(ctx, o, db, evaluationCases); err != nil {
			return err
		}
		return o.measureEvaluation(ctx, db)
	})
}

// manyCases makes cases with their flow, in the order of time.
func manyCases(ctx context.Context, o Options, db *pgxpool.Pool, n int) error {
	if _, err := db.Exec(ctx, evaluationTownsSQL); err != nil {
		return fmt.Errorf("make towns and departments: %w", err)
	}
	o.Progress(fmt.Sprintf("%d cases of two years", n))
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -7*evaluationWeeks)
	week := n / evaluationWeeks
	err := layers.NewStore(db).Replace(ctx, "incident", func(ctx context.Context, db *pgxpool.Pool, staging string) error {
		for w := range evaluationWeeks {
			sql := strings.ReplaceAll(evaluationCasesSQL, "map.incident", staging)
			if _, err := db.Exec(ctx, sql, pgx.NamedArgs{"first": w*week + 1, "last": (w + 1) * week, "from": start.AddDate(0, 0, 7*w), "n": week}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	o.Progress("their flow, and what they count for")
	for w := range evaluationWeeks {
		if _, err := db.Exec(ctx, evaluationFlowSQL, pgx.NamedArgs{"first": w*week + 1, "last": (w + 1) * week}); err != nil {
			return fmt.Errorf("flow of week %d: %w", w, err)
		}
	}
	_, err = db.Exec(ctx, `VACUUM ANALYZE onemap.case_fact; `)
	if err == nil {
		_, err = db.Exec(ctx, `VACUUM ANALYZE onemap.incident_flow`)
	}
	return err
}

// measureEvaluation reports on the month before last, whose cases are as good as all closed.
func (o Options) measureEvaluation(ctx context.Context, db *pgxpool.Pool) error {
	s := &evaluate.Store{Layers: layers.NewStore(db)}
	zone, err := s.Zone(ctx)
	if err != nil {
		return err
	}
	month, err := evaluate.PeriodOf("month", time.Now().AddDate(0, -2, 0), zone)
	if err != nil {
		return err
	}
	who := access.Operator("bench")
	o.Progress("a plain recount")
	begun := time.Now()
	rows, err := db.Query(ctx, evaluationRecountSQL, pgx.NamedArgs{"from": month.From, "to": month.To})
	if err != nil {
		return err
	}
	counts := []string{"reported", "filed", "filed_on_time", "dispatched", "dispatched_accurate", "handled", "handled_on_time", "closed", "closed_on_time", "returned", "upheld", "reworked"}
	want := map[string]map[string]int64{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		n := make([]int64, len(counts))
		var town string
		into := []any{&town}
		for i := range n {
			into = append(into, &n[i])
		}
		err := row.Scan(into...)
		want[town] = map[string]int64{}
		for i, c := range counts {
			want[town][c] = n[i]
		}
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	plain := time.Since(begun)

	for _, q := range []struct {
		name, target string
		evaluate.Query
		agree bool
	}{
		{"a month, areas, with two comparisons", "< 2 s", evaluate.Query{Subject: evaluate.Area, Level: "town", Period: month}, true},
		{"a month, areas alone", "< 2 s", evaluate.Query{Subject: evaluate.Area, Level: "town", Period: month, Alone: true}, false},
		{"a month, departments, with two comparisons", "< 2 s", evaluate.Query{Subject: evaluate.Department, Period: month}, false},
		{"a month, dispatchers, with two comparisons", "< 2 s", evaluate.Query{Subject: evaluate.Post, Post: evaluate.Dispatcher, Period: month}, false},
		{"a month, acceptors, with two comparisons", "< 2 s", evaluate.Query{Subject: evaluate.Post, Post: evaluate.Acceptor, Period: month}, false},
	} {
		o.Progress(q.name)
		var took []time.Duration
		var r evaluate.Report
		for range 5 {
			begun := time.Now()
			if r, err = s.Report(ctx, who, q.Query); err != nil {
				return err
			}
			took = append(took, time.Since(begun))
		}
		if q.agree {
			if err := agree(r, want, counts); err != nil {
				return err
			}
		}
		slices.Sort(took)
		ours := took[len(took)/2].Seconds()
		o.Report(Result{Bench: "cases", Case: q.name, Value: ours, Unit: "s", Baseline: plain.Seconds(), Ratio: faster(ours, plain.Seconds()), Target: q.target, Met: ours < 2})
	}
	year, err := evaluate.PeriodOf("year", time.Now(), zone)
	if err != nil {
		return err
	}
	begun = time.Now()
	if _, err := s.Report(ctx, who, evaluate.Query{Subject: evaluate.Area, Level: "town", Period: year}); err != nil {
		return err
	}
	o.Report(Result{Bench: "cases", Case: "a year, areas, with two comparisons", Value: time.Since(begun).Seconds(), Unit: "s", Met: true})
	return o.list(ctx, s, who, month)
}

// list measures the first page of the cases behind a number.
func (o Options) list(ctx context.Context, s *evaluate.Store, who access.Scope, month evaluate.Period) error {
	begun := time.Now()
	_, n, _, err := s.Cases(ctx, who, evaluate.CaseQuery{Query: evaluate.Query{Subject: evaluate.Area, Level: "town", Period: month}, Count: "closed_late", Total: true})
	if err != nil {
		return err
	}
	o.Report(Result{Bench: "cases", Case: fmt.Sprintf("the first hundred of the %d cases behind a number", n), Value: time.Since(begun).Seconds(), Unit: "s", Met: true})
	return nil
}

// agree compares a report with the recount.
func agree(r evaluate.Report, want map[string]map[string]int64, counts []string) error {
	seen := 0
	for _, row := range r.Rows {
		for _, c := range counts {
			if row.Counts[c] != want[row.Key][c] {
				return fmt.Errorf("%s of %s: the report says %d, the recount %d", c, row.Key, row.Counts[c], want[row.Key][c])
			}
			seen++
		}
	}
	if len(want) == 0 || seen < len(want)*len(counts) {
		return fmt.Errorf("the recount has %d towns, the report %d", len(want), len(r.Rows))
	}
	return nil
}
