package linkage

import (
	"cmp"
	"slices"
	"strings"
)

// Limits of blocking. A word that more rows carry proposes no pairs by itself,
// and a row is compared with at most so many.
const (
	commonWord = 600
	mostByWord = 40
	mostAtSpot = 400
)

// An index finds the entries of the right register that a left one may be.
type index struct {
	right   []*entry
	lexicon *lexicon
	words   map[string][]int32 // of names, forms and areas left out
	sounds  map[string][]int32 // of brands, as heard
	heads   map[string][]int32 // the first characters of the core
	sites   map[string][]int32
	codes   map[string][]int32 // codes and numbers
	cells   map[cell][]int32
}

func newIndex(right []*entry, l *lexicon) *index {
	x := &index{right: right, lexicon: l, words: map[string][]int32{}, sounds: map[string][]int32{}, heads: map[string][]int32{},
		sites: map[string][]int32{}, codes: map[string][]int32{}, cells: map[cell][]int32{}}
	for i, e := range right {
		id := int32(i)
		e.keys(func(in string, key string) {
			m := map[string]map[string][]int32{"word": x.words, "sound": x.sounds, "head": x.heads, "site": x.sites, "code": x.codes}[in]
			if ids := m[key]; len(ids) == 0 || ids[len(ids)-1] != id {
				m[key] = append(ids, id)
			}
		})
		if e.placed {
			x.cells[e.cell] = append(x.cells[e.cell], id)
		}
	}
	return x
}

// keys are what an entry is found by.
func (e *entry) keys(put func(in, key string)) {
	for _, n := range e.names {
		for _, w := range n.Words {
			if w.Kind != Form && w.Kind != Area {
				put("word", w.Text)
			}
			if w.Kind == Brand && isHan(w.Text) {
				put("sound", byEar(w.Text))
				for _, two := range pairsOf(w.Text) {
					put("word", two)
				}
			}
		}
		if core := n.Core; len(core) >= 5 {
			put("head", head(core))
			if !isHan(core) {
				put("sound", byEar(core))
			}
		}
		if b := brandOf(n); !isHan(b) && b != "" {
			put("sound", byEar(b)) // HONG DA and HONGDA, for 宏达
		}
	}
	if e.site != "" {
		put("site", e.site)
		put("site", strings.TrimLeft(e.site, "NSEW")) // without its direction
	}
	if e.record.Code != "" {
		put("code", e.record.Code)
	}
	for _, n := range e.numbers {
		put("code", n)
	}
}

// brandOf joins the brand words of a name.
func brandOf(n Name) string {
	var b strings.Builder
	for _, w := range n.Words {
		if w.Kind == Brand {
			b.WriteString(w.Text)
		}
	}
	return b.String()
}

// pairsOf are the pairs of neighbouring characters of a Chinese brand: a
// misspelt one of three or more shares one with the right one.
func pairsOf(s string) []string {
	r := []rune(s)
	if len(r) < 3 {
		return nil
	}
	var out []string
	for i := range len(r) - 1 {
		out = append(out, string(r[i:i+2]))
	}
	return out
}

// head is the first five letters, or three characters, of a core.
func head(core string) string {
	n := 5
	if isHan(core) {
		n = 3
	}
	for i := range core {
		if n == 0 {
			return core[:i]
		}
		n--
	}
	return core
}

// candidates are the entries that e may be, in their order, without repetition.
func (x *index) candidates(e *entry) []int32 {
	var out []int32
	byWord := map[int32]float64{}
	e.keys(func(in, key string) {
		switch in {
		case "word":
			if ids := x.words[key]; len(ids) <= commonWord {
				worth := x.lexicon.rarity(len(ids))
				for _, id := range ids {
					byWord[id] += worth
				}
			}
		case "sound":
			out = append(out, capped(x.sounds[key], mostByWord)...)
		case "head":
			out = append(out, capped(x.heads[key], mostByWord)...)
		case "site":
			out = append(out, capped(x.sites[key], mostAtSpot)...)
		case "code":
			out = append(out, capped(x.codes[key], mostByWord)...)
		}
	})
	out = append(out, best(byWord, mostByWord)...)
	if e.placed {
		for dx := int32(-1); dx <= 1; dx++ {
			for dy := int32(-1); dy <= 1; dy++ {
				out = append(out, capped(x.cells[cell{e.cell.x + dx, e.cell.y + dy}], mostAtSpot)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func capped(ids []int32, most int) []int32 {
	if len(ids) > most {
		return nil // too common to propose anything
	}
	return ids
}

// best are the ids of the largest values.
func best(of map[int32]float64, most int) []int32 {
	ids := make([]int32, 0, len(of))
	for id := range of {
		ids = append(ids, id)
	}
	if len(ids) > most {
		slices.SortFunc(ids, func(a, b int32) int {
			if c := cmp.Compare(of[b], of[a]); c != 0 {
				return c
			}
			return cmp.Compare(a, b)
		})
		ids = ids[:most]
	}
	return ids
}
