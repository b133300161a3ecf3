package base

// The tables of the base library in the order in which they are filled.
const (
	boundary = "base_boundary"
	landuse  = "base_landuse"
	water    = "base_water"
	waterway = "base_waterway"
	road     = "base_road"
	building = "base_building"
	address  = "base_address"
	poi      = "base_poi"

	roadNode = "road_node"
	roadEdge = "road_edge"
)

// A table is what an importer must know of one layer: the columns between the
// common head (id, source_key) and geom, and the kind of geometry.
type table struct {
	name    string
	kind    geometryKind
	columns []column
}

type column struct {
	name string
	typ  columnType
}

type geometryKind uint8

const (
	points geometryKind = iota
	lines
	areas
)

type columnType uint8

const (
	text columnType = iota
	integer
	number32
	boolean
	tagsJSON
)

// The values of a row stand in this order.
var tables = []table{
	{boundary, areas, []column{{"name", text}, {"name_en", text}, {"level", integer}, {"code", text}, {"tags", tagsJSON}}},
	{landuse, areas, []column{{"name", text}, {"class", text}, {"tags", tagsJSON}}},
	{water, areas, []column{{"name", text}, {"class", text}, {"tags", tagsJSON}}},
	{waterway, lines, []column{{"name", text}, {"class", text}, {"tags", tagsJSON}}},
	{road, lines, []column{{"name", text}, {"name_en", text}, {"class", text}, {"ref", text}, {"oneway", boolean},
		{"bridge", boolean}, {"tunnel", boolean}, {"layer", integer}, {"maxspeed_kmh", number32}, {"tags", tagsJSON}}},
	{building, areas, []column{{"name", text}, {"class", text}, {"levels", integer}, {"height_m", number32}, {"address", text}, {"tags", tagsJSON}}},
	{address, points, []column{{"street", text}, {"number", text}, {"place", text}, {"postcode", text}, {"name", text}, {"tags", tagsJSON}}},
	{poi, points, []column{{"name", text}, {"name_en", text}, {"class", text}, {"address", text}, {"tags", tagsJSON}}},
}

func tableOf(name string) (table, bool) {
	for _, t := range tables {
		if t.name == name {
			return t, true
		}
	}
	return table{}, false
}

// A row is one object's entry in one layer, before it has a place.
type row struct {
	layer  string
	class  string // also among values, where the layer has classes
	values []any  // in the order of the layer's columns
}
