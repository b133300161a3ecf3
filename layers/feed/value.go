package feed

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// Infinite dates and times, as far away as JSON can say.
var (
	never   = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// epoch is PostgreSQL's, in Unix seconds: 2000-01-01.
const epoch = 946684800

// decodeValue decodes one column. It returns nil for what it cannot read.
func decodeValue(c *column, kind byte, b []byte) any {
	switch kind {
	case 'b':
		return decodeBinary(c, b)
	case 't': // a type without a binary form
		return decodeText(c, b)
	}
	return nil
}

func decodeBinary(c *column, b []byte) any {
	if c.geometry {
		return decodeGeometry(b)
	}
	switch c.oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID:
		return string(b)
	case pgtype.BoolOID:
		if len(b) == 1 {
			return b[0] != 0
		}
	case pgtype.Int2OID:
		if len(b) == 2 {
			return int64(int16(binary.BigEndian.Uint16(b)))
		}
	case pgtype.Int4OID:
		if len(b) == 4 {
			return int64(int32(binary.BigEndian.Uint32(b)))
		}
	case pgtype.Int8OID:
		if len(b) == 8 {
			return int64(binary.BigEndian.Uint64(b))
		}
	case pgtype.Float4OID:
		if len(b) == 4 {
			return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
		}
	case pgtype.Float8OID:
		if len(b) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	case pgtype.NumericOID:
		return decodeNumeric(b)
	case pgtype.DateOID:
		if len(b) == 4 {
			return dateOf(int32(binary.BigEndian.Uint32(b)))
		}
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		if len(b) == 8 {
			return timeOf(int64(binary.BigEndian.Uint64(b)))
		}
	case pgtype.UUIDOID:
		if len(b) == 16 {
			return uuidOf(b)
		}
	case pgtype.JSONOID, pgtype.ByteaOID:
		return append([]byte{}, b...)
	case pgtype.JSONBOID:
		if len(b) > 0 { // the first byte is the format's version
			return append([]byte{}, b[1:]...)
		}
	case pgtype.TextArrayOID, pgtype.VarcharArrayOID:
		return decodeTexts(b)
	default:
		if utf8.Valid(b) {
			return string(b)
		}
		return append([]byte{}, b...)
	}
	return nil
}

func decodeText(c *column, b []byte) any {
	if c.geometry {
		raw, err := hex.DecodeString(string(b))
		if err != nil {
			return nil
		}
		return decodeGeometry(raw)
	}
	return string(b)
}

func dateOf(days int32) time.Time {
	switch days {
	case math.MinInt32:
		return never
	case math.MaxInt32:
		return forever
	}
	return time.Unix(epoch+int64(days)*86400, 0).UTC()
}

func timeOf(us int64) time.Time {
	switch us {
	case math.MinInt64:
		return never
	case math.MaxInt64:
		return forever
	}
	return time.Unix(epoch+us/1e6, us%1e6*1000).UTC()
}

func uuidOf(b []byte) string {
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// Numeric reads the binary form of a numeric as the nearest float64; ok is
// false for bytes that are none.
func Numeric(b []byte) (f float64, ok bool) {
	f, ok = decodeNumeric(b).(float64)
	return f, ok
}

// decodeNumeric reads a numeric: count of base-10000 digits, weight of the
// first, sign, scale, digits. The result is the nearest float64.
func decodeNumeric(b []byte) any {
	if len(b) < 8 {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	if len(b) != 8+2*n {
		return nil
	}
	switch sign {
	case 0xC000:
		return math.NaN()
	case 0xD000:
		return math.Inf(1)
	case 0xF000:
		return math.Inf(-1)
	}
	text := make([]byte, 0, 16+4*n)
	if sign == 0x4000 {
		text = append(text, '-')
	}
	text = append(text, '0')
	for i := range n {
		d := int(binary.BigEndian.Uint16(b[8+2*i:]))
		text = append(text, byte('0'+d/1000%10), byte('0'+d/100%10), byte('0'+d/10%10), byte('0'+d%10))
	}
	text = append(text, 'e')
	text = strconv.AppendInt(text, int64(4*(weight-n+1)), 10)
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return nil
	}
	return f
}

// decodeTexts reads a one-dimensional array of texts; a NULL member is "".
func decodeTexts(b []byte) any {
	if len(b) < 12 {
		return nil
	}
	dims := binary.BigEndian.Uint32(b)
	if dims == 0 {
		return []string{}
	}
	if dims != 1 || len(b) < 20 {
		return nil
	}
	n := int(binary.BigEndian.Uint32(b[12:]))
	b = b[20:]
	if n > len(b)/4 { // each member has four bytes of length at least
		return nil
	}
	out := make([]string, 0, n)
	for range n {
		if len(b) < 4 {
			return nil
		}
		size := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if size < 0 {
			out = append(out, "")
			continue
		}
		if int(size) > len(b) {
			return nil
		}
		out = append(out, string(b[:size]))
		b = b[size:]
	}
	return out
}

func decodeGeometry(b []byte) any {
	if p, ok := ewkbPoint(b); ok {
		return p
	}
	g, _, err := ewkb.Unmarshal(b)
	if err != nil || g == nil {
		return nil
	}
	return orb.Geometry(g)
}
