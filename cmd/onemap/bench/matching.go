package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"onemap/layers/enterprise"
	"onemap/layers/match/linkage"
	"onemap/layers/match/linkagetest"
)

// chineseFirms is the size of the simulated city of firms.
const chineseFirms = 8000

// Matching measures how right links are, and how fast they are found: on
// Chicago's food inspections and licences with the licence number hidden, and
// on two simulated registers of a Chinese city. Half of Chicago's
// establishments set the weights; only the other half is reported, and beside
// it a plain join on equal name and address, the usual first try.
//
// A link is right if both rows belong to licences of the same name and
// address group. By row, each inspection counts; by establishment, each pair
// of establishments counts once.
func Matching(ctx context.Context, o Options) error {
	file, err := shared("chicago/business_licences.csv.gz")
	if err != nil {
		return err
	}
	o.Progress("reading Chicago's registers")
	chicago, err := linkagetest.Chicago(filepath.Dir(file))
	if err != nil {
		return err
	}
	o.Progress(fmt.Sprintf("%d inspections against %d licences", len(chicago.Left), len(chicago.Right)))
	if err := o.match(ctx, "Chicago", chicago, linkage.ManyToOne, 1, [2]float64{0.98, 0.95}); err != nil {
		return err
	}
	o.Progress("simulated registers of a Chinese city")
	firms := linkagetest.Chinese(chineseFirms, 2, USCC)
	return o.match(ctx, "Chinese", firms, linkage.OneToOne, -1, [2]float64{0.98, 0.90})
}

// USCC is a code with the right check digit for the i-th simulated firm.
func USCC(i int) string {
	first := fmt.Sprintf("91330782%09d", i)
	return first + string(enterprise.USCCDigit(first))
}

// match links two registers and reports how right it was; targets are
// precision and recall.
func (o Options) match(ctx context.Context, name string, r linkagetest.Registers, shape linkage.Shape, half int, target [2]float64) error {
	start := time.Now()
	result, err := linkage.Match(ctx, r.Left, r.Right, linkage.Options{Shape: shape})
	if err != nil {
		return err
	}
	took := time.Since(start)
	rows, whole := linkagetest.ScoreLinks(result.Pairs, r, half)
	plainRows, plainWhole := linkagetest.ScoreLinks(plainJoin(r), r, half)
	report := func(what string, ours, plain, target float64) {
		line := Result{Bench: "matching", Case: name + ", " + what, Value: ours, Unit: "", Baseline: plain, Ratio: faster(1/max(ours, 1e-9), 1/max(plain, 1e-9)), Met: true}
		if target > 0 {
			line.Target, line.Met = fmt.Sprintf(">= %.2f", target), ours >= target
		}
		o.Report(line)
	}
	report("precision by establishment", whole.Precision(), plainWhole.Precision(), target[0])
	report("recall by establishment", whole.Recall(), plainWhole.Recall(), target[1])
	report("precision by row", rows.Precision(), plainRows.Precision(), target[0])
	report("recall by row", rows.Recall(), plainRows.Recall(), target[1])
	asked := map[string]bool{}
	for _, p := range result.Pairs {
		if p.Verdict == linkage.Review {
			asked[p.Left] = true
		}
	}
	o.Report(Result{Bench: "matching", Case: name + ", rows put before a person", Value: float64(len(asked)) / float64(len(r.Left)), Met: true})
	o.Report(Result{Bench: "matching", Case: name + ", pairs compared a second", Value: float64(result.Compared) / took.Seconds(), Unit: "pairs/s", Met: true})
	o.Report(Result{Bench: "matching", Case: name + ", the whole run", Value: took.Seconds(), Unit: "s", Met: true})
	return nil
}

// plainJoin links rows whose name and address are the same but for case and
// spaces, the first that fits.
func plainJoin(r linkagetest.Registers) []linkage.Pair {
	key := func(x linkage.Record, name string) string {
		return strings.Join(strings.Fields(strings.ToUpper(name+"|"+x.Address)), " ")
	}
	right := map[string]string{}
	for _, x := range r.Right {
		if k := key(x, x.Names[0]); right[k] == "" {
			right[k] = x.Key
		}
	}
	var pairs []linkage.Pair
	for _, x := range r.Left {
		for _, name := range x.Names {
			if k := right[key(x, name)]; k != "" {
				pairs = append(pairs, linkage.Pair{Key: linkage.Key{Left: x.Key, Right: k}, Verdict: linkage.Link, Score: 1})
				break
			}
		}
	}
	return pairs
}
