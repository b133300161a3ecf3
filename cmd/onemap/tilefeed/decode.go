package tilefeed

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"

	"onemap/layers"
	"onemap/layers/feed"
	"onemap/tiles/memory"
)

// errValue: a value is such that memory and PostGIS would not show the same.
var errValue = errors.New("a value that memory cannot keep")

// A decoder reads one value, which is not NULL, in its type's binary form. What
// it sets may point to b, or be appended to what v.S was.
type decoder func(b []byte, v *memory.Value) error

// decoderOf returns how a column is read as a field of a type of the registry,
// so that it is what PostgreSQL's cast to that type gives; nil where that is
// not known.
func decoderOf(fieldType string, c layers.Column) decoder {
	if !c.Logged {
		return nil
	}
	switch fieldType {
	case "text":
		if c.Enum {
			return text
		}
		return map[string]decoder{
			"text": text, "varchar": text, "name": text, "bpchar": padded, "uuid": uuid,
			"int2": numeral, "int4": numeral, "int8": numeral,
		}[c.Base]
	case "integer":
		return map[string]decoder{"int2": integer, "int4": integer, "int8": integer}[c.Base]
	case "number":
		return map[string]decoder{
			"int2": number, "int4": number, "int8": number,
			"float4": float4, "float8": float8, "numeric": numeric,
		}[c.Base]
	case "boolean":
		return map[string]decoder{"bool": boolean}[c.Base]
	case "date":
		return map[string]decoder{"date": date}[c.Base]
	case "time":
		return map[string]decoder{"timestamptz": timestamp}[c.Base]
	}
	return nil
}

func text(b []byte, v *memory.Value) error {
	v.S = b
	return nil
}

// padded is char(n), whose cast to text loses the blanks at its end.
func padded(b []byte, v *memory.Value) error {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	v.S = b
	return nil
}

func uuid(b []byte, v *memory.Value) error {
	if len(b) != 16 {
		return errLength(b)
	}
	s := make([]byte, 36)
	for i, at := 0, 0; i < 16; i++ {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			s[at] = '-'
			at++
		}
		hex.Encode(s[at:], b[i:i+1])
		at += 2
	}
	v.S = s
	return nil
}

func numeral(b []byte, v *memory.Value) error {
	if err := integer(b, v); err != nil {
		return err
	}
	v.S = strconv.AppendInt(nil, v.I, 10)
	v.I = 0
	return nil
}

func integer(b []byte, v *memory.Value) error {
	switch len(b) {
	case 2:
		v.I = int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		v.I = int64(int32(binary.BigEndian.Uint32(b)))
	case 8:
		v.I = int64(binary.BigEndian.Uint64(b))
	default:
		return errLength(b)
	}
	return nil
}

func number(b []byte, v *memory.Value) error {
	err := integer(b, v)
	v.F, v.I = float64(v.I), 0
	return err
}

func float4(b []byte, v *memory.Value) error {
	if len(b) != 4 {
		return errLength(b)
	}
	return set(v, float64(math.Float32frombits(binary.BigEndian.Uint32(b))))
}

func float8(b []byte, v *memory.Value) error {
	if len(b) != 8 {
		return errLength(b)
	}
	return set(v, math.Float64frombits(binary.BigEndian.Uint64(b)))
}

func numeric(b []byte, v *memory.Value) error {
	f, ok := feed.Numeric(b)
	if !ok {
		return errLength(b)
	}
	return set(v, f)
}

// set refuses NaN, which PostgreSQL holds to be equal to itself and above all
// other numbers.
func set(v *memory.Value, f float64) error {
	if f != f {
		return fmt.Errorf("%w: NaN", errValue)
	}
	v.F = f
	return nil
}

func boolean(b []byte, v *memory.Value) error {
	if len(b) != 1 {
		return errLength(b)
	}
	v.I = int64(b[0])
	return nil
}

// Dates and times are counted from 2000 by PostgreSQL and from 1970 by memory.
const (
	daysTo2000   = 10957
	microsADay   = 86400 * 1000 * 1000
	microsTo2000 = daysTo2000 * microsADay
)

// The first day of the year 1 and that of the year 10000, in days from 2000.
// What is beyond, and what is infinite, to_char writes in ways of its own.
const (
	dayFirst = -730119
	dayEnd   = 2921940
)

func date(b []byte, v *memory.Value) error {
	if len(b) != 4 {
		return errLength(b)
	}
	days := int64(int32(binary.BigEndian.Uint32(b)))
	if days < dayFirst || days >= dayEnd {
		return fmt.Errorf("%w: a date that is infinite or not of the years 1 to 9999", errValue)
	}
	v.I = (days + daysTo2000) * microsADay
	return nil
}

func timestamp(b []byte, v *memory.Value) error {
	if len(b) != 8 {
		return errLength(b)
	}
	us := int64(binary.BigEndian.Uint64(b))
	if us < dayFirst*microsADay || us >= dayEnd*microsADay {
		return fmt.Errorf("%w: a time that is infinite or not of the years 1 to 9999", errValue)
	}
	v.I = us + microsTo2000
	return nil
}

func errLength(b []byte) error { return fmt.Errorf("%w: %d bytes", errValue, len(b)) }

// row reads a row's columns, in the plan's order, into r, whose Values it uses again.
func (p *plan) row(columns [][]byte, r *memory.Row) error {
	var id memory.Value
	if columns[0] == nil {
		return fmt.Errorf("%w: a row without an id", errValue)
	}
	if err := p.id(columns[0], &id); err != nil {
		return err
	}
	r.ID, r.Geometry = id.I, columns[1]
	if cap(r.Values) < len(p.fields) {
		r.Values = make([]memory.Value, len(p.fields))
	}
	r.Values = r.Values[:len(p.fields)]
	for i, decode := range p.fields {
		r.Values[i] = memory.Value{}
		b := columns[2+i]
		if b == nil {
			r.Values[i].Null = true
			continue
		}
		if err := decode(b, &r.Values[i]); err != nil {
			return fmt.Errorf("row %d, column %s: %w", r.ID, p.columns[2+i], err)
		}
	}
	return nil
}
