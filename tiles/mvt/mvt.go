// Package mvt writes Mapbox Vector Tiles, version 2.1.
//
// A [Writer] collects one layer: its features, and its keys and values each
// once. What a feature's geometry is drawn with, the command integers of
// chapter 4.3 of the specification, comes from package shape.
package mvt

import (
	"encoding/binary"
	"math"
	"slices"
)

// Extent is the edge of a tile, in its units.
const Extent = 4096

// Geometry types: chapter 4.3.4 of the specification.
const (
	Point   = 1
	Line    = 2
	Polygon = 3
)

// A Writer collects the features of one layer. Its zero value is ready. Reset
// keeps its memory, so that a writer used again does not allocate.
type Writer struct {
	features []byte // as they stand in the layer, with their tags
	keys     []byte
	values   []byte
	nKeys    uint32
	offsets  []uint32 // where each value begins
	n        int
	known    table
}

// Reset empties the writer.
func (w *Writer) Reset() {
	w.ResetFeatures()
	w.keys, w.values = w.keys[:0], w.values[:0]
	w.nKeys, w.offsets = 0, w.offsets[:0]
	w.known.reset()
}

// ResetFeatures takes the features out and leaves the keys and values in.
func (w *Writer) ResetFeatures() { w.features, w.n = w.features[:0], 0 }

// Len returns how many features the layer has.
func (w *Writer) Len() int { return w.n }

// Size returns about how many bytes the layer takes:
// it lacks the name and the few bytes around the whole.
func (w *Writer) Size() int { return len(w.features) + len(w.keys) + len(w.values) }

// Key adds a key and returns its number. The caller adds each key once.
func (w *Writer) Key(name string) uint32 {
	return w.Key2(name, "")
}

// Key2 adds the key that is a and b put together.
func (w *Writer) Key2(a, b string) uint32 {
	w.keys = append(w.keys, 0x1a)
	w.keys = binary.AppendUvarint(w.keys, uint64(len(a)+len(b)))
	w.keys = append(append(w.keys, a...), b...)
	w.nKeys++
	return w.nKeys - 1
}

// NewText adds a text and returns its number. Unlike [Writer.Text] it does not
// look whether the text is there: the caller knows that it is not.
func (w *Writer) NewText(s string) uint32 {
	n := w.newValue()
	w.values = appendText(w.values, s)
	return n
}

// newValue gives the value that is appended next its number.
func (w *Writer) newValue() uint32 {
	w.offsets = append(w.offsets, uint32(len(w.values)))
	return uint32(len(w.offsets) - 1)
}

