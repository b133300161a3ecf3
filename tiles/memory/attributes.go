package memory

import (
	"math"

	"onemap/tiles/mvt"
)

// attributes adds the keys and values of the picks, n rows, to the tile, column
// by column: what number a value has is then of the rows alone, not of how they
// lie in blocks. A column without a value has no key.
func (sc *scratch) attributes(l *layer, n int) {
	columns := len(sc.columns)
	if cap(sc.values) < n*columns {
		sc.values = make([]uint32, n*columns+n*columns/4)
	}
	sc.values = sc.values[:n*columns]
	if sc.epoch++; sc.epoch == 0 {
		clear(sc.known)
		sc.epoch = 1
	}
	if int(l.words.n) > len(sc.known) {
		sc.known = append(sc.known, make([]uint64, int(l.words.n)-len(sc.known)+int(l.words.n)/8)...)
	}
	sc.stride = 0
	for _, k := range sc.columns {
		if sc.attribute(l, k, sc.stride, columns) {
			sc.out.Key(l.field(k).Name)
			sc.stride++
		}
	}
}

// attribute sets the values of one column: in sc.values, at and then every step.
func (sc *scratch) attribute(l *layer, k, at, step int) (some bool) {
	show := l.shows[k]
	for _, p := range sc.picks {
		b, sel := p.b, sc.sel[p.from:p.to]
		c := &b.columns[k]
		if c.form == empty {
			for range sel {
				sc.values[at] = 0
				at += step
			}
			continue
		}
		if c.form == texts {
			for _, row := range sel {
				sc.values[at] = 0
				if !c.null(b.data, int(row)) {
					sc.values[at] = sc.out.Text(c.text(b.data, int(row))) + 1
					some = true
				}
				at += step
			}
			continue
		}
		sc.nums = c.numbers(sc.nums[:0], b.data, sel, len(sel))
		// Where numbers are small, what each stands for is found once a block.
		small := c.form == codes || c.width <= 1
		if small {
			most := 1 << (8 * c.width)
			if c.form == codes {
				most = int(c.n)
			}
			clear(sc.local[:most])
		}
		if small && c.nulls == 0 {
			some = true
			for _, v := range sc.nums {
				n := sc.local[v]
				if n == 0 {
					n = sc.value(l, show, c, b.data, v) + 1
					sc.local[v] = n
				}
				sc.values[at] = n
				at += step
			}
			continue
		}
		for i, v := range sc.nums {
			if c.nulls != 0 && c.null(b.data, int(sel[i])) {
				sc.values[at] = 0
				at += step
				continue
			}
			some = true
			if !small {
				sc.values[at] = sc.value(l, show, c, b.data, v) + 1
			} else {
				if sc.local[v] == 0 {
					sc.local[v] = sc.value(l, show, c, b.data, v) + 1
				}
				sc.values[at] = sc.local[v]
			}
			at += step
		}
	}
	return some
}

// value returns the number of a value in the tile.
func (sc *scratch) value(l *layer, show show, c *column, data []byte, v uint64) uint32 {
	if c.form == codes {
		word := c.word(data, int(v))
		if known := sc.known[word]; uint32(known>>32) == sc.epoch {
			return uint32(known)
		}
		text := l.words.at(word)
		var n uint32
		if l.spelled { // a column of letters may have the same text
			sc.text = append(sc.text[:0], text...)
			n = sc.out.Text(sc.text)
		} else {
			n = sc.out.NewText(text)
		}
		sc.known[word] = uint64(sc.epoch)<<32 | uint64(n)
		return n
	}
	return show.add(&sc.out, c.mean(data, v))
}

// A show says how the values of a column that is no text are shown.
type show uint8

const (
	asInt show = iota
	asDouble
	asBool
	asDate
	asTime
)

// showOf gives each type of a field its show.
var showOf = map[string]show{"number": asDouble, "boolean": asBool, "date": asDate, "time": asTime}

// add returns the number of a value in the tile.
func (s show) add(out *mvt.Writer, v int64) uint32 {
	switch s {
	case asDouble:
		return out.Double(math.Float64frombits(uint64(v)))
	case asBool:
		return out.Bool(v != 0)
	case asDate:
		return out.Date(floorDiv(v, scales[scaleDay]))
	case asTime:
		return out.Time(floorDiv(v, scales[scaleSecond]))
	}
	return out.Int(v)
}

func floorDiv(a, b int64) int64 {
	if a%b < 0 {
		return a/b - 1
	}
	return a / b
}
