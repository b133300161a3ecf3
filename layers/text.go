package layers

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckText refuses a text of more than most characters, and what PostgreSQL
// cannot keep: broken UTF-8 and the character NUL.
func CheckText(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return &InputError{Field: field, Value: Short(text), Remedy: fmt.Sprintf("at most %d characters (it has %d)", most, n)}
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return &InputError{Field: field, Remedy: "text in UTF-8 without the character NUL"}
	}
	return nil
}

// Cut returns the first most characters of a text.
func Cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// Unformula keeps a spreadsheet from running a text: one that begins like a
// formula gets a quote before it (CWE-1236). In Chinese, signs of full width
// begin one too.
func Unformula(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

// Bare takes off again what [Unformula] puts before a text.
func Bare(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && Unformula(rest) != rest {
		return rest
	}
	return text
}

// Short cuts a text for an error message.
func Short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
