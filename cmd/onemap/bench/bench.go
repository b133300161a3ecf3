// Package bench measures onemap beside a baseline in the same run: the usual
// way of doing the same thing on the same machine, the same PostgreSQL and the
// same rows. It asserts nothing; a missed target is printed as missed.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A Result is one line of a benchmark.
type Result struct {
	Bench    string  `json:"bench"`
	Case     string  `json:"case"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Baseline float64 `json:"baseline"` // in the same unit; 0: there is none
	Ratio    float64 `json:"ratio"`    // how many times better than the baseline; 0: there is none
	Target   string  `json:"target"`   // "" where none was set
	Met      bool    `json:"met"`      // true where no target was set
}

// Options is what every benchmark gets.
type Options struct {
	// DatabaseURL is a server's; each benchmark makes a database of its own there
	// and drops it.
	DatabaseURL string
	// City fills a database with the simulated city and returns the API key of
	// its command centre.
	City func(ctx context.Context, databaseURL string) (key string, err error)
	// Serve starts onemap on a database and returns its address (http://…) and
	// what stops it.
	Serve func(ctx context.Context, databaseURL string) (url string, stop func(), err error)
	// Spawn starts onemap on a database as a process of its own, so that what it
	// uses can be told from what measures it.
	Spawn func(ctx context.Context, databaseURL string) (*Server, error)
	// CPU is what a process of this machine has used so far; 0 where that cannot
	// be told.
	CPU  func(pid int) time.Duration
	Size string // of the simulated city
	// Only are the parts to be run of a benchmark that has parts; none: all.
	Only     []string
	Progress func(what string)
	Report   func(Result)
}

// A Server is a process that serves a database.
type Server struct {
	URL  string               // http://…
	CPU  func() time.Duration // that it has used so far; 0 where that cannot be told
	Stop func()               // may be called again
	PID  int                  // 0 where it is no process of its own
}

// Benches are the benchmarks by name.
var Benches = map[string]func(context.Context, Options) error{
	"cases":     Cases,
	"catalogue": Catalogue,
	"deploy":    Deploy,
	"feed":      Feed,
	"forecast":  Forecast,
	"geocoding": Geocoding,
	"import":    Import,
	"tiles":     Tiles,
	"live":      Live,
	"positions": Positions,
	"matching":  Matching,
	"scope":     Scope,
}

// A part of a benchmark can be asked for by itself.
type part struct {
	name string
	run  func(context.Context) error
}

// parts runs those that are asked for, in their order.
func (o Options) parts(ctx context.Context, all ...part) error {
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	for _, n := range o.Only {
		if !slices.Contains(names, n) {
			return fmt.Errorf("there is no part %q: use %s", n, strings.Join(names, ", "))
		}
	}
	for _, p := range all {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// JSON returns a report that writes one JSON object a line.
func JSON(w io.Writer) func(Result) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // a target reads ">= 5x"; no browser reads this
	return func(r Result) { _ = enc.Encode(r) }
}

// Table returns a report for people, and the function that ends it.
func Table(w io.Writer) (report func(Result), end func()) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "bench\tcase\tvalue\tbaseline\tratio\ttarget\t")
	return func(r Result) {
		baseline, ratio, target := "-", "-", r.Target
		if r.Baseline != 0 {
			baseline, ratio = fmt.Sprintf("%.4g %s", r.Baseline, r.Unit), fmt.Sprintf("%.2f x", r.Ratio)
		}
		switch {
		case target == "":
			target = "-"
		case r.Met:
			target += ": met"
		default:
			target += ": MISSED"
		}
		fmt.Fprintf(t, "%s\t%s\t%.4g %s\t%s\t%s\t%s\t\n", r.Bench, r.Case, r.Value, r.Unit, baseline, ratio, target)
	}, func() { _ = t.Flush() }
}

// percentile returns the p-th percentile (0 to 100) of ds in milliseconds, by
// the nearest rank. It sorts ds.
func percentile(ds []time.Duration, p float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	i := min(len(ds)-1, max(0, int(p/100*float64(len(ds))+0.5)-1))
	return float64(ds[i]) / float64(time.Millisecond)
}

// faster is the ratio of two durations or latencies, larger is better for us.
func faster(ours, baseline float64) float64 {
	if ours == 0 {
		return 0
	}
	return baseline / ours
}
