package where

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns s without the difference of upper and lower case: each character
// is replaced by one that stands for all its cases, by Unicode's simple case
// folding (CaseFolding.txt, statuses C and S), which is the same in every
// language: I is i, and the Turkish İ and ı stay what they are. Full-width
// letters are folded among themselves.
//
// It is ours, not the database's: lower() depends on the database's locale, and
// on the Unicode version of its C library. [FoldTable] lets SQL do the same.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

// foldRune returns the character that stands for all cases of r: the ASCII
// small letter if there is one, else the first of those that are small.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	next := unicode.SimpleFold(r)
	if next == r { // Chinese, and all that has no case
		return r
	}
	best := rune(-1)
	for c, first := r, true; first || c != r; c = unicode.SimpleFold(c) {
		first = false
		if small := unicode.ToLower(c) == c; small && (best < 0 || c < best) {
			best = c
		}
	}
	if best < 0 {
		return min(r, next)
	}
	return best
}

// FoldTable returns the characters beyond ASCII that [Fold] replaces, and what
// it replaces them by, in the same order.
func FoldTable() (from, to string) {
	var f, t strings.Builder
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if c := foldRune(r); c != r {
			f.WriteRune(r)
			t.WriteRune(c)
		}
	}
	return f.String(), t.String()
}