func appendText[T string | []byte](b []byte, s T) []byte {
	inner := 1 + uvarintLen(uint64(len(s))) + len(s)
	b = append(b, 0x22)
	b = binary.AppendUvarint(b, uint64(inner))
	b = append(b, 0x0a)
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// Text returns the number of a text value. b may be used again afterwards.
func (w *Writer) Text(b []byte) uint32 {
	h := hashBytes(b)
	n, at, found := w.known.text(h, b, w.values, w.offsets)
	if found {
		return n
	}
	n = w.newValue()
	at.set(&w.known, kindText, h, n)
	w.values = appendText(w.values, b)
	return n
}

// Int returns the number of an integer value.
func (w *Writer) Int(v int64) uint32 {
	return w.number(kindInt, uint64(v))
}

// Double returns the number of a floating-point value.
func (w *Writer) Double(v float64) uint32 {
	return w.number(kindDouble, math.Float64bits(v))
}

// Bool returns the number of a boolean value.
func (w *Writer) Bool(v bool) uint32 {
	if v {
		return w.number(kindBool, 1)
	}
	return w.number(kindBool, 0)
}

// Time returns the number of a time, given in seconds since 1970 UTC, as the
// text 2006-01-02T15:04:05Z.
func (w *Writer) Time(seconds int64) uint32 { return w.number(kindTime, uint64(seconds)) }

// Date returns the number of a date, given in days since 1970, as the text
// 2006-01-02.
func (w *Writer) Date(days int64) uint32 { return w.number(kindDate, uint64(days)) }

func (w *Writer) number(kind uint32, bits uint64) uint32 {
	n, at, found := w.known.number(kind, bits)
	if found {
		return n
	}
	n = w.newValue()
	at.set(&w.known, kind, bits, n)
	w.values = appendNumber(w.values, kind, bits)
	return n
}

func appendNumber(b []byte, kind uint32, bits uint64) []byte {
	switch kind {
	case kindInt:
		// As ST_AsMVT: a whole number below 0 is zig-zag, others are plain.
		tag, v := byte(0x28), bits
		if int64(bits) < 0 {
			tag, v = 0x30, bits<<1^uint64(int64(bits)>>63)
		}
		b = append(b, 0x22, byte(1+uvarintLen(v)), tag)
		return binary.AppendUvarint(b, v)
	case kindDouble:
		b = append(b, 0x22, 9, 0x19)
		return binary.LittleEndian.AppendUint64(b, bits)
	case kindBool:
		return append(b, 0x22, 2, 0x38, byte(bits))
	case kindDate:
		at := len(b) + 4
		b = AppendDate(append(b, 0x22, 0, 0x0a, 0), int64(bits))
		b[at-3], b[at-1] = byte(len(b)-at+2), byte(len(b)-at)
		return b
	default:
		at := len(b) + 4
		b = AppendTime(append(b, 0x22, 0, 0x0a, 0), int64(bits))
		b[at-3], b[at-1] = byte(len(b)-at+2), byte(len(b)-at)
		return b
	}
}

// Feature adds a feature. values[k] is 1 more than the number of the value that
// it has for key k, and 0 where it has none; geometry are its command integers.
func (w *Writer) Feature(id int64, kind byte, values, geometry []uint32) {
	w.features = slices.Grow(w.features, 64+10*len(values)+5*len(geometry))
	b := w.features[len(w.features):cap(w.features)]
	// Lengths come before what they are of. Most are of one byte: leave that, and
	// move what follows where it takes more.
	b[0] = 0x12
	n := 2
	if id >= 0 {
		b[2] = 0x08
		n = 3 + putUvarint(b[3:], uint64(id))
	}
	b[n] = 0x12
	start := n + 2
	n = start
	for k, v := range values {
		if v == 0 {
			continue
		}
		v--
		if t := b[n : n+4]; k < 0x80 && v < 0x4000 { // as good as always
			t[0], t[1], t[2] = byte(k), byte(v)|0x80, byte(v>>7)
			if v < 0x80 {
				t[1] = byte(v)
				n += 2
			} else {
				n += 3
			}
			continue
		}
		n += putUvarint(b[n:], uint64(k))
		n += putUvarint(b[n:], uint64(v))
	}
	if n == start {
		n -= 2 // no tags
	} else {
		n = fixLength(b, start, n)
	}
	b[n], b[n+1], b[n+2] = 0x18, kind, 0x22
	start = n + 4
	n = start
	for _, g := range geometry {
		n += putUvarint(b[n:], uint64(g))
	}
	n = fixLength(b, start, n)
	n = fixLength(b, 2, n)
	w.features = w.features[:len(w.features)+n]
	w.n++
}

// fixLength writes the length of b[start:end] in front of it, where one byte is
// free, and returns the new end.
func fixLength(b []byte, start, end int) int {
	n := end - start
	if n < 0x80 {
		b[start-1] = byte(n)
		return end
	}
	more := uvarintLen(uint64(n)) - 1
	copy(b[start+more:], b[start:end])
	putUvarint(b[start-1:], uint64(n))
	return end + more
}

// AppendTo appends the tile's bytes of the layer under that name to dst: a tile
// of one layer. Tiles of several layers are those bytes one after the other. A
// layer without features is none.
func (w *Writer) AppendTo(dst []byte, name string) []byte {
	if w.n == 0 {
		return dst
	}
	size := 2 + 1 + uvarintLen(uint64(len(name))) + len(name) + w.Size() + 3
	dst = slices.Grow(dst, size+1+uvarintLen(uint64(size)))
	dst = append(dst, 0x1a)
	dst = binary.AppendUvarint(dst, uint64(size))
	dst = append(dst, 0x78, 2, 0x0a)
	dst = binary.AppendUvarint(dst, uint64(len(name)))
	dst = append(dst, name...)
	dst = append(dst, w.features...)
	dst = append(dst, w.keys...)
	dst = append(dst, w.values...)
	return append(dst, 0x28, 0x80, 0x20) // extent 4096
}

// Zigzag is how the parameters of geometry commands are written: small numbers
// of either sign become small.
func Zigzag(v int32) uint32 { return uint32(v)<<1 ^ uint32(v>>31) }

// MoveTo1 is the command that a point's geometry begins with.
const MoveTo1 = 9

func putUvarint(b []byte, v uint64) int {
	if v < 0x80 {
		b[0] = byte(v)
		return 1
	}
	if v < 0x4000 {
		_ = b[1]
		b[0], b[1] = byte(v)|0x80, byte(v>>7)
		return 2
	}
	return binary.PutUvarint(b, v)
}

func uvarintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}
