package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"onemap/layers"
	"onemap/layers/access"
)

// A Query looks for resources. What it leaves empty is not asked; of several
// values one must hold.
type Query struct {
	Text     string   // words in Chinese, English or pinyin, full or first letters, or codes: each must be found
	Class    []string // or what is below them
	Provider []string
	Area     []string // or what is below them
	Share    []string
	Open     []string // yes, no
	Format   []string
	Cycle    []string
	Grading  []string
	Mounted  []string // yes, no
	Sight    []string // all, part, none
	Layer    string   // bound to it

	UpdatedFrom, UpdatedTo     time.Time // from <= updated < to
	PublishedFrom, PublishedTo string    // dates, inclusive
	PeriodFrom, PeriodTo       string    // dates, inclusive: what speaks of some of this time
	Withdrawn                  bool      // those, instead of those in force
	Drafts                     bool      // only those

	Sort   string // relevance (default where there is a text), updated, published, name, code
	Offset int
	Limit  int // 0: 20; at most 1000
}

// A Hit is a resource that a search found.
type Hit struct {
	Resource
	Matched []string // names of items in which words were found
}

// A Found is what a search found.
type Found struct {
	Total  int
	Loose  bool // nothing holds every word: these hold some of each
	Hits   []Hit
	Facets []Facet
}

// A Facet is how many results there would be with each of its values, all
// other things asked for as they are.
type Facet struct {
	Name   string
	Values []FacetValue // the most frequent first
}

// A FacetValue is one value of a facet.
type FacetValue struct {
	Value  string
	ZH, EN string // names, where the value is a code
	Count  int
}

// maxOffset is how far one may page: who wants more takes the whole as a file.
const maxOffset = 100_000

