package release_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onemap/layers/release"
	"onemap/layers/release/releasetest"
)

func genCells(size int) *rapid.Generator[[]release.Cell] {
	return rapid.Custom(func(t *rapid.T) []release.Cell {
		var cells []release.Cell
		small := rapid.IntRange(0, 9).Draw(t, "how many small ones")
		for r := range size {
			for c := range size {
				kind := rapid.IntRange(0, 19).Draw(t, "kind")
				switch {
				case kind < small:
					cells = append(cells, release.Cell{Row: int32(r), Col: int32(c), N: int32(rapid.IntRange(1, 9).Draw(t, "n"))})
				case kind < 17:
					cells = append(cells, release.Cell{Row: int32(r), Col: int32(c), N: int32(rapid.IntRange(10, 40).Draw(t, "n")), Hidden: kind == 16})
				}
			}
		}
		return cells
	})
}

// No hidden count can be told to be below the floor: not from both kinds of
// totals, nor from the rows' alone, nor from the columns' alone.
func TestNoSumTellsACount(t *testing.T) {
	const floor = 10
	naive := 0
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(2, 7).Draw(t, "size")
		cells := genCells(size).Draw(t, "cells")
		asItWas := slices.Clone(cells)
		release.Protect(cells, floor)
		rows, cols := map[int32]int{}, map[int32]int{}             // totals
		hiddenRows, hiddenCols := map[int32]int{}, map[int32]int{} // and of what is hidden
		for _, c := range cells {
			rows[c.Row] += int(c.N)
			cols[c.Col] += int(c.N)
			if c.Hidden {
				hiddenRows[c.Row] += int(c.N)
				hiddenCols[c.Col] += int(c.N)
			}
		}
		for i, c := range cells {
			if c.N < floor && !c.Hidden {
				t.Fatalf("%+v is shown", c)
			}
			if c.N >= floor {
				continue
			}
			if got, want := hiddenRows[c.Row], min(floor, rows[c.Row]); got < want {
				t.Fatalf("%+v: its row's total says that it is at most %d", c, got)
			}
			if got, want := hiddenCols[c.Col], min(floor, cols[c.Col]); got < want {
				t.Fatalf("%+v: its column's total says that it is at most %d", c, got)
			}
			if got, want := releasetest.Most(cells, i, size), min(floor, rows[c.Row], cols[c.Col]); got < want {
				t.Fatalf("%+v: the totals say that it is at most %d", c, got)
			}
		}
		// The attack would find what is left out by the floor alone.
		for i := range asItWas {
			asItWas[i].Hidden = asItWas[i].Hidden || asItWas[i].N < floor
		}
		for i, c := range asItWas {
			if c.N < floor && releasetest.Most(asItWas, i, size) < min(floor, rows[c.Row], cols[c.Col]) {
				naive++
			}
		}
	})
	if naive == 0 {
		t.Error("the attack finds nothing where there is no secondary suppression: it tests nothing")
	}
}

// The same counts give the same release in whatever order they come, and what
// was hidden stays so.
func TestProtectIsAFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genCells(6).Draw(t, "cells")
		b := rapid.Permutation(a).Draw(t, "in another order")
		hidden := 0
		for _, c := range a {
			if c.Hidden {
				hidden++
			}
		}
		below, secondary := release.Protect(a, 10)
		release.Protect(b, 10)
		if !slices.Equal(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
		for _, c := range a {
			if c.Hidden {
				hidden--
			}
		}
		if hidden+below+secondary != 0 {
			t.Fatalf("%d below and %d for others, but %d more hidden", below, secondary, -hidden)
		}
	})
}

func TestShown(t *testing.T) {
	chain := []release.Audience{{Rounding: 5}, {Rounding: 5}, {Rounding: 10}}
	for _, tt := range []struct{ n, internal, public int }{
		{10, 10, 10}, {12, 10, 10}, {13, 15, 20}, {50, 50, 50}, {52, 50, 50}, {53, 55, 60}, {57, 55, 60}, {58, 60, 60},
	} {
		if got := release.Shown(tt.n, chain[:1]); got != tt.internal {
			t.Errorf("%d is shown as %d, want %d", tt.n, got, tt.internal)
		}
		if got := release.Shown(tt.n, chain); got != tt.public {
			t.Errorf("%d is shown to the public as %d, want %d", tt.n, got, tt.public)
		}
	}
	// Who sees both learns nothing: the coarser follows from the finer.
	by := map[int]int{}
	for n := 10; n < 1000; n++ {
		a, b := release.Shown(n, chain[:1]), release.Shown(n, chain)
		if have, ok := by[a]; ok && have != b {
			t.Fatalf("%d is shown as %d and as %d", a, have, b)
		}
		by[a] = b
	}
}

func BenchmarkProtect(b *testing.B) { // a city's journeys of one hour
	var cells []release.Cell
	n := uint32(1)
	for r := range int32(500) {
		for c := range int32(40) {
			n = n*1664525 + 1013904223
			cells = append(cells, release.Cell{Row: r, Col: (r*7 + c*13) % 500, N: int32(n>>20)%60 + 1})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		release.Protect(slices.Clone(cells), 20)
	}
}
