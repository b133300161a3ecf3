package memory

import (
	"encoding/binary"
	"math"
)

// A form says what the numbers of a column in a block's data mean.
type form uint8

const (
	ints     form = iota // base + number*scale
	decimals             // (base + number) / scale
	floats               // the number's bits are a float64
	codes                // places in the block's own list of dictionary numbers
	texts                // ends of texts that stand one after the other
	empty                // every row is NULL
)

// A column is where a block keeps an attribute of its rows. Numbers are of
// width bytes, little-endian, and 0 bytes where all rows have the same.
type column struct {
	base  int64
	off   uint32 // of the numbers
	list  uint32 // of the dictionary numbers (codes), or of the texts
	nulls uint32 // of a bit a row, set for NULL; 0: no row is
	n     uint16 // how many the list has
	width uint8
	scale uint8 // of scales
	form  form
}

// scales are what times and decimal numbers are often whole multiples of. Data
// begins with one byte that is nobody's, so that 0 is no offset.
var scales = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 86_400_000_000}

const (
	scaleOne    = 0
	scaleSecond = 6
	scaleDay    = 7
)

// number returns a row's number.
func (c *column) number(data []byte, i int) uint64 {
	switch c.width {
	case 0:
		return 0
	case 1:
		return uint64(data[int(c.off)+i])
	case 2:
		return uint64(binary.LittleEndian.Uint16(data[int(c.off)+2*i:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(data[int(c.off)+4*i:]))
	}
	return binary.LittleEndian.Uint64(data[int(c.off)+8*i:])
}

// numbers appends the numbers of the rows in sel, or of the first n where sel is nil.
func (c *column) numbers(dst []uint64, data []byte, sel []uint16, n int) []uint64 {
	data = data[c.off:]
	if sel == nil {
		switch c.width {
		case 0:
			for range n {
				dst = append(dst, 0)
			}
		case 1:
			for _, v := range data[:n] {
				dst = append(dst, uint64(v))
			}
		case 2:
			for i := range n {
				dst = append(dst, uint64(binary.LittleEndian.Uint16(data[2*i:])))
			}
		case 4:
			for i := range n {
				dst = append(dst, uint64(binary.LittleEndian.Uint32(data[4*i:])))
			}
		default:
			for i := range n {
				dst = append(dst, binary.LittleEndian.Uint64(data[8*i:]))
			}
		}
		return dst
	}
	switch c.width {
	case 0:
		for range sel {
			dst = append(dst, 0)
		}
	case 1:
		for _, i := range sel {
			dst = append(dst, uint64(data[i]))
		}
	case 2:
		for _, i := range sel {
			dst = append(dst, uint64(binary.LittleEndian.Uint16(data[2*int(i):])))
		}
	case 4:
		for _, i := range sel {
			dst = append(dst, uint64(binary.LittleEndian.Uint32(data[4*int(i):])))
		}
	default:
		for _, i := range sel {
			dst = append(dst, binary.LittleEndian.Uint64(data[8*int(i):]))
		}
	}
	return dst
}

// null tells whether row i has no value.
func (c *column) null(data []byte, i int) bool {
	return c.form == empty || c.nulls != 0 && data[int(c.nulls)+i>>3]>>(i&7)&1 != 0
}

// someNull tells whether a row may be NULL.
func (c *column) someNull() bool { return c.form == empty || c.nulls != 0 }

// value returns what row i has, if it is not NULL: the integer or the
// microseconds, the bits of the floating-point number, the dictionary's number.
func (c *column) value(data []byte, i int) int64 { return c.mean(data, c.number(data, i)) }

// mean returns what a number of the column stands for.
func (c *column) mean(data []byte, v uint64) int64 {
	switch c.form {
	case ints:
		return c.base + int64(v)*scales[c.scale]
	case decimals:
		return int64(math.Float64bits(float64(c.base+int64(v)) / float64(scales[c.scale])))
	case codes:
		return int64(c.word(data, int(v)))
	}
	return int64(v)
}

// word returns the dictionary's number for a code.
func (c *column) word(data []byte, code int) uint32 {
	return binary.LittleEndian.Uint32(data[int(c.list)+4*code:])
}

// text returns row i's text of a column of texts.
func (c *column) text(data []byte, i int) []byte {
	from := uint64(0)
	if i > 0 {
		from = c.number(data, i-1)
	}
	list := uint64(c.list)
	return data[list+from : list+c.number(data, i)]
}
