package linkage

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes a text the one way it is compared: full-width letters and signs
// as narrow ones, no accents, capitals, brackets as (), & as AND, apostrophes
// dropped so that WALDO'S is WALDOS, every other sign a space, single spaces.
// Han characters stay as they are.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := true
	put := func(r rune) {
		b.WriteRune(r)
		space = false
	}
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '‘', r == '`', r == '´':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			put(unicode.ToUpper(r))
		case r == '&':
			if !space {
				b.WriteByte(' ')
			}
			b.WriteString("AND ")
			space = true
		case r == '(', r == '〔', r == '【', r == '[':
			put('(')
		case r == ')', r == '〕', r == '】', r == ']':
			put(')')
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSpace(b.String())
}

// squash keeps letters and digits alone: the form in which a spelling with
// other spaces and signs is the same.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// isHan says whether a word is written in Chinese characters.
func isHan(s string) bool {
	for _, r := range s {
		return unicode.Is(unicode.Han, r)
	}
	return false
}

// hasDigit says whether a word has a digit.
func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
