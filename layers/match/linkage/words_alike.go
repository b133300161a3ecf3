package linkage

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// alike says how much two words are the same, 0 to 1, and in which way.
func alike(a, b Word) (float64, Level) {
	if a.Text == b.Text {
		return 1, Same
	}
	hanA, hanB := isHan(a.Text), isHan(b.Text)
	switch {
	case hasDigit(a.Text) || hasDigit(b.Text):
		return 0, Different // a number that is nearly right is another number
	case hanA && hanB:
		return hanAlike(a, b)
	case hanA:
		return acrossLanguages(a, b)
	case hanB:
		return acrossLanguages(b, a)
	}
	return latinAlike(a.Text, b.Text)
}

// hanAlike compares words of Chinese characters: as heard, as shortened, with
// one character wrong.
func hanAlike(a, b Word) (float64, Level) {
	if Pinyin(a.Text) == Pinyin(b.Text) {
		return 0.9, SameSound
	}
	na, nb := utf8.RuneCountInString(a.Text), utf8.RuneCountInString(b.Text)
	short, long := a.Text, b.Text
	if na > nb {
		short, long, na, nb = long, short, nb, na
	}
	if na < 2 {
		return 0, Different
	}
	if strings.Contains(long, short) {
		return 0.6 + 0.35*float64(na)/float64(nb), Shortened
	}
	if byEar(short) == byEar(long) {
		return 0.85, SameSound
	}
	if na >= 3 && nb > na && inOrder(short, long) {
		return 0.5 + 0.35*float64(na)/float64(nb), Shortened
	}
	d := levenshtein.ComputeDistance(short, long)
	switch {
	case d == 1 && nb >= 3:
		return 0.55 + 0.1*float64(min(nb, 5)-3), Similar
	case d == 2 && nb >= 6:
		return 0.5, Similar
	}
	return 0, Different
}

// inOrder says whether short is long with characters left out, from the same
// first one on: 市监局 of 市市场监督管理局.
func inOrder(short, long string) bool {
	first, _ := utf8.DecodeRuneInString(short)
	if f, _ := utf8.DecodeRuneInString(long); f != first {
		return false
	}
	rest := []rune(short)
	for _, r := range long {
		if len(rest) > 0 && r == rest[0] {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

// acrossLanguages compares a Chinese word with a Latin one: by its sound, or
// by what the trade is called.
func acrossLanguages(han, latin Word) (float64, Level) {
	if Pinyin(han.Text) == latin.Text {
		return 0.85, OtherLanguage
	}
	if slices.Contains(trades[han.Text], latin.Text) {
		return 0.8, OtherLanguage
	}
	return 0, Different
}

// latinAlike compares words of letters: shortened (REST for RESTAURANT), or
// misspelt.
func latinAlike(a, b string) (float64, Level) {
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(short) >= 3 && strings.HasPrefix(long, short) {
		if len(long)-len(short) <= 2 {
			return 0.92, Similar // a plural, an ending
		}
		return 0.55 + 0.35*float64(len(short))/float64(len(long)), Shortened
	}
	if len(short) < 4 || len(long)-len(short) > 2 {
		return 0, Different
	}
	d := levenshtein.ComputeDistance(short, long)
	switch {
	case d == 1:
		return 0.9, Similar
	case d == 2 && len(long) >= 7:
		return 0.75, Similar
	}
	return 0, Different
}
