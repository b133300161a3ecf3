package memory

import (
	"encoding/binary"
	"math"
)

// An encoder writes columns. It is scratch, one a goroutine.
type encoder struct {
	data   []byte
	raw    []uint64
	codeOf []uint64 // by dictionary number: epoch<<32 | code
	epoch  uint32
	list   []uint32
}

// A cells holds one column's values of a block to be: those that a [column]'s
// value returns.
type cells struct {
	vals []int64
	null []bool
	some bool // one is NULL
	text [][]byte
}

func (c *cells) reset() { c.vals, c.null, c.text, c.some = c.vals[:0], c.null[:0], c.text[:0], false }

func (c *cells) add(v int64, null bool) {
	c.vals, c.null = append(c.vals, v), append(c.null, null)
	c.some = c.some || null
}

// encode appends a column to the data.
func (e *encoder) encode(k kind, c *cells) column {
	var col column
	n := len(c.null)
	first := 0
	for first < n && c.null[first] {
		first++
	}
	if first == n {
		return column{form: empty, nulls: 0}
	}
	if c.some {
		col.nulls = uint32(len(e.data))
		for i := 0; i < n; i += 8 {
			var b byte
			for j := i; j < min(n, i+8); j++ {
				if c.null[j] {
					b |= 1 << (j - i)
				}
			}
			e.data = append(e.data, b)
		}
		if k != letters {
			for i, null := range c.null {
				if null {
					c.vals[i] = c.vals[first] // so that it widens nothing
				}
			}
		}
	}
	e.raw = e.raw[:0]
	switch k {
	case words:
		e.words(&col, c.vals)
	case letters:
		col.form = texts
		end := 0
		for i, t := range c.text {
			if !c.null[i] {
				end += len(t)
			}
			e.raw = append(e.raw, uint64(end))
		}
		e.numbers(&col)
		col.list = uint32(len(e.data))
		for i, t := range c.text {
			if !c.null[i] {
				e.data = append(e.data, t...)
			}
		}
		return col
	case number:
		if !e.decimals(&col, c.vals) {
			col.form = floats
			for _, v := range c.vals {
				e.raw = append(e.raw, uint64(v))
			}
		}
	case moment:
		e.ints(&col, c.vals, scaleSecond, scaleDay)
	default:
		e.ints(&col, c.vals)
	}
	e.numbers(&col)
	return col
}

// ints takes the smallest as base and divides by the largest of the scales that
// leaves nothing over.
func (e *encoder) ints(col *column, vals []int64, tryScales ...uint8) {
	lo, hi := vals[0], vals[0]
	for _, v := range vals {
		lo, hi = min(lo, v), max(hi, v)
	}
	col.form, col.base, col.scale = ints, lo, scaleOne
	// Differences are modulo 2^64, so that even the extremes of int64 go; but not
	// divided.
	if hi-lo >= 0 {
		for _, s := range tryScales {
			whole := true
			for _, v := range vals {
				if (v-lo)%scales[s] != 0 {
					whole = false
					break
				}
			}
			if !whole {
				break
			}
			col.scale = s
		}
	}
	if col.scale == scaleOne {
		for _, v := range vals {
			e.raw = append(e.raw, uint64(v-lo))
		}
		return
	}
	for _, v := range vals {
		e.raw = append(e.raw, uint64((v-lo)/scales[col.scale]))
	}
}

// decimals keeps numbers of few decimals as whole ones, if each comes back as
// it was, to the bit.
func (e *encoder) decimals(col *column, vals []int64) bool {
	s := uint8(0)
	const most = 1 << 53
	for i := 0; i < len(vals); {
		f := math.Float64frombits(uint64(vals[i]))
		v := math.Round(f * float64(scales[s]))
		if !(math.Abs(v) < most) {
			return false
		}
		if int64(math.Float64bits(float64(int64(v))/float64(scales[s]))) == vals[i] {
			i++
			continue
		}
		if s++; s > scaleSecond {
			return false
		}
		i = 0
	}
	lo := int64(math.MaxInt64)
	for _, b := range vals {
		v := int64(math.Round(math.Float64frombits(uint64(b)) * float64(scales[s])))
		e.raw = append(e.raw, uint64(v))
		lo = min(lo, v)
	}
	for i := range e.raw {
		e.raw[i] -= uint64(lo)
	}
	col.form, col.base, col.scale = decimals, lo, s
	return true
}

// words lists the dictionary numbers that the rows have, in the order of their
// first row, and gives each row its place in the list.
func (e *encoder) words(col *column, vals []int64) {
	col.form = codes
	e.another()
	e.list = e.list[:0]
	for _, v := range vals {
		code, fresh := e.code(uint32(v), len(e.list))
		if fresh {
			e.list = append(e.list, uint32(v))
		}
		e.raw = append(e.raw, uint64(code))
	}
	col.n = uint16(len(e.list))
	col.list = uint32(len(e.data))
	for _, w := range e.list {
		e.data = binary.LittleEndian.AppendUint32(e.data, w)
	}
}

// another begins a list of dictionary numbers.
func (e *encoder) another() {
	if e.epoch++; e.epoch == 0 {
		clear(e.codeOf)
		e.epoch = 1
	}
}

// code returns a dictionary number's place in the list; if it has none, its
// place is next.
func (e *encoder) code(word uint32, next int) (code int, fresh bool) {
	if int(word) >= len(e.codeOf) {
		e.codeOf = append(e.codeOf, make([]uint64, int(word)+1-len(e.codeOf)+len(e.codeOf)/4)...)
	}
	if at := e.codeOf[word]; uint32(at>>32) == e.epoch {
		return int(uint32(at)), false
	}
	e.codeOf[word] = uint64(e.epoch)<<32 | uint64(next)
	return next, true
}

// numbers appends the numbers in the least width that holds them all.
func (e *encoder) numbers(col *column) {
	var all uint64
	for _, v := range e.raw {
		all |= v
	}
	col.off = uint32(len(e.data))
	switch {
	case all == 0:
		col.width = 0
	case all < 1<<8:
		col.width = 1
		for _, v := range e.raw {
			e.data = append(e.data, byte(v))
		}
	case all < 1<<16:
		col.width = 2
		for _, v := range e.raw {
			e.data = binary.LittleEndian.AppendUint16(e.data, uint16(v))
		}
	case all < 1<<32:
		col.width = 4
		for _, v := range e.raw {
			e.data = binary.LittleEndian.AppendUint32(e.data, uint32(v))
		}
	default:
		col.width = 8
		for _, v := range e.raw {
			e.data = binary.LittleEndian.AppendUint64(e.data, v)
		}
	}
}
