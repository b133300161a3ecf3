package intake

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// Rows are written as PostgreSQL's binary COPY format by the workers that read
// them, so that one connection only has to pass bytes on. A tuple is a count
// of fields, then for each its length (-1 for NULL) and its bytes.

func appendNull(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func appendInt8(b []byte, n int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// appendCell appends a value of a column of that kind.
func appendCell(b []byte, k kind, c *cell) ([]byte, error) {
	if c.null {
		return appendNull(b), nil
	}
	be := binary.BigEndian
	switch k {
	case text:
		return appendText(b, c.s), nil
	case jsonb: // a version number comes first
		b = be.AppendUint32(b, uint32(len(c.s)+1))
		return append(append(b, 1), c.s...), nil
	case uuid:
		raw, err := hex.DecodeString(strings.ReplaceAll(c.s, "-", ""))
		if err != nil || len(raw) != 16 {
			return b, fmt.Errorf("%q is not a UUID", c.s)
		}
		return append(be.AppendUint32(b, 16), raw...), nil
	case boolean:
		return append(be.AppendUint32(b, 1), byte(c.n)), nil
	case int2:
		return be.AppendUint16(be.AppendUint32(b, 2), uint16(c.n)), nil
	case int4, date:
		return be.AppendUint32(be.AppendUint32(b, 4), uint32(c.n)), nil
	case bigint, timestamp:
		return appendInt8(b, c.n), nil
	case float4:
		return be.AppendUint32(be.AppendUint32(b, 4), math.Float32bits(float32(c.f))), nil
	case float8:
		return be.AppendUint64(be.AppendUint32(b, 8), math.Float64bits(c.f)), nil
	}
	return b, fmt.Errorf("a column of this type cannot be imported")
}

// appendPoint appends a point as EWKB of that SRID; 0 is none.
func appendPoint(b []byte, p orb.Point, srid int) []byte {
	typ, size := uint32(1), uint32(21)
	if srid != 0 {
		typ, size = 0x20000001, 25
	}
	b = binary.BigEndian.AppendUint32(b, size)
	b = append(b, 1)
	b = binary.LittleEndian.AppendUint32(b, typ)
	if srid != 0 {
		b = binary.LittleEndian.AppendUint32(b, uint32(srid))
	}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

var (
	copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTail = []byte{0xff, 0xff}
)
