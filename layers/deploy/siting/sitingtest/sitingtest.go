// Package sitingtest helps to test siting: random cities, and the exact answers
// of solvers that may be installed (CBC, GLPK).
package sitingtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"onemap/layers/deploy/siting"
)

// City is a random covering problem: demand in clusters on a square of 10 km,
// candidates all over it, 10 m a second as the crow flies, areas of 2.5 km.
func City(seed uint64, points, candidates, posts int, withinS float64) *siting.Problem {
	r := rand.New(rand.NewPCG(seed, 4))
	p := &siting.Problem{Model: siting.MCLP, Posts: posts, Within: withinS, Longest: 3600}
	var middles [6][2]float64
	for i := range middles {
		middles[i] = [2]float64{10_000 * r.Float64(), 10_000 * r.Float64()}
	}
	inside := func(v float64) float64 { return max(0, min(9_999, v)) }
	at := make([][2]float64, points)
	for i := range at {
		at[i] = [2]float64{10_000 * r.Float64(), 10_000 * r.Float64()}
		if r.IntN(3) > 0 {
			m := middles[r.IntN(len(middles))]
			at[i] = [2]float64{inside(m[0] + 900*r.NormFloat64()), inside(m[1] + 900*r.NormFloat64())}
		}
		p.Demand = append(p.Demand, float64(1+r.IntN(9)))
		p.Area = append(p.Area, int(at[i][0]/2500)*4+int(at[i][1]/2500))
	}
	for range candidates {
		c := [2]float64{10_000 * r.Float64(), 10_000 * r.Float64()}
		row := make([]float32, points)
		for i := range row {
			row[i] = float32(math.Hypot(at[i][0]-c[0], at[i][1]-c[1]) / 10)
		}
		p.Seconds = append(p.Seconds, row)
	}
	return p
}

// ErrAbsent: the solver is not installed.
var ErrAbsent = errors.New("not installed")

// ErrUnfinished: the solver did not prove an optimum in its time.
var ErrUnfinished = errors.New("no optimum proven in the time that it was given")

// Exact asks cbc or glpsol for the optimum of a maximal covering problem
// without conditions.
func Exact(ctx context.Context, solver string, p *siting.Problem, limit time.Duration) (value float64, err error) {
	if _, err := exec.LookPath(solver); err != nil {
		return 0, fmt.Errorf("%s: %w", solver, ErrAbsent)
	}
	dir, err := os.MkdirTemp("", "siting-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	model, answer := filepath.Join(dir, "model.lp"), filepath.Join(dir, "answer.txt")
	var b bytes.Buffer
	writeLP(&b, p)
	if err := os.WriteFile(model, b.Bytes(), 0o600); err != nil {
		return 0, err
	}
	seconds := strconv.Itoa(max(1, int(limit.Seconds())))
	args := []string{model, "sec", seconds, "solve", "solu", answer}
	if solver == "glpsol" {
		args = []string{"--lp", model, "--tmlim", seconds, "-o", answer}
	}
	if out, err := exec.CommandContext(ctx, solver, args...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", solver, err, out)
	}
	text, err := os.ReadFile(answer)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", solver, err)
	}
	return objective(string(text))
}

var optimal = regexp.MustCompile(`(?m)^Optimal - objective value\s+(\S+)|^Status:\s+INTEGER OPTIMAL[\s\S]*?^Objective:\s+\S+ = (\S+)`)

func objective(text string) (float64, error) {
	m := optimal.FindStringSubmatch(text)
	if m == nil {
		first, _, _ := strings.Cut(text, "\n")
		return 0, fmt.Errorf("%w: %s", ErrUnfinished, first)
	}
	v, err := strconv.ParseFloat(m[1]+m[2], 64)
	return math.Abs(v), err // CBC minimises the negative
}

// writeLP writes the problem in the LP format of CPLEX: most demand whose z is 1,
// which needs a y that covers it.
func writeLP(w io.Writer, p *siting.Problem) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	fmt.Fprintln(b, "Maximize\n obj:")
	for i, d := range p.Demand {
		if d > 0 {
			fmt.Fprintf(b, " + %g z%d\n", d, i)
		}
	}
	fmt.Fprintln(b, "Subject To")
	for i, d := range p.Demand {
		if d <= 0 {
			continue
		}
		fmt.Fprintf(b, " c%d: z%d", i, i)
		for j, row := range p.Seconds {
			if float64(row[i]) <= p.Within {
				fmt.Fprintf(b, " - y%d\n", j)
			}
		}
		fmt.Fprintln(b, " <= 0")
	}
	fmt.Fprint(b, " p:")
	for j := range p.Seconds {
		fmt.Fprintf(b, " + y%d\n", j)
	}
	fmt.Fprintf(b, " = %d\nBounds\n", p.Posts)
	for i, d := range p.Demand {
		if d > 0 {
			fmt.Fprintf(b, " z%d <= 1\n", i)
		}
	}
	fmt.Fprintln(b, "Binary")
	for j := range p.Seconds {
		fmt.Fprintf(b, " y%d\n", j)
	}
	fmt.Fprintln(b, "End")
}
