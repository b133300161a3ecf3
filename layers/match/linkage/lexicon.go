package linkage

import (
	"math"
	"strings"
	"unicode/utf8"
)

// A lexicon counts how often words, addresses and spots occur, so that
// agreement on a rare one weighs more than on a common one.
type lexicon struct {
	n     float64 // rows
	words map[string]int
	sites map[string]int // by [Address.site]
	cells map[cell]int
}

func newLexicon() *lexicon {
	return &lexicon{words: map[string]int{}, sites: map[string]int{}, cells: map[cell]int{}}
}

func (l *lexicon) add(e *entry) {
	l.n++
	seen := map[string]bool{}
	for _, n := range e.names {
		for _, w := range n.Words {
			if !seen[w.Text] {
				seen[w.Text] = true
				l.words[w.Text]++
			}
		}
	}
	if e.site != "" {
		l.sites[e.site]++
	}
	if e.placed {
		l.cells[e.cell]++
	}
}

// unseen is how many rows are thought to lie beside the registers: a word that
// occurs once in a register of ten is not one in ten of all names.
const unseen = 1000

// usual is how often a word of each kind occurs in the rows that are not seen.
var usual = [...]float64{Brand: 0.0002, Trade: 0.025, Form: 0.2, Area: 0.1, Branch: 0.0005}

// rarity is how many bits agreement on something found in count rows is worth.
func (l *lexicon) rarity(count int) float64 {
	return math.Log2((l.n + unseen) / float64(max(count, 1)))
}

// rarityOf is that of a word.
func (l *lexicon) rarityOf(w Word) float64 {
	return math.Log2((l.n + unseen) / (float64(max(l.words[w.Text], 1)) + unseen*usual[w.Kind]))
}

// How much a word of each kind weighs of what its rarity says: forms and
// areas are written or left out at will, and trades are named loosely.
var kindWeight = [...]float64{Brand: 1, Trade: 0.6, Form: 0.12, Area: 0.2, Branch: 0.9}

// weigh gives each word of a name its weight in bits.
func (l *lexicon) weigh(n *Name) weighed {
	w := weighed{Name: n, weights: make([]float64, len(n.Words))}
	for i, word := range n.Words {
		w.weights[i] = l.rarityOf(word) * kindWeight[word.Kind]
		w.sum += w.weights[i]
	}
	return w
}

// weighed is a name with the bits of each of its words.
type weighed struct {
	*Name
	weights []float64
	sum     float64
}

// learnAreas finds the divisions that names carry in front without their last
// character: 义乌 is one if 义乌市 occurs as such and one name in two hundred
// or more begins with it.
func learnAreas(registers [][]Record, known map[string]bool) map[string]bool {
	heads, whole, names := map[string]int{}, map[string]bool{}, 0
	for _, records := range registers {
		for _, r := range records {
			for _, name := range append(r.Names[:len(r.Names):len(r.Names)], r.Address) {
				s := strings.ReplaceAll(Fold(name), " ", "")
				if !isHan(s) {
					continue
				}
				names++
				for n, at := 0, 0; n < 3 && at < len(s); n++ {
					_, size := utf8.DecodeRuneInString(s[at:])
					at += size
					if n < 1 {
						continue
					}
					heads[s[:at]]++
					if after, _ := utf8.DecodeRuneInString(s[at:]); strings.ContainsRune("省市县", after) && !hasSuffixOf(s[:at]+string(after), notAreas) {
						whole[s[:at]] = true
					}
				}
			}
		}
	}
	areas := map[string]bool{}
	add := func(a string) {
		areas[a] = true
		if isHan(a) {
			areas[Pinyin(a)] = true // in names of Latin script
		}
	}
	for a := range known {
		add(a)
	}
	for a := range whole {
		if heads[a]*200 >= names {
			add(a)
		}
	}
	return areas
}
