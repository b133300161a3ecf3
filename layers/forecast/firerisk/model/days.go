package model

import "math"

// A Tour is the visits of one unit on one day, in their order.
type Tour struct {
	Unit, Day int
	Stops     []int // numbers of places
}

// Tours shares visits out to units and days. unit[i] is who visits i, cost(a,
// b) the seconds from stop a to stop b, where -1-u is the station of unit u;
// at most perDay visits are made on a day. Each day begins with the stop that
// is farthest from the station among those left and takes in what is nearest to
// it, so that the last days are not left with the corners; its stops then stand
// in the order that the nearest-neighbour tour and 2-opt give.
func Tours(unit []int, perDay int, cost func(a, b int) float64) []Tour {
	units := 0
	for _, u := range unit {
		units = max(units, u+1)
	}
	var out []Tour
	for u := range units {
		var left []int
		for i, x := range unit {
			if x == u {
				left = append(left, i)
			}
		}
		for day := 0; len(left) > 0; day++ {
			far := 0
			for n := range left {
				if cost(-1-u, left[n]) > cost(-1-u, left[far]) {
					far = n
				}
			}
			stops := []int{left[far]}
			left = append(left[:far:far], left[far+1:]...)
			for len(stops) < perDay && len(left) > 0 {
				near, best := 0, math.Inf(1)
				for n, i := range left {
					if c := cost(stops[0], i); c < best {
						near, best = n, c
					}
				}
				stops = append(stops, left[near])
				left = append(left[:near:near], left[near+1:]...)
			}
			out = append(out, Tour{u, day, ordered(stops, -1-u, cost)})
		}
	}
	return out
}

// ordered is the stops from a station and back: nearest neighbour, then 2-opt
// until no exchange helps.
func ordered(stops []int, home int, cost func(a, b int) float64) []int {
	left, at := append([]int{}, stops...), home
	var tour []int
	for len(left) > 0 {
		near, best := 0, math.Inf(1)
		for n, i := range left {
			if c := cost(at, i); c < best {
				near, best = n, c
			}
		}
		at = left[near]
		tour = append(tour, at)
		left = append(left[:near], left[near+1:]...)
	}
	length := func(t []int) float64 {
		sum, at := 0.0, home
		for _, i := range t {
			sum += cost(at, i)
			at = i
		}
		return sum + cost(at, home)
	}
	// Roads have one way and the other: the whole tour is measured, not two edges.
	for better := true; better; {
		better = false
		for i := 0; i < len(tour); i++ {
			for j := i + 1; j < len(tour); j++ {
				try := append([]int{}, tour...)
				for a, b := i, j; a < b; a, b = a+1, b-1 {
					try[a], try[b] = try[b], try[a]
				}
				if length(try) < length(tour)-1e-6 {
					tour, better = try, true
				}
			}
		}
	}
	return tour
}
