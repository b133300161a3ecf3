package where

import (
	"strings"
	"unicode/utf8"
)

// holds says whether s as a whole is as the pattern. The work is at most
// len(s) * len(Pattern): only the last % is ever gone back to.
func (c Like) holds(s string) bool {
	p := c.Pattern
	if c.Fold {
		s, p = Fold(s), Fold(p)
	}
	backP, backS := -1, 0 // what follows the last %, and where its run may end next
	i, j := 0, 0          // in s and in p
	for i < len(s) {
		if j < len(p) {
			if p[j] == '%' {
				j++
				backP, backS = j, i
				continue
			}
			lit, one, n := patternRune(p[j:])
			r, size := utf8.DecodeRuneInString(s[i:])
			if one || lit == r {
				i, j = i+size, j+n
				continue
			}
		}
		if backP < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[backS:])
		backS += size
		i, j = backS, backP
	}
	for j < len(p) && p[j] == '%' {
		j++
	}
	return j == len(p)
}

// patternRune reads one character of a pattern that does not begin with %: the
// character it stands for, whether it is _ and stands for any, and its bytes.
func patternRune(p string) (lit rune, one bool, n int) {
	switch {
	case p[0] == '_':
		return 0, true, 1
	case p[0] == '\\' && len(p) > 1:
		r, size := utf8.DecodeRuneInString(p[1:])
		return r, false, size + 1
	}
	r, size := utf8.DecodeRuneInString(p)
	return r, false, size
}

// EscapeLike returns the pattern that only the text s is like.
func EscapeLike(s string) string { return likeEscaper.Replace(s) }

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Plain returns the text that is the pattern's beginning up to its first
// wildcard, and what kind of pattern it is: whole, where there is no wildcard;
// prefix, where there is one % and it ends the pattern.
func (c Like) Plain() (text string, whole, prefix bool) {
	var b strings.Builder
	for p := c.Pattern; p != ""; {
		if p[0] == '%' {
			return b.String(), false, p == "%"
		}
		lit, one, n := patternRune(p)
		if one {
			return b.String(), false, false
		}
		b.WriteRune(lit)
		p = p[n:]
	}
	return b.String(), true, false
}
