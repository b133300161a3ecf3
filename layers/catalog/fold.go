package catalog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold makes equal what a searcher takes for equal: full and half width, upper
// and lower case. Blanks between Chinese characters go, all others become one.
func fold(text string) string {
	text = strings.ToLower(norm.NFKC.String(text))
	var b strings.Builder
	b.Grow(len(text))
	var last rune
	blank := false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			blank = true
			continue
		}
		if blank && b.Len() > 0 && !(unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, r)) {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// words cuts a folded query: each word must be found.
func words(text string) []string {
	all := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",、,;;。|", r) })
	if len(all) > maxWords {
		all = all[:maxWords]
	}
	return all
}

// maxWords of a query count.
const maxWords = 12

// latin says whether a word may be pinyin: letters and digits only, a letter first.
func latin(word string) bool {
	for i, r := range word {
		if !(r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return len(word) >= 2
}

// A pair is two characters that follow each other in a text: what the index
// finds candidates by. A word of two Chinese characters is one.
type pair uint64

// pairs calls f for each pair of a text, none across a line.
func pairs(text string, f func(pair)) {
	last := rune(-1)
	for _, r := range text {
		if r == '\n' {
			last = -1
			continue
		}
		if last >= 0 {
			f(pair(last)<<32 | pair(r))
		}
		last = r
	}
}
