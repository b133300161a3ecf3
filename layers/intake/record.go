package intake

import "github.com/paulmach/orb"

// A record is one row of a file. Its values stand in the order of the columns
// that the mapping names.
type record struct {
	line   int // 1 is the header's; of GeoJSON, the feature's number from 1
	values []string
	geom   orb.Geometry // of GeoJSON
	raw    string       // the row as it came, for the reject file
	fault  *Fault       // a row that cannot be read at all
}

// A Fault says why a row was rejected.
type Fault struct {
	Field  string // the mapping's field, or the column
	Value  string // what was there
	Reason string
}

// A chunk is a piece of a file that can be read on its own: whole rows.
type chunk struct {
	text string
	line int // of its first row
	// records of text, in order. The records, and what they hold, must not be
	// kept beyond the call of yield.
	records func(c chunk, yield func(*record))
}

// columns is the set of column names that a mapping uses, in order of first use.
type columns struct {
	names []string
	index map[string]int
}

// slot returns the place of a column in a record's values.
func (c *columns) slot(name string) int {
	if i, ok := c.index[name]; ok {
		return i
	}
	if c.index == nil {
		c.index = map[string]int{}
	}
	c.index[name] = len(c.names)
	c.names = append(c.names, name)
	return len(c.names) - 1
}
