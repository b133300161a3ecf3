// Package layers is what is on the map: the registry of layers, and the
// reading and writing of their features. All SQL of onemap is in this package
// and the packages below it, one a subject.
//
// A layer is one table of schema map, one owner, one share type, one geometry
// column. Coordinates are longitude and latitude of EPSG:4326 everywhere;
// whoever may see what is decided in layers/access, which hands this package a
// condition and a list of fields.
package layers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
)

var (
	// ErrNotFound: there is no such thing, or the caller may not know of it.
	ErrNotFound = errors.New("not found")
	// ErrConflict: someone else changed it first, or it already exists with other content.
	ErrConflict = errors.New("conflict")
	// ErrInvalid is wrapped by every [InputError].
	ErrInvalid = errors.New("invalid input")
)

// An InputError says what is wrong with something a caller sent, in words the
// caller may read.
type InputError struct {
	Field  string // the field's path in what was sent, "place.crs"
	Value  string // the value's fault: what was sent, shortened; "" if secret or long
	Remedy string // what would be right: "one of WGS84, GCJ02, …"
}

func (e *InputError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Field, e.Remedy)
	}
	return fmt.Sprintf("%s: %q is not valid: %s", e.Field, e.Value, e.Remedy)
}

func (e *InputError) Unwrap() error { return ErrInvalid }

// Share types of 国发〔2016〕51号.
const (
	Unconditional = "unconditional" // 无条件共享
	Conditional   = "conditional"   // 有条件共享
	NotShared     = "none"          // 不予共享
)

// Sensitivities of a field.
const (
	Public    = "public"    // whoever may see the layer
	Internal  = "internal"  // signed-in staff
	Sensitive = "sensitive" // the owner, and those granted the field by name
)

// A Layer is one entry of the registry.
type Layer struct {
	Name        string // also the name of its table in schema map
	TitleZH     string
	TitleEN     string
	Subject     string // base, grid, population, enterprise, asset, emergency, forecast, other
	Geometry    string // an OGC type name: Point, LineString, MultiPolygon, …
	Owner       string // organisation code; "" where none is set
	Share       string
	ShareBasis  string
	Open        bool // the public may see it, as its rule has it and while Published
	MinZoom     int
	MaxZoom     int
	DetailZoom  int // points are counted by cell below it; 0: never
	Style       map[string]any
	UpdateCycle string
	DeptField   string // the column that names a row's department; "" if none
	TimeField   string // the column that datetime filters; "" if none
	KFloor      int    // counts below it are never served; 0: none
	ClassField  string // the field that counts are broken down by and the filter "class" means; "" if none
	RankField   string // where not all features fit a tile, those with its smallest values stay; "" if none
	TileBudget  int    // bytes of the layer in one tile, before compression
	Editable    bool   // its owner may write features one by one, see layers/edit
	AskReason   bool   // sensitive: who looks at it says why first, and the audit keeps it
	Fields      []Field
	CopyOf      string `json:"-"` // a published copy: the layer that it was made of; "" for others
	// Published: the portal of open data is on and shows it: the public sees
	// nothing else. See layers/opendata.
	Published bool `json:"-"`
	// Version is equal for equal definitions, all of the above, and as good as
	// never equal for different ones.
	Version uint64
}

// A Field is one column that is served.
type Field struct {
	Name        string
	TitleZH     string
	TitleEN     string
	Type        string // text, integer, number, boolean, date, time
	Sensitivity string
	InTile      bool
}

// Field returns the field of that name.
func (l Layer) Field(name string) (Field, bool) {
	for _, f := range l.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// A Feature is one row of a layer. Values are in the order of the fields that
// were asked for: string, int64, float64, bool, time.Time or nil.
type Feature struct {
	ID       int64
	Geometry orb.Geometry // EPSG:4326, (lon, lat)
	Values   []any
}

// Store reads and writes layers. Its methods are safe for concurrent use.
type Store struct {
	db *pgxpool.Pool

	registry registry
}

// NewStore returns a Store on db, a pool made by [Open].
func NewStore(db *pgxpool.Pool) *Store {
	return &Store{db: db, registry: registry{turn: make(chan struct{}, 1)}}
}

// DB is the pool, for the packages below this one.
func (s *Store) DB() *pgxpool.Pool { return s.db }

// registryAge is how old the registry in memory may be where the feed does not
// say that it changed.
const registryAge = 2 * time.Second

// Connections is how many connections to the database there may be at a time.
func (s *Store) Connections() int { return int(s.db.Config().MaxConns) }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }
