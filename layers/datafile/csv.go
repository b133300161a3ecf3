package datafile

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"
)

// csvFile is a text of cells.
type csvFile struct {
	path     string
	encoding string
	enc      encoding.Encoding
	delim    byte
	limits   Limits
}

func openCSV(file string, limits Limits) (*csvFile, error) {
	c := &csvFile{path: file, limits: limits}
	var err error
	if c.encoding, c.enc, err = encodingOf(file); err != nil {
		return nil, err
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, unreadable("a file that can be read")
	}
	defer in.Close()
	r := decoded(in, c.enc)
	sample := make([]byte, 1<<16)
	n, err := io.ReadFull(r, sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, unreadable("a text in UTF-8 or GB18030")
	}
	if strings.HasPrefix(strings.TrimSpace(string(sample[:min(n, 200)])), "<") {
		return nil, unreadable("rows of a table: this is XML or a page of the web in another encoding than UTF-8")
	}
	c.delim = sniff(string(sample[:n]))
	return c, nil
}

// sniff guesses the delimiter: the one of , ; tab and | that stands on most of
// the first lines, and of equals the one that stands there most often.
func sniff(text string) byte {
	best, most := byte(','), 0
	for _, d := range []byte{',', '\t', ';', '|'} {
		lines, all := 0, 0
		for line := range strings.Lines(text) {
			if n := strings.Count(line, string(d)); n > 0 {
				lines++
				all += min(n, 50)
			}
		}
		if score := lines*100 + all; lines > 0 && score > most {
			best, most = d, score
		}
	}
	return best
}

func (c *csvFile) sheets(context.Context) ([]Sheet, error) { return []Sheet{{}}, nil }
func (c *csvFile) merged(int, int) []box                   { return nil }

// How many lines a quoted cell may have, and how many quotes may stay open: each
// costs a second reading of the lines behind it.
const (
	maxQuotedLines = 200
	maxSlips       = 100
)

// rows splits the text as RFC 4180 has it. A quote counts only at the beginning of a
// field, so that 12' 6" pipe is a text like others; one that is not closed within
// a cell's limit is taken for a slip, and its line for a line.
func (c *csvFile) rows(_ context.Context, _ int, yield func(*Row) error) error {
	file, err := os.Open(c.path)
	if err != nil {
		return unreadable("a file that can be read")
	}
	defer file.Close()
	in := decoded(file, c.enc)
	row := Row{}
	line, slips := 0, 0
	var held string // lines read ahead after an open quote that was none
	next := func() (string, error) {
		if held != "" {
			i := strings.IndexByte(held, '\n') + 1
			if i == 0 {
				i = len(held)
			}
			s := held[:i]
			held = held[i:]
			return s, nil
		}
		return readLine(in, c.limits.Cell*4)
	}
	for {
		text, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line++
		first := line
		cells, open := split(text, c.delim, row.Values[:0])
		for lines := 1; open; lines++ {
			more, err := next()
			if err == nil && lines < maxQuotedLines && len(text)+len(more) <= c.limits.Cell {
				text += more
				line++
				cells, open = split(text, c.delim, row.Values[:0])
				continue
			}
			if err != nil && err != io.EOF {
				return err
			}
			if slips++; slips > maxSlips {
				return unreadable("quotes that are closed: line %d begins one of too many that are not", first)
			}
			// The first line stands for itself, and the others are read again.
			i := strings.IndexByte(text, '\n') + 1
			if i == 0 {
				i = len(text)
			}
			held = text[i:] + more + held
			line = first
			cells, open = strings.Split(strings.TrimRight(text[:i], "\r\n"), string(c.delim)), false
		}
		if len(cells) > c.limits.Columns {
			if cells = trimmed(cells); len(cells) > c.limits.Columns {
				return tooMuch("columns", int64(c.limits.Columns))
			}
		}
		row.Line, row.Values = first, cells
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if err := yield(&row); err != nil {
			return err
		}
	}
}

// trimmed leaves out empty cells at the end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// readLine reads a line with its break, of at most so many bytes.
func readLine(in *bufio.Reader, most int) (string, error) {
	part, err := in.ReadSlice('\n')
	if err == nil {
		return string(part), nil
	}
	var b strings.Builder
	for {
		b.Write(part)
		switch {
		case err == nil:
			return b.String(), nil
		case err == io.EOF && b.Len() > 0:
			return b.String(), nil
		case err == io.EOF:
			return "", io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", unreadable("a text in UTF-8 or GB18030 to its end")
		case b.Len() > most:
			return "", unreadable("lines of at most %d bytes", most)
		}
		part, err = in.ReadSlice('\n')
	}
}

// split appends the fields of a record to out; open says that a quote is not
// closed yet.
func split(s string, delim byte, out []string) (_ []string, open bool) {
	s = strings.TrimRight(s, "\r\n")
	for {
		if s == "" || s[0] != '"' {
			i := strings.IndexByte(s, delim)
			if i < 0 {
				return append(out, s), false
			}
			out = append(out, s[:i])
			s = s[i+1:]
			continue
		}
		var b strings.Builder
		rest := s[1:]
		for {
			i := strings.IndexByte(rest, '"')
			if i < 0 {
				return out, true
			}
			b.WriteString(rest[:i])
			if i+1 < len(rest) && rest[i+1] == '"' {
				b.WriteByte('"')
				rest = rest[i+2:]
				continue
			}
			rest = rest[i+1:]
			break
		}
		i := strings.IndexByte(rest, delim)
		if i < 0 {
			b.WriteString(rest) // text behind a closing quote stays
			return append(out, b.String()), false
		}
		b.WriteString(rest[:i])
		out = append(out, b.String())
		s = rest[i+1:]
	}
}
