package siting

// An instance is a problem as the solvers see it: rows (points at a standard)
// and the candidates that cover them, and what else has to hold.
//
// With k units that cover it, a row is worth weight*worth[k]. A condition asks
// that the rows of its members that are covered at all weigh at least need.
type instance struct {
	p     *Problem
	units int // to be placed
	slots []int
	fixed []bool // of slots: may not be moved

	rows       []row
	covers     [][]int32 // [candidate]: rows
	by         [][]int32 // [row]: candidates
	conditions []condition
	stack      int
	worth      []float64 // [k], k up to units: what the model counts
	steps      int64     // of work done
}

type row struct {
	point   int32
	weight  float64
	members []member
}

// A member is a row's place in a condition.
type member struct {
	condition int32
	weight    float64
}

type condition struct {
	what string
	at   int
	need float64
	all  float64
}

// covering makes the instance of a covering model.
func covering(p *Problem) *instance {
	x := &instance{p: p, units: p.Posts, stack: p.stack(), worth: make([]float64, p.Posts+2)}
	for k := range x.worth {
		switch p.Model {
		case MCLP:
			x.worth[k] = min(float64(k), 1)
		case MEXCLP: // 1 - q^k
			q := 1.0
			for range k {
				q *= p.Busy
			}
			x.worth[k] = 1 - q
		case DSM:
			x.worth[k] = max(0, min(float64(k-1), 1))
		}
	}
	weights := p.Demand
	inner := x.addRows(p.Within, weights)
	x.addConditions(inner)
	x.covers = make([][]int32, len(p.Seconds))
	for i, js := range x.by {
		for _, j := range js {
			x.covers[j] = append(x.covers[j], int32(i))
		}
	}
	return x
}

// addRows makes a row of each point that some candidate reaches in time and
// returns the rows by point, -1 where there is none.
func (x *instance) addRows(within float64, weights []float64) []int32 {
	at := make([]int32, len(x.p.Demand))
	for i := range at {
		at[i] = -1
	}
	count := make([]int32, len(at))
	for _, seconds := range x.p.Seconds {
		for i, s := range seconds {
			if float64(s) <= within {
				count[i]++
			}
		}
	}
	total := 0
	for i, n := range count {
		if n > 0 {
			at[i] = int32(len(x.rows))
			r := row{point: int32(i)}
			if weights != nil {
				r.weight = weights[i]
			}
			x.rows = append(x.rows, r)
			x.by = append(x.by, nil)
			total += int(n)
		}
	}
	list := make([]int32, 0, total)
	for i, n := range count {
		if n > 0 {
			x.by[at[i]] = list[len(list) : len(list) : len(list)+int(n)]
			list = list[:len(list)+int(n)]
		}
	}
	for j, seconds := range x.p.Seconds {
		for i, s := range seconds {
			if float64(s) <= within {
				x.by[at[i]] = append(x.by[at[i]], int32(j))
			}
		}
	}
	return at
}

// addConditions turns must, floor and the two standards of DSM into conditions
// on rows.
func (x *instance) addConditions(inner []int32) {
	p := x.p
	add := func(c condition, rows []int32, weight func(point int) float64) {
		for i, r := range rows {
			if w := weight(i); r >= 0 && w > 0 {
				x.rows[r].members = append(x.rows[r].members, member{int32(len(x.conditions)), w})
			}
		}
		x.conditions = append(x.conditions, c)
	}
	for _, i := range p.Must {
		x.rows[inner[i]].members = append(x.rows[inner[i]].members, member{int32(len(x.conditions)), 1})
		x.conditions = append(x.conditions, condition{what: "must", at: i, need: 1, all: 1})
	}
	if p.Floor > 0 {
		for _, a := range areasOf(p) {
			all := 0.0
			for i, of := range p.Area {
				if of == a {
					all += p.Demand[i]
				}
			}
			if all > 0 {
				add(condition{what: "floor", at: a, need: p.Floor * all, all: all}, inner, func(i int) float64 {
					if p.Area[i] == a {
						return p.Demand[i]
					}
					return 0
				})
			}
		}
	}
	if p.Model == DSM {
		all := 0.0
		for _, d := range p.Demand {
			all += d
		}
		demand := func(i int) float64 { return p.Demand[i] }
		if p.Share > 0 {
			add(condition{what: "share", at: -1, need: p.Share * all, all: all}, inner, demand)
		}
		add(condition{what: "outer", at: -1, need: all, all: all}, x.addRows(p.Outer, nil), demand)
	}
}

func areasOf(p *Problem) []int {
	most := -1
	for _, a := range p.Area {
		most = max(most, a)
	}
	out := make([]int, most+1)
	for i := range out {
		out[i] = i
	}
	return out
}
