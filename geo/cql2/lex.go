package cql2

import (
	"strings"
)

type kind int

const (
	end     kind = iota
	name         // an identifier or a keyword
	quoted       // an identifier in double quotes
	number       // without a sign
	literal      // a text in single quotes, as written between them
	symbol       // = <> < > <= >= ( ) , + - * / % ^
)

// A token is one word of the filter.
type token struct {
	kind  kind
	text  string // of name: as written; of literal and quoted: what is between the quotes
	upper string // of name: in capitals; of symbol: as it is
	at    int    // its first character, from 1
}

// show is how an error names a token.
func (t token) show() string {
	switch t.kind {
	case end:
		return "the end"
	case literal:
		return "'" + short(t.text) + "'"
	case quoted:
		return `"` + short(t.text) + `"`
	}
	return short(t.text)
}

func short(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}

// reader reads the filter, one token ahead.
type reader struct {
	builder
	text []rune
	i    int // what follows tok
	tok  token
}

// next reads the next token into tok.
func (r *reader) next() {
	for r.i < len(r.text) && isSpace(r.text[r.i]) {
		r.i++
	}
	from := r.i
	r.tok = token{at: from + 1}
	if from == len(r.text) {
		return
	}
	c := r.text[from]
	switch {
	case isStart(c):
		for r.i < len(r.text) && isPart(r.text[r.i]) {
			r.i++
		}
		r.tok.kind, r.tok.text = name, string(r.text[from:r.i])
		r.tok.upper = strings.ToUpper(r.tok.text)
	case c == '"':
		r.tok.kind = quoted
		for r.i++; r.i < len(r.text) && r.text[r.i] != '"'; r.i++ {
		}
		if r.i == len(r.text) {
			r.fail(from+1, `the name that begins here has no closing "`, `write "name"`)
		}
		r.tok.text = string(r.text[from+1 : r.i])
		r.i++
	case c == '\'':
		r.literal()
	case isDigit(c) || c == '.' && from+1 < len(r.text) && isDigit(r.text[from+1]):
		r.number()
	default:
		r.i++
		r.tok.kind = symbol
		if r.i < len(r.text) && (c == '<' && (r.text[r.i] == '>' || r.text[r.i] == '=') || c == '>' && r.text[r.i] == '=') {
			r.i++
		}
		r.tok.text = string(r.text[from:r.i])
		r.tok.upper = r.tok.text
		if !strings.ContainsRune("=<>(),+-*/%^", c) {
			wrong := "found " + string(c)
			switch c {
			case '!':
				r.fail(from+1, wrong, "write <> for unequal, NOT for the opposite")
			case '‘', '’', '“', '”', '`':
				r.fail(from+1, wrong, "write texts between two ' and names as they are, or between two \"")
			case '（', '）', '，', '＝', '＜', '＞':
				r.fail(from+1, wrong, "write it as a half-width character")
			}
			if c < ' ' || c == 0x7f {
				wrong = "found a control character"
			}
			r.fail(from+1, wrong, "write fields, values, operators and parentheses")
		}
	}
}

// literal reads a text up to its closing quote; ” and \' do not close it.
func (r *reader) literal() {
	from := r.i
	r.tok.kind = literal
	for r.i++; r.i < len(r.text); r.i++ {
		switch c := r.text[r.i]; {
		case c == '\\' && r.i+1 < len(r.text):
			r.i++
		case c == '\'' && r.i+1 < len(r.text) && r.text[r.i+1] == '\'':
			r.i++
		case c == '\'':
			r.tok.text = string(r.text[from+1 : r.i])
			r.i++
			return
		}
	}
	r.fail(from+1, "the text that begins here has no closing '", `write 'text'; a ' within it is '', a \ is \\`)
}

// number reads digits, a point, digits and an exponent.
func (r *reader) number() {
	from := r.i
	digits := func() {
		for r.i < len(r.text) && isDigit(r.text[r.i]) {
			r.i++
		}
	}
	digits()
	if r.i < len(r.text) && r.text[r.i] == '.' {
		r.i++
		digits()
	}
	if r.i < len(r.text) && (r.text[r.i] == 'e' || r.text[r.i] == 'E') {
		j := r.i + 1
		if j < len(r.text) && (r.text[j] == '+' || r.text[j] == '-') {
			j++
		}
		if j < len(r.text) && isDigit(r.text[j]) {
			r.i = j
			digits()
		}
	}
	r.tok.kind, r.tok.text = number, string(r.text[from:r.i])
}

// plain makes a literal's text what it stands for (/req/cql2-text/escaping).
func plain(s string) string { return unescape(s, false) }

// pattern does the same for the right side of LIKE, in which \%, \_ and \\
// stay as they are: they say that no wildcard is meant.
func pattern(s string) string { return unescape(s, true) }

func unescape(s string, like bool) string {
	if !strings.ContainsAny(s, `'\`) {
		return s
	}
	var b strings.Builder
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		c := rs[i]
		if c == '\'' { // the first of two
			i++
			b.WriteByte('\'')
			continue
		}
		if c != '\\' || i+1 == len(rs) {
			b.WriteRune(c)
			continue
		}
		i++
		switch c = rs[i]; {
		case strings.ContainsRune("abtnvfr", c):
			b.WriteByte("\a\b\t\n\v\f\r"[strings.IndexRune("abtnvfr", c)])
		case c == '\'':
			b.WriteByte('\'')
		case c == '\\' && !like:
			b.WriteByte('\\')
		case like && (c == '\\' || c == '%' || c == '_'):
			b.WriteByte('\\')
			b.WriteRune(c)
		case like: // \x is an x that could have been written without the backslash
			b.WriteRune(c)
		default:
			b.WriteByte('\\')
			b.WriteRune(c)
		}
	}
	return b.String()
}

// The characters of annex B. The ranges of identifiers are those of XML names.

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

func isSpace(c rune) bool {
	return '\t' <= c && c <= '\r' || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || 0x2000 <= c && c <= 0x200a ||
		c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000
}

var starts = [][2]rune{{':', ':'}, {'_', '_'}, {'A', 'Z'}, {'a', 'z'}, {0xc0, 0xd6}, {0xd8, 0xf6}, {0xf8, 0x2ff}, {0x370, 0x37d}, {0x37f, 0x1fff},
	{0x200c, 0x200d}, {0x2070, 0x218f}, {0x2c00, 0x2fef}, {0x3001, 0xd7ff}, {0xf900, 0xfdcf}, {0xfdf0, 0xfefe}, {0xff21, 0xfffc}, {0x10000, 0xeffff}}

func isStart(c rune) bool {
	for _, r := range starts {
		if r[0] <= c && c <= r[1] {
			return !isSpace(c)
		}
	}
	return false
}

func isPart(c rune) bool {
	return isStart(c) || c == '.' || isDigit(c) || 0x300 <= c && c <= 0x36f || 0x203f <= c && c <= 0x2040
}
