package linkage

// manyToOne gives each left row its best right row, whoever else has it.
func (p *prepared) manyToOne(found [][]scored, left, right []Record, o Options) []Pair {
	byPerson := decisions(o.Decided)
	var pairs []Pair
	for i, candidates := range found {
		for _, row := range p.left[i].rows {
			key := left[row].Key
			said := byPerson.left[key]
			if said.same {
				continue // the person's link is theirs
			}
			pairs = append(pairs, p.bestOf(key, candidates, right, said.not, o)...)
		}
	}
	return pairs
}

// bestOf decides about one left row: one link, or up to three pairs for a
// person, or nothing.
func (p *prepared) bestOf(key string, candidates []scored, right []Record, not map[string]bool, o Options) []Pair {
	var odds []float64
	var houses, keys []string
	var left []scored
	for _, c := range candidates {
		e := p.right[c.right]
		for _, row := range e.rows { // rows of equal content: the first that nobody ruled out
			if k := right[row].Key; !not[k] {
				left, odds, houses, keys = append(left, c), append(odds, c.odds), append(houses, e.house), append(keys, k)
				break
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	any := 0.0
	var pairs []Pair
	for i, c := range left {
		score, rivals := among(i, odds, houses)
		if i == 0 && score >= o.LinkAt {
			return []Pair{{Key: Key{key, keys[i]}, Verdict: Link, Score: score, Rank: 1, Reasons: c.reasons}}
		}
		if i == 0 || houses[i] != houses[i-1] {
			any += score
		}
		if score < 0.05 || len(pairs) == 3 {
			continue
		}
		pairs = append(pairs, Pair{Key: Key{key, keys[i]}, Verdict: Review, Score: score, Rank: i + 1, Reasons: withRivals(c.reasons, c.odds, score, rivals)})
	}
	if any < o.ReviewAt {
		return nil
	}
	return pairs
}

// said is what people decided about a row.
type said struct {
	same bool            // it is somebody's
	not  map[string]bool // rows of the other register that it is not
}

// saidOf is the decisions by the rows of either register.
type saidOf struct{ left, right map[string]said }

func decisions(decided map[Key]bool) saidOf {
	s := saidOf{map[string]said{}, map[string]said{}}
	note := func(of map[string]said, key, other string, same bool) {
		d := of[key]
		if same {
			d.same = true
		} else {
			if d.not == nil {
				d.not = map[string]bool{}
			}
			d.not[other] = true
		}
		of[key] = d
	}
	for k, same := range decided {
		note(s.left, k.Left, k.Right, same)
		note(s.right, k.Right, k.Left, same)
	}
	return s
}
