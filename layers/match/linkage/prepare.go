package linkage

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// An entry is a record made ready for comparing, once for all rows that say
// the same.
type entry struct {
	record  *Record
	rows    []int // of the register, with equal content
	names   []Name
	weighed []weighed
	address Address
	site    string
	numbers []string
	placed  bool
	cell    cell
	// house is what tells establishments apart where a register has several rows
	// of one: the main name and the house.
	house string
}

// A cell is about 50 m to its side.
type cell struct{ x, y int32 }

// cellDegrees is 50 m of latitude; cells are narrower away from the equator,
// so neighbours are looked at by distance.
const cellDegrees = 0.00045

func cellOf(p orb.Point) cell {
	return cell{int32(math.Floor(p[0] / cellDegrees)), int32(math.Floor(p[1] / cellDegrees))}
}

// prepared is both registers, ready.
type prepared struct {
	left, right []*entry
	lexicon     *lexicon // of the right register's entries and the left's together
	onRight     *lexicon // of the right register alone: how many rows share an address
}

// prepare reads both registers. It returns an error for a key that is empty or
// stands twice.
func prepare(left, right []Record, known map[string]bool) (*prepared, error) {
	areas, branches := learnAreas([][]Record{left, right}, known), learnBranches(left, right)
	p := &prepared{lexicon: newLexicon(), onRight: newLexicon()}
	var err error
	if p.left, err = entries("left", left, areas, branches); err != nil {
		return nil, err
	}
	if p.right, err = entries("right", right, areas, branches); err != nil {
		return nil, err
	}
	for _, e := range p.right {
		p.lexicon.add(e)
		p.onRight.add(e)
	}
	for _, e := range p.left {
		p.lexicon.add(e)
	}
	for _, side := range [][]*entry{p.left, p.right} {
		for _, e := range side {
			for i := range e.names {
				e.weighed = append(e.weighed, p.lexicon.weigh(&e.names[i]))
			}
		}
	}
	return p, nil
}

func entries(side string, records []Record, areas, branches map[string]bool) ([]*entry, error) {
	var out []*entry
	byContent, keys := map[string]*entry{}, make(map[string]bool, len(records))
	for i := range records {
		r := &records[i]
		if r.Key == "" || keys[r.Key] {
			return nil, fmt.Errorf("row %d of the %s register: key %q is empty or stands twice", i+1, side, r.Key)
		}
		keys[r.Key] = true
		content := contentOf(r)
		if e := byContent[content]; e != nil {
			e.rows = append(e.rows, i)
			continue
		}
		e := newEntry(r, areas, branches)
		e.rows = []int{i}
		byContent[content] = e
		out = append(out, e)
	}
	return out, nil
}

func contentOf(r *Record) string {
	place := ""
	if r.Place != nil {
		place = fmt.Sprintf("%.6f %.6f", r.Place[0], r.Place[1])
	}
	return strings.Join([]string{strings.Join(r.Names, "\x1f"), r.Address, r.Code, strings.Join(r.Numbers, "\x1f"), place}, "\x1e")
}

func newEntry(r *Record, areas, branches map[string]bool) *entry {
	e := &entry{record: r}
	for _, text := range r.Names {
		n := parseName(text, areas, branches)
		if n.Core != "" && (len(e.names) == 0 || e.names[0].Folded != n.Folded) {
			e.names = append(e.names, n)
		}
	}
	e.address = ParseAddress(r.Address, areas)
	e.site = e.address.site()
	for _, n := range r.Numbers {
		if n = squash(Fold(n)); len(n) >= 4 {
			e.numbers = append(e.numbers, n)
		}
	}
	if len(r.Code) == 18 {
		e.numbers = append(e.numbers, r.Code[8:17]) // the organisation code in it
	}
	if r.Place != nil {
		e.placed, e.cell = true, cellOf(*r.Place)
	}
	if len(e.names) > 0 {
		e.house = e.names[0].Core + "|" + e.site
	}
	return e
}
