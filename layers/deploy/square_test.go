package deploy

import (
	"math/rand/v2"
	"testing"
)

// Squares hold three cases or more each, all cases together, and where there is
// a lone one another square has it.
func TestSquaresOfFewCasesAreJoined(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for range 50 {
		cases := map[[2]int]float64{}
		n := 3 + r.IntN(300)
		for range n {
			cases[[2]int{r.IntN(40) - 20, r.IntN(40) - 20}]++
		}
		var fine []square
		for k, v := range cases {
			fine = append(fine, square{x: k[0], y: k[1], n: v})
		}
		got, all := join(fine), 0.0
		for _, q := range got {
			if q.n < leastCases {
				t.Fatalf("a square of %v cases: %+v", q.n, q)
			}
			all += q.n
		}
		if len(got) > 0 && all != float64(n) {
			t.Fatalf("%v cases of %d", all, n)
		}
		if n > 30 && len(got) == 0 {
			t.Fatalf("no squares of %d cases", n)
		}
	}
	// Three neighbours of one case each are one square of twice the side; its
	// middle is the middle of none of them. West and south of zero, too.
	got := join([]square{{x: -2, y: -2, n: 1}, {x: -1, y: -2, n: 1}, {x: -1, y: -1, n: 1}, {x: 9, y: 9, n: 5}, {x: 11, y: 10, n: 2}})
	if len(got) != 2 || got[0] != (square{x: 9, y: 9, n: 5 + 2}) || got[1] != (square{x: -1, y: -1, level: 1, n: 3}) {
		t.Errorf("joined: %+v", got)
	}
	if x, y := got[1].middle(); x != -1 || y != -1 {
		t.Errorf("its middle is %v, %v", x, y)
	}
	if got := join([]square{{n: 2}, {x: 1000, n: 2}}); got != nil {
		t.Errorf("four cases far from each other: %+v", got)
	}
}
