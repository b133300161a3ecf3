package address

import (
	"slices"
	"strings"
)

// grams are the pairs of neighbouring characters of a text, as the database's
// onemap.address_grams makes them, without the beginnings of words: so a name
// that holds the text has them all. A text of one character is a beginning.
func grams(text string) []string {
	var out []string
	for _, word := range strings.Fields(strings.ToLower(text)) {
		rs := []rune(word)
		if len(rs) == 1 {
			out = append(out, "^"+word)
		}
		for i := 1; i < len(rs); i++ {
			out = append(out, string(rs[i-1:i+1]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leastLikeness is how like a name must be to what was written.
const leastLikeness = 0.5

// likeness is twice the share of common pairs of characters (Dice), 0 to 1;
// the beginnings count as pairs, so that names of two characters have two.
func likeness(a, b string) float64 {
	ga, gb := pairs(a), pairs(b)
	if len(ga)+len(gb) == 0 {
		return 0
	}
	common := 0
	for _, g := range ga {
		if slices.Contains(gb, g) {
			common++
		}
	}
	return 2 * float64(common) / float64(len(ga)+len(gb))
}

func pairs(text string) []string {
	rs := []rune("^" + strings.ToLower(text) + "$")
	var out []string
	for i := 1; i < len(rs); i++ {
		out = append(out, string(rs[i-1:i+1]))
	}
	return out
}