// Search finds resources that the caller may know of. It returns a
// [layers.InputError] for a bad query.
func (s *Store) Search(ctx context.Context, by access.Scope, q Query) (Found, error) {
	if err := q.check(); err != nil {
		return Found{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Found{}, err
	}
	x, err := s.current(ctx)
	if err != nil {
		return Found{}, err
	}
	return x.search(v, q), nil
}

func (q *Query) check() error {
	if err := layers.CheckText("q", q.Text, 200); err != nil {
		return err
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	if q.Limit < 1 || q.Limit > 1000 {
		return &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 1000"}
	}
	if q.Offset < 0 || q.Offset > maxOffset {
		return &layers.InputError{Field: "offset", Value: fmt.Sprint(q.Offset), Remedy: fmt.Sprintf("0 to %d", maxOffset)}
	}
	if q.Sort == "" {
		q.Sort = "relevance"
		if strings.TrimSpace(q.Text) == "" {
			q.Sort = "code"
		}
	}
	if !slices.Contains([]string{"relevance", "updated", "published", "name", "code"}, q.Sort) {
		return &layers.InputError{Field: "sort", Value: layers.Short(q.Sort), Remedy: "relevance, updated, published, name or code"}
	}
	for _, t := range []struct{ field, date string }{{"published_from", q.PublishedFrom}, {"published_to", q.PublishedTo}, {"period_from", q.PeriodFrom}, {"period_to", q.PeriodTo}} {
		if _, err := time.Parse(time.DateOnly, t.date); t.date != "" && err != nil {
			return &layers.InputError{Field: t.field, Value: layers.Short(t.date), Remedy: "a date: 2026-11-23"}
		}
	}
	return nil
}

// found is a doc that answers a query.
type found struct {
	d     *doc
	score int
	lines []int  // of its items, in which words were found
	sight string // of the viewer
}

func (x *index) search(v *viewer, q Query) Found {
	asked := words(fold(q.Text))
	hits := x.matching(v, q, asked)
	loose := false
	if len(hits) == 0 && len(asked) > 0 {
		hits = x.nearly(v, q, asked)
		loose = len(hits) > 0
	}
	counts := newCounts(q)
	kept := hits[:0]
	for _, h := range hits {
		if counts.add(h.d, h.sight) {
			kept = append(kept, h)
		}
	}
	order(kept, q.Sort)
	out := Found{Total: len(kept), Loose: loose, Facets: counts.facets(x)}
	for _, h := range kept[min(q.Offset, len(kept)):min(q.Offset+q.Limit, len(kept))] {
		hit := Hit{Resource: h.d.r}
		hit.Sight, hit.Mine = h.sight, mayEdit(v.by, h.d.r.Provider)
		hit.Items, hit.Files = []ResourceItem{}, []File{}
		if h.sight == SeeNone && !hit.Mine {
			hit.Address = ""
		}
		for _, l := range h.lines {
			hit.Matched = append(hit.Matched, h.d.itemNames[l])
		}
		out.Hits = append(out.Hits, hit)
	}
	return out
}

// matching are the resources that hold each word and that the viewer may know
// of, whatever the facets ask.
func (x *index) matching(v *viewer, q Query, asked []string) []found {
	pinyin := make([]bool, len(asked))
	for i, w := range asked {
		pinyin[i] = latin(w)
	}
	var hits []found
	x.candidates(asked, func(d *doc) {
		if !q.when(d) {
			return
		}
		f := found{d: d}
		for i, w := range asked {
			n, line := d.score(w, pinyin[i], v.staff)
			if n == 0 {
				return
			}
			f.score += n
			if line >= 0 && !slices.Contains(f.lines, line) {
				f.lines = append(f.lines, line)
			}
		}
		if !v.knows(d.h) {
			return
		}
		f.sight = v.sees(d.h)
		hits = append(hits, f)
	})
	return hits
}

// nearly are the resources that hold at least a quarter of the pairs of the
// words' Chinese characters, and two of them: for questions in the searcher's
// own words.
func (x *index) nearly(v *viewer, q Query, asked []string) []found {
	want := map[pair]bool{}
	for _, w := range asked {
		pairs(w, func(p pair) {
			if unicode.Is(unicode.Han, rune(p>>32)) && unicode.Is(unicode.Han, rune(p&0xffffffff)) {
				want[p] = true
			}
		})
	}
	enough := func(n int) bool { return n >= 2 && n*4 >= len(want) }
	if len(want) < 2 {
		return nil
	}
	have := map[int32]int{}
	for p := range want {
		for _, i := range x.where[p] {
			have[i]++
		}
	}
	var hits []found
	try := func(d *doc, n int) {
		if !enough(n) || !q.when(d) || !v.knows(d.h) {
			return
		}
		in := map[pair]bool{} // what the name holds counts twice
		pairs(d.name, func(p pair) {
			if want[p] {
				in[p] = true
			}
		})
		if !v.staff { // what only staff may search has not led here
			seen := map[pair]bool{}
			for _, t := range []string{d.name, d.abstract, d.provider, d.items[:d.public]} {
				pairs(t, func(p pair) { seen[p] = seen[p] || want[p] })
			}
			n = 0
			for _, ok := range seen {
				n += b2i(ok)
			}
			if !enough(n) {
				return
			}
		}
		hits = append(hits, found{d: d, score: n + len(in), sight: v.sees(d.h)})
	}
	for i, n := range have {
		if d := x.all[i]; !x.gone[d.r.ID] {
			try(d, n)
		}
	}
	for _, d := range x.fresh {
		in := map[pair]bool{}
		d.pairs(func(p pair) {
			if want[p] {
				in[p] = true
			}
		})
		try(d, len(in))
	}
	return hits
}

// when says whether a doc is of the times and of the state that are asked for.
func (q *Query) when(d *doc) bool {
	if q.Layer != "" && q.Layer != d.h.layer || q.Withdrawn != d.h.withdrawn || q.Drafts && d.h.published {
		return false
	}
	if !q.UpdatedFrom.IsZero() && d.updated.Before(q.UpdatedFrom) || !q.UpdatedTo.IsZero() && (d.updated.IsZero() || !d.updated.Before(q.UpdatedTo)) {
		return false
	}
	on := d.r.PublishedOn
	if q.PublishedFrom != "" && on < q.PublishedFrom || q.PublishedTo != "" && (on == "" || on > q.PublishedTo) {
		return false
	}
	// What says nothing of its time speaks of any.
	if q.PeriodFrom != "" && d.r.PeriodTo != "" && d.r.PeriodTo < q.PeriodFrom || q.PeriodTo != "" && d.r.PeriodFrom > q.PeriodTo {
		return false
	}
	return true
}

// order puts the best first, the rest so that it is the same each time.
func order(hits []found, by string) {
	slices.SortFunc(hits, func(a, b found) int {
		n := 0
		switch by {
		case "relevance":
			if n = b.score - a.score; n == 0 {
				n = len(a.d.name) - len(b.d.name)
			}
		case "updated":
			n = b.d.updated.Compare(a.d.updated)
		case "published":
			n = strings.Compare(b.d.r.PublishedOn, a.d.r.PublishedOn)
		case "name":
			n = strings.Compare(a.d.namePY.full, b.d.namePY.full) // as a Chinese reader looks names up
		}
		if n == 0 { // only now: most are told apart before
			n = strings.Compare(a.d.r.Code, b.d.r.Code)
		}
		return n
	})
}
