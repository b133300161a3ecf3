package address

import (
	"strings"
	"unicode"
)

// mostText is how much of a text is read, in characters.
const mostText = 200

// normal brings a text to one way of writing: half-width digits and letters, no
// spaces between Chinese characters, no remarks in brackets, one kind of dash.
func normal(text string) string {
	var b strings.Builder
	depth, n := 0, 0
	var before rune
	for _, r := range text {
		if n++; n > mostText {
			break
		}
		switch {
		case r >= '！' && r <= '～': // full width
			r -= '！' - '!'
		case r == '　':
			r = ' '
		case r == '—' || r == '–' || r == '－' || r == '~' || r == '〜':
			r = '-'
		case r == '〇':
			r = '零'
		}
		switch r {
		case '(', '[', '【', '{':
			depth++
			continue
		case ')', ']', '】', '}':
			depth = max(0, depth-1)
			continue
		case ',', '。', ';', '、', '"', '\'', '·', ':', '|', '/', '“', '”':
			r = ' '
		}
		if depth > 0 || unicode.IsControl(r) && r != ' ' && r != '\t' && r != '\n' {
			continue
		}
		if unicode.IsSpace(r) {
			if before != ' ' {
				b.WriteRune(' ')
			}
			before = ' '
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return joined(strings.TrimSpace(b.String()))
}

// joined drops spaces that have a Chinese character or a digit at a side: they
// part nothing. Those between words of letters stay.
func joined(s string) string {
	rs := []rune(s)
	out := rs[:0:0]
	for i, r := range rs {
		if r == ' ' && i > 0 && i+1 < len(rs) && (unicode.Is(unicode.Han, rs[i-1]) || unicode.Is(unicode.Han, rs[i+1])) {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

var chineseDigits = map[rune]int{'零': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}

// numeral reads a Chinese number up to 9999, written with places (二十三) or digit
// by digit (二零一); false where the text is none.
func numeral(text string) (int, bool) {
	rs := []rune(text)
	if len(rs) == 0 || len(rs) > 8 {
		return 0, false
	}
	places, sum, digit, plain, any := map[rune]int{'十': 10, '百': 100, '千': 1000}, 0, 0, 0, false
	placed := false
	for _, r := range rs {
		if d, ok := chineseDigits[r]; ok {
			digit, plain, any = d, plain*10+d, true
			continue
		}
		p, ok := places[r]
		if !ok {
			return 0, false
		}
		if digit == 0 {
			digit = 1 // 十二
		}
		sum, digit, placed = sum+digit*p, 0, true
	}
	if placed {
		return sum + digit, true
	}
	return plain, any
}
