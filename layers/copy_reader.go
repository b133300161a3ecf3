package layers

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// copyReader takes the rows out of a binary COPY (PostgreSQL manual, COPY, File
// Formats) as it is written to it. A row that comes in one piece, as PostgreSQL
// sends them, is not copied.
type copyReader struct {
	row    func(values [][]byte) error
	values [][]byte

	headed bool
	ended  bool
	rest   []byte // of a row that was cut
	err    error  // of row, or what is wrong with the copy
}

var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

var errCopy = errors.New("not a binary COPY as PostgreSQL writes it")

// Write implements [io.Writer].
func (c *copyReader) Write(p []byte) (int, error) {
	b := p
	if len(c.rest) > 0 {
		c.rest = append(c.rest, p...)
		b = c.rest
	}
	n, err := c.take(b)
	if err != nil {
		c.err = err
		return 0, err
	}
	if n < len(b) {
		c.rest = append(c.rest[:0], b[n:]...)
	} else {
		c.rest = c.rest[:0]
	}
	return len(p), nil
}

// take reads what is whole in b and returns how much that was.
func (c *copyReader) take(b []byte) (int, error) {
	at := 0
	if !c.headed {
		if len(b) < 19 {
			return 0, nil
		}
		if !bytes.HasPrefix(b, copySignature) {
			return 0, errCopy
		}
		at = 19 + int(binary.BigEndian.Uint32(b[15:]))
		if at > len(b) {
			return 0, nil
		}
		c.headed = true
	}
	for at < len(b) && !c.ended {
		n, err := c.tuple(b[at:])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return at, nil
		}
		at += n
	}
	return at, nil
}

// tuple reads one row at the beginning of b and returns its length, 0 if it is
// not all there.
func (c *copyReader) tuple(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	switch n := int16(binary.BigEndian.Uint16(b)); {
	case n == -1:
		c.ended = true
		return 2, nil
	case int(n) != len(c.values):
		return 0, errCopy
	}
	at := 2
	for i := range c.values {
		if len(b)-at < 4 {
			return 0, nil
		}
		size := int32(binary.BigEndian.Uint32(b[at:]))
		at += 4
		if size < 0 {
			c.values[i] = nil
			continue
		}
		if len(b)-at < int(size) {
			return 0, nil
		}
		c.values[i] = b[at : at+int(size) : at+int(size)]
		at += int(size)
	}
	return at, c.row(c.values)
}
