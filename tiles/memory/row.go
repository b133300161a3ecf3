package memory

// A Field is an attribute that is kept. A field that is not InTile is kept for
// conditions only.
type Field struct {
	Name   string
	Type   string // as the registry: text, integer, number, boolean, date, time
	InTile bool
}

// A Layer is what is kept of a layer, and how its tiles are made.
type Layer struct {
	Name       string
	Version    uint64 // of its definition; requests for another are not answered
	Geometry   string // an OGC type name; "Point" is kept as points, all others as shapes
	MinZoom    int
	MaxZoom    int
	DetailZoom int // points are counted by cell below it; 0: never
	Fields     []Field

	ClassField string             // the field that counts are broken down by; "": none
	RankField  string             // where not all features fit, its smallest values stay, NULL last; "": none
	Budget     int                // bytes of the layer in one tile, before compression; 0: 256 KiB
	HideBelow  map[string]float64 // class -> the zoom from which on it is drawn

	// Coverage: below zoom 14 lines and areas under half a pixel are left out,
	// and small areas merge into pixels, so that as much stays covered.
	Coverage bool
	// Shared: polygons share borders with their neighbours, and must do so at
	// every zoom.
	Shared bool
}

// DefaultBudget is the budget of a layer in one tile that sets none: 256 KiB.
const DefaultBudget = 256 << 10

// A Value is one attribute of a row.
type Value struct {
	Null bool
	I    int64   // integer; boolean as 0 and 1; date and time as microseconds since 1970-01-01 UTC
	F    float64 // number
	S    []byte  // text
}

// A Row is a feature as it comes from the table. What it points to may be used
// again by the caller once the call that took it has returned.
type Row struct {
	ID       int64
	Geometry []byte  // EWKB, EPSG:4326; none: the row has no place and is not kept
	Values   []Value // in the order of Layer.Fields
}

// An Op says what a change does.
type Op byte

// What a change does to a row; Truncate is of the whole layer.
const (
	Insert Op = iota + 1
	Update
	Delete
	Truncate
)

// A Change is one change of a layer. Old must be whole (REPLICA IDENTITY FULL):
// a row is found by its place and its id.
type Change struct {
	Op  Op
	Old *Row // of Update and Delete
	New *Row // of Insert and Update
}

// Changes are what one transaction does to one layer, in its order.
type Changes struct {
	Layer string
	Rows  []Change
}
