package intake

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
)

// chunkSize is how much text is handed to a worker at a time.
const chunkSize = 1 << 19

// An input is an opened file: unpacked, hashed on the way, its progress told.
type input struct {
	file  *os.File
	total int64
	done  int64
	sum   hash.Hash
	text  io.Reader // unpacked
	tell  func(done, total int64)
}

// openInput opens a file, gzip or not: its first bytes tell.
func openInput(name string, tell func(done, total int64)) (*input, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: "cannot be opened: " + reason(err)}
	}
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		_ = f.Close()
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: "not a file"}
	}
	in := &input{file: f, total: st.Size(), sum: sha256.New(), tell: tell}
	var magic [2]byte
	n, err := f.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close()
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	in.text = (*counted)(in)
	if n == 2 && magic == [2]byte{0x1f, 0x8b} {
		z, err := gzip.NewReader(in.text)
		if err != nil {
			_ = f.Close()
			return nil, &layers.InputError{Field: "file", Value: name, Remedy: "damaged gzip"}
		}
		in.text = z
	}
	return in, nil
}

func (in *input) Close() error { return in.file.Close() }

// digest returns the SHA-256 of the file; all of it must have been read.
func (in *input) digest() ([]byte, error) {
	if _, err := io.Copy(io.Discard, (*counted)(in)); err != nil { // what gzip left behind its end
		return nil, err
	}
	return in.sum.Sum(nil), nil
}

// counted reads the packed bytes.
type counted input

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.file.Read(p)
	c.sum.Write(p[:n])
	c.done += int64(n)
	if c.tell != nil {
		c.tell(c.done, c.total)
	}
	return n, err
}

// reason is an error of the file system without the path.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// csvChunks cuts the text of a CSV file into chunks of whole rows and hands
// them out in order. The first call of open gets the header and returns what
// reads the rows.
func csvChunks(r io.Reader, m Mapping, open func(header string) (delim byte, records func(chunk, func(*record)), err error), yield func(chunk) error) error {
	var (
		dec     = decoder{encoding: m.Encoding}
		buf     = make([]byte, 0, chunkSize*2)
		line    = 1
		delim   byte
		records func(chunk, func(*record))
		eof     bool
	)
	for !eof || len(buf) > 0 {
		if !eof && len(buf) < chunkSize {
			var err error
			if buf, eof, err = readMore(r, buf); err != nil {
				return err
			}
		}
		if records == nil {
			buf = bytes.TrimPrefix(buf, []byte("\xef\xbb\xbf"))
			if bytes.HasPrefix(buf, []byte("\xff\xfe")) || bytes.HasPrefix(buf, []byte("\xfe\xff")) {
				return &layers.InputError{Field: "file", Remedy: "UTF-16; save it as UTF-8"}
			}
			if len(buf) == 0 {
				break
			}
			text := string(buf)
			// A header has no delimiter yet; a comma serves to find its end, since only quotes matter.
			first, how := endOfRecord(text, ',')
			if how == unended || how == cutOff && !eof {
				return &layers.InputError{Field: "line 1", Remedy: "no header: the first line does not end"}
			}
			header, err := dec.decode(text[:first])
			if err != nil {
				return err
			}
			if delim, records, err = open(strings.TrimRight(header, "\r\n")); err != nil {
				return err
			}
			line += strings.Count(text[:first], "\n")
			buf = append(buf[:0], buf[first:]...)
		}
		end := lastRecord(buf, delim, eof)
		if end == 0 {
			if !eof {
				if len(buf) < chunkSize {
					continue
				}
				return &layers.InputError{Field: fmt.Sprintf("line %d", line), Remedy: "a row without end"}
			}
			break
		}
		text, err := dec.decode(string(buf[:end]))
		if err != nil {
			return err
		}
		n := bytes.Count(buf[:end], []byte{'\n'})
		if err := yield(chunk{text: text, line: line, records: records}); err != nil {
			return err
		}
		line += n
		buf = append(buf[:0], buf[end:]...)
	}
	if records == nil {
		return &layers.InputError{Field: "file", Remedy: "it is empty"}
	}
	return nil
}

// readMore fills buf up by a chunk. A gzip file that ends too early is an
// error, which io.ReadFull could not tell from the end.
func readMore(r io.Reader, buf []byte) (_ []byte, eof bool, err error) {
	for want := len(buf) + chunkSize; len(buf) < want; {
		n, err := r.Read(buf[len(buf):want])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, true, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return buf, false, &layers.InputError{Field: "file", Remedy: "the packed data ends too early"}
		case err != nil:
			return buf, false, &layers.InputError{Field: "file", Remedy: "cannot be read to the end: " + reason(err)}
		}
	}
	return buf, false, nil
}

// lastRecord returns where the last whole record of buf ends.
func lastRecord(buf []byte, delim byte, eof bool) int {
	if eof && bytes.IndexByte(buf, '"') < 0 {
		return len(buf)
	}
	if bytes.IndexByte(buf, '"') < 0 {
		return bytes.LastIndexByte(buf, '\n') + 1
	}
	s := string(buf)
	at := 0
	for at < len(s) {
		end, how := endOfRecord(s[at:], delim)
		switch rest := s[at:]; {
		case how == ended:
			at += end
		case !eof && len(rest) <= maxRecord:
			return at // more may come
		case how == cutOff:
			return len(s)
		default: // a quote stays open: the chunk ends with its line
			if nl := strings.IndexByte(rest, '\n'); nl >= 0 {
				return at + nl + 1
			}
			return len(s)
		}
	}
	return at
}

// decoder brings text to UTF-8. A file whose first text beyond ASCII is mostly
// not UTF-8 is GB18030, which Chinese offices write; a wrong byte or two among
// right characters do not make it so. Cutting at line breaks never splits a
// character of either.
type decoder struct {
	encoding string // "" until known
}

func (d *decoder) decode(s string) (string, error) {
	if d.encoding == "" && !ascii(s) {
		d.encoding = "utf-8"
		if right, wrong := utf8Count(s); wrong*2 > right {
			d.encoding = "gb18030"
		}
	}
	if d.encoding != "gb18030" {
		return s, nil // what is not UTF-8 is rejected field by field
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	if err != nil {
		return "", &layers.InputError{Field: "file", Remedy: "neither UTF-8 nor GB18030"}
	}
	return out, nil
}

// utf8Count counts the characters beyond ASCII that are UTF-8, and the bytes that are not.
func utf8Count(s string) (right, wrong int) {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\xef\xbf\xbd"):
			wrong++
		case r >= utf8.RuneSelf:
			right++
		}
	}
	return right, wrong
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
