package intake

import (
	"fmt"
	"strings"

	"onemap/layers"
)

// maxRecord is how long one row of CSV may be, in bytes. A quote that is still
// open after it is taken for a slip: the row is rejected and reading goes on
// at the next line, so that one slip does not swallow the file.
const maxRecord = 1 << 18

// How the first record of a text ends.
type ending uint8

const (
	ended   ending = iota // with a line break
	cutOff                // with the text: right at the end of a file
	unended               // a quote is open
)

// endOfRecord returns where the first record of s ends, behind its line
// break. Quotes count only at the beginning of a field, so that a bare one, as
// in 12' 6" pipe, is a character like others.
func endOfRecord(s string, delim byte) (end int, how ending) {
	nl := strings.IndexByte(s, '\n')
	if nl >= 0 && strings.IndexByte(s[:nl], '"') < 0 {
		return nl + 1, ended
	}
	atStart := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case atStart && c == '"':
			for i++; ; i++ { // to the closing quote
				j := strings.IndexByte(s[i:], '"')
				if j < 0 || i > maxRecord {
					return 0, unended
				}
				if i += j; i+1 < len(s) && s[i+1] == '"' {
					i++
					continue
				}
				break
			}
			atStart = false
		case c == '\n':
			return i + 1, ended
		default:
			atStart = c == delim
		}
	}
	return len(s), cutOff
}

// splitRecord appends the fields of one record, without its line break, to out.
func splitRecord(s string, delim byte, out []string) (_ []string, fault string) {
	if strings.IndexByte(s, '"') < 0 {
		for {
			i := strings.IndexByte(s, delim)
			if i < 0 {
				return append(out, s), ""
			}
			out = append(out, s[:i])
			s = s[i+1:]
		}
	}
	for {
		if s == "" || s[0] != '"' {
			i := strings.IndexByte(s, delim)
			if i < 0 {
				return append(out, s), ""
			}
			out = append(out, s[:i])
			s = s[i+1:]
			continue
		}
		field, rest, ok := quoted(s)
		if !ok {
			return out, "a quote is not closed"
		}
		switch {
		case rest == "":
			return append(out, field), ""
		case rest[0] == delim:
			out = append(out, field)
			s = rest[1:]
		default:
			return out, "text behind a closing quote"
		}
	}
}

// quoted returns the text of the quoted field that s begins with, and what follows it.
func quoted(s string) (field, rest string, ok bool) {
	s = s[1:]
	i := strings.IndexByte(s, '"')
	if i < 0 {
		return "", "", false
	}
	if i+1 == len(s) || s[i+1] != '"' { // nothing doubled: no copy
		return s[:i], s[i+1:], true
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		if i+1 == len(s) || s[i+1] != '"' {
			return b.String(), s[i+1:], true
		}
		b.WriteByte('"')
		s = s[i+2:]
	}
}

// sniff guesses the delimiter from the header: the one of , ; and tab that is
// there most often, outside quotes.
func sniff(header string) byte {
	best, most := byte(','), 0
	for _, d := range []byte{',', ';', '\t'} {
		if fields, fault := splitRecord(header, d, nil); fault == "" && len(fields)-1 > most {
			best, most = d, len(fields)-1
		}
	}
	return best
}

// csvReader turns chunks of CSV into records.
type csvReader struct {
	delim byte
	width int   // fields a row
	at    []int // for each column of the mapping, its place in the row
}

func newCSVReader(header string, delim byte, cols *columns) (*csvReader, error) {
	names, fault := splitRecord(header, delim, nil)
	if fault != "" {
		return nil, &layers.InputError{Field: "line 1", Remedy: fault}
	}
	place := map[string]int{}
	for i, n := range names {
		n = strings.TrimSpace(n)
		if _, twice := place[n]; twice && cols.has(n) {
			return nil, &layers.InputError{Field: "line 1", Value: n, Remedy: "this column is there twice"}
		}
		place[n] = i
	}
	r := &csvReader{delim: delim, width: len(names)}
	for _, n := range cols.names {
		i, ok := place[n]
		if !ok {
			return nil, &layers.InputError{Field: "line 1", Value: n, Remedy: "the mapping names this column, but the file has " + shorten(strings.Join(names, ", "), 300)}
		}
		r.at = append(r.at, i)
	}
	return r, nil
}

func (c *columns) has(name string) bool { _, ok := c.index[name]; return ok }

func (r *csvReader) records(c chunk, yield func(*record)) {
	rec := record{values: make([]string, len(r.at)), line: c.line}
	var fields []string
	for s := c.text; s != ""; {
		end, how := endOfRecord(s, r.delim)
		rec.fault = nil
		if how == unended {
			rec.fault = &Fault{Reason: "a quote is not closed"}
			if end = strings.IndexByte(s, '\n') + 1; end == 0 {
				end = len(s)
			}
		}
		raw := s[:end]
		s = s[end:]
		rec.raw = strings.TrimRight(raw, "\r\n")
		if rec.raw != "" {
			r.read(&rec, &fields)
			yield(&rec)
		}
		rec.line += strings.Count(raw, "\n")
	}
}

func (r *csvReader) read(rec *record, fields *[]string) {
	clear(rec.values)
	if rec.fault != nil {
		return
	}
	var fault string
	*fields, fault = splitRecord(rec.raw, r.delim, (*fields)[:0])
	switch {
	case fault != "":
		rec.fault = &Fault{Reason: fault}
	case len(*fields) != r.width:
		rec.fault = &Fault{Reason: fmt.Sprintf("%d fields where the header has %d", len(*fields), r.width)}
	default:
		for i, at := range r.at {
			rec.values[i] = (*fields)[at]
		}
	}
}

// shorten cuts a text for a message.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
