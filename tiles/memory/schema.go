package memory

import (
	"fmt"
	"slices"

	"onemap/geo/where"
	"onemap/tiles"
)

// A kind says how the values of a column are kept.
type kind uint8

const (
	words   kind = iota // texts, by their number in the layer's dictionary
	letters             // texts as they are: most rows have their own
	whole               // integers and booleans
	number              // floating-point numbers, as their bits
	moment              // dates and times, in microseconds
)

// Columns that every block has, before the attributes: the place (of shapes, the
// box's corner and size) and the id.
const (
	colX = iota
	colY
	colID
	colWidth  // shapes only
	colHeight // shapes only
	colArea   // shapes only: in 2^20 square world units, a square of 0.6 m at the equator
)

// A schema is what the columns of a layer are.
type schema struct {
	Layer
	points bool
	kinds  []kind // of all columns
	shows  []show // of all columns
	first  int    // column of the first field
	usual  int    // rows of a block; twice as many at most
	class  int    // column of the class field; -1: none
	hide   int    // column of the class that HideBelow means; -1: none
	rank   int    // column of the rank field; -1: none
	byName map[string]int
	// spelled: a column of texts is not in the dictionary.
	spelled bool
	// hidden is, for each zoom, what must hold of what is drawn; nil: anything is.
	hidden [tiles.MaxZoom + 1]where.Cond
}

func newSchema(l Layer) (*schema, error) {
	s := &schema{Layer: l, points: l.Geometry == "Point", usual: pointRows, first: colID + 1, class: -1, hide: -1, rank: -1, byName: map[string]int{"id": colID}}
	s.Fields = slices.Clone(l.Fields)
	if s.Budget == 0 {
		s.Budget = DefaultBudget
	}
	if !s.points {
		s.first, s.usual = colArea+1, shapeRows
	}
	for range s.first {
		s.kinds, s.shows = append(s.kinds, whole), append(s.shows, asInt)
	}
	for i, f := range l.Fields {
		var k kind
		switch f.Type {
		case "text":
			k = words
		case "integer", "boolean":
			k = whole
		case "number":
			k = number
		case "date", "time":
			k = moment
		default:
			return nil, fmt.Errorf("layer %s: field %s has type %q", l.Name, f.Name, f.Type)
		}
		s.kinds, s.shows = append(s.kinds, k), append(s.shows, showOf[f.Type])
		s.byName[f.Name] = s.first + i
	}
	column := func(name string) int {
		if c, ok := s.byName[name]; ok && name != "" {
			return c
		}
		return -1
	}
	s.class, s.rank = column(l.ClassField), column(l.RankField)
	if len(l.HideBelow) > 0 {
		if s.hide = s.class; s.hide < 0 {
			s.hide = column("class")
		}
		s.hideBelow()
	}
	return s, nil
}

// hideBelow writes down, zoom by zoom, which classes are not drawn yet. As in
// SQL, what has no class is not drawn where any is hidden.
func (s *schema) hideBelow() {
	if s.hide < 0 {
		return
	}
	for z := range s.hidden {
		var classes []string
		for class, from := range s.HideBelow {
			if float64(z) < from {
				classes = append(classes, class)
			}
		}
		if len(classes) > 0 {
			slices.Sort(classes)
			s.hidden[z] = where.Not{C: where.In{Field: s.field(s.hide).Name, Values: classes}}
		}
	}
}

// field returns the field of a column.
func (s *schema) field(c int) Field { return s.Fields[c-s.first] }
