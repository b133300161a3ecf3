package layers

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"onemap/geo/where"
)

// textColumn is column for what only a text field can be asked.
func (l Layer) textColumn(field, what string, values ...string) (string, error) {
	col, typ, err := l.column(field)
	if err != nil {
		return "", err
	}
	if typ != "text" {
		return "", &InputError{Field: field, Remedy: what + " needs a text field"}
	}
	return col, sendable(field, values...)
}

// sendable refuses texts that PostgreSQL cannot hold, and so no row has.
func sendable(field string, values ...string) error {
	for _, v := range values {
		if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
			return &InputError{Field: field, Remedy: "text in UTF-8 without the character NUL"}
		}
	}
	return nil
}

// prefixSQL asks for texts that begin with prefix as a range of the
// text_pattern_ops index. LIKE would use that index only while the server
// plans with the value at hand, and it stops doing so after five executions.
func prefixSQL(col, prefix string, a *Args) string {
	if prefix == "" {
		return col + " IS NOT NULL"
	}
	last := prefix[len(prefix)-1]
	if last >= 0x7e { // the next text is not simply the next byte
		return fmt.Sprintf("starts_with(%s, %s::text)", col, a.Add(prefix))
	}
	next := prefix[:len(prefix)-1] + string(rune(last+1))
	return fmt.Sprintf("%s ~>=~ %s::text AND %s ~<~ %s::text", col, a.Add(prefix), col, a.Add(next))
}

func likeSQL(col string, c where.Like, a *Args) string {
	pattern := c.Pattern
	if c.Fold {
		col, pattern = foldSQL(col, a), where.Fold(pattern)
	}
	// To PostgreSQL a backslash at the end is an error, to us it is itself.
	if (len(pattern)-len(strings.TrimRight(pattern, `\`)))%2 == 1 {
		pattern += `\`
	}
	return col + " LIKE " + a.Add(pattern) + "::text"
}

// foldSQL writes [where.Fold] of a column. The collation C makes lower() mean
// A to Z in every database. translate looks each character up in a long list,
// so only texts that have such characters go through it: one pass of a regular
// expression finds out.
func foldSQL(col string, a *Args) string {
	t := foldTable()
	lower := "lower(" + col + ` COLLATE "C")`
	return fmt.Sprintf(`(CASE WHEN %s COLLATE "C" ~ %s::text THEN translate(%s, %s::text, %s::text) ELSE %s END)`,
		col, a.Add(t.class), lower, a.Add(t.from), a.Add(t.to), lower)
}

type folding struct{ from, to, class string }

// foldTable is [where.FoldTable] with the regular expression of a character
// that it replaces.
var foldTable = sync.OnceValue(func() folding {
	t := folding{}
	t.from, t.to = where.FoldTable()
	var b strings.Builder
	b.WriteByte('[')
	var first, last rune
	write := func() {
		if first > 0 {
			b.WriteRune(first)
			if last > first {
				b.WriteByte('-')
				b.WriteRune(last)
			}
		}
	}
	for _, r := range t.from { // in the order of the code points
		if r != last+1 {
			write()
			first = r
		}
		last = r
	}
	write()
	b.WriteByte(']')
	t.class = b.String()
	return t
})
