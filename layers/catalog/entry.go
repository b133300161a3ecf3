package catalog

import (
	"slices"
	"strings"
	"time"

	"onemap/layers"
)

// Facets, in the order in which they are told.
const (
	byKind     = iota // 类: the class's first digit
	byClass           // 项: its first three
	byProvider        // organisation code
	byArea            // division code
	byShare
	byOpen
	byFormat
	byCycle
	byGrading
	byMounted
	bySight // of the caller; not kept with the resource
	facets
)

var facetNames = [facets]string{"kind", "class", "provider", "area", "share", "open", "format", "update_cycle", "grading", "mounted", "sight"}

// A doc is a resource as the index has it. It never changes.
type doc struct {
	r       Resource // without items, files, and what depends on a caller
	h       head
	values  [facets]string
	updated time.Time

	// Folded texts. items has a line for each item, of public ones first.
	name, nameEN, abstract, provider, class, area, items string
	public                                               int // length of items that are public
	namePY, providerPY                                   spelling
	itemsPY                                              []spelling
	itemNames                                            []string // as they are written, in the order of items
}

func newDoc(r Resource, classNames, areaNames map[string]string, py *speller) *doc {
	d := &doc{r: r, h: r.head(), name: fold(r.NameZH), nameEN: fold(r.NameEN), abstract: fold(r.Abstract), provider: fold(r.ProviderZH) + "\n" + fold(r.ProviderEN)}
	if r.UpdatedAt != nil {
		d.updated = *r.UpdatedAt
	}
	d.namePY, d.providerPY = py.spell(d.name), py.spell(fold(r.ProviderZH))
	for n := 1; n <= len(r.Class); n++ {
		if name := classNames[r.Class[:n]]; name != "" {
			d.class += fold(name) + "\n"
		}
	}
	for n := 1; n <= len(r.AreaCode); n++ {
		if name := areaNames[r.AreaCode[:n]]; name != "" {
			d.area += fold(name) + "\n"
		}
	}
	items := slices.Clone(r.Items)
	slices.SortStableFunc(items, func(a, b ResourceItem) int {
		return b2i(b.Sensitivity == layers.Public) - b2i(a.Sensitivity == layers.Public)
	})
	var lines strings.Builder
	for _, it := range items {
		zh := fold(it.NameZH)
		lines.WriteString(zh)
		for _, other := range []string{fold(it.NameEN), fold(it.Key)} {
			if other != "" && other != zh {
				lines.WriteByte('\t') // no text folded has one
				lines.WriteString(other)
			}
		}
		lines.WriteByte('\n')
		if it.Sensitivity == layers.Public {
			d.public = lines.Len()
		}
		d.itemsPY = append(d.itemsPY, py.spell(zh))
		d.itemNames = append(d.itemNames, it.NameZH)
	}
	d.items = lines.String()
	mounted, open := "no", "no"
	if r.Mounted {
		mounted = "yes"
	}
	if r.Open {
		open = "yes"
	}
	d.values = [facets]string{r.Class[:1], r.Class[:min(3, len(r.Class))], r.Provider, r.AreaCode, r.Share, open, r.Format, r.UpdateCycle, r.Grading, mounted, ""}
	d.r.Items, d.r.Files = nil, nil
	return d
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pairs calls f for each pair of all that the doc may be found by.
func (d *doc) pairs(f func(pair)) {
	for _, t := range []string{d.r.Code, d.name, d.nameEN, d.abstract, d.provider, d.class, d.area, d.items,
		d.namePY.full, d.namePY.initials, d.providerPY.full, d.providerPY.initials} {
		pairs(t, f)
	}
	for _, s := range d.itemsPY {
		pairs(s.full, f)
		pairs(s.initials, f)
	}
}

// score says how well the doc answers one folded word, 0 where not at all, and
// which line of its items did, -1 where none. staff also search the names of
// items that are not public.
func (d *doc) score(word string, pinyin, staff bool) (int, int) {
	switch {
	case d.r.Code == word:
		return 120, -1
	case d.name == word:
		return 100, -1
	}
	best, line := 0, -1
	if i := strings.Index(d.name, word); i == 0 {
		best = 90
	} else if i > 0 {
		best = 80
	}
	if best == 0 {
		switch {
		case strings.HasPrefix(d.r.Code, word):
			best = 75
		case strings.Contains(d.nameEN, word):
			best = 70
		}
	}
	if best == 0 && pinyin {
		best = [4]int{0, 50, 65, 72}[d.namePY.holds(word)]
	}
	if best > 0 {
		return best, -1
	}
	switch {
	case strings.Contains(d.provider, word):
		return 45, -1
	case strings.Contains(d.class, word), strings.Contains(d.area, word):
		return 40, -1
	}
	items, n := d.items, len(d.itemsPY)
	if !staff {
		items = items[:d.public]
		n = strings.Count(items, "\n")
	}
	if i := strings.Index(items, word); i >= 0 {
		return 35, strings.Count(items[:i], "\n")
	}
	if pinyin {
		if p := d.providerPY.holds(word); p > 0 {
			return 20 + p, -1
		}
		for i, s := range d.itemsPY[:n] {
			if p := s.holds(word); p > best {
				best, line = p, i
			}
		}
		if best > 0 {
			return 10 + best, line
		}
	}
	if strings.Contains(d.abstract, word) {
		return 8, -1
	}
	return 0, -1
}
