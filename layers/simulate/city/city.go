package city

import (
	"fmt"
	"time"

	"github.com/paulmach/orb"
)

// Options choose a city.
type Options struct {
	Seed uint64
	Size string    // small, city or metro
	Now  time.Time // the moment the city is shown at: incidents end here
	// Due is when a case of a class, in an area class (A, B, C), is to be handled
	// that is dispatched then; false where no limit is set. nil: none is known.
	Due func(standard, class, areaClass string, from time.Time) (time.Time, bool)
}

// A size says how much there is of what grows with a city.
type size struct {
	areaKM2     float64
	assets      int
	enterprises int
	incidents   int
	people      int
	flowDays    int // for how many days the steps of old incidents are kept
}

var sizes = map[string]size{
	"small": {areaKM2: 42, assets: 20_000, enterprises: 1_500, incidents: 8_000, people: 190_000, flowDays: 800},
	"city":  {areaKM2: 180, assets: 1_000_000, enterprises: 30_000, incidents: 2_000_000, people: 1_100_000, flowDays: 30},
	"metro": {areaKM2: 1_000, assets: 10_000_000, enterprises: 120_000, incidents: 2_000_000, people: 4_800_000, flowDays: 30},
}

// County is the six-digit code of the place: Yiwu's (GB/T 2260).
const County = "330782"

// A City is the frame that everything else is made from.
type City struct {
	Options
	size size

	site *site
	mesh *mesh
	cuts int // how many lines have cut the mesh

	blocks  []block
	blockOf []int // the block of each face
	towns   []Town
	duties  []Grid
	cells   []Grid

	roads       []Road
	gates       []gate
	gateOf      map[int]int // block -> its gate
	streetNames []name      // by cut
	streetRefs  []string
	buildings   []Building
	raster      *raster

	communityNames []name
	estates        []name
}

// New makes the frame of a city. It returns an error for a size that there is
// not. The same options make the same city.
func New(o Options) (*City, error) {
	z, ok := sizes[o.Size]
	if !ok {
		return nil, fmt.Errorf("size %q: one of small, city, metro", o.Size)
	}
	c := &City{Options: o, size: z}
	c.site = c.newSite(z.areaKM2)
	c.mesh = newMesh(append([]orb.Point(nil), c.site.outline...))
	c.cuts = 1
	north, south := c.site.banks()
	for _, bank := range [][]orb.Point{north, south} {
		c.mesh.insert(bank, false, edge{cut: c.cuts})
		c.cuts++
	}
	for _, r := range c.site.roads {
		c.mesh.insert(r.line, r.closed, edge{class: r.class, cut: c.cuts})
		c.cuts++
	}
	c.divide()
	c.estates = c.names("estates")
	c.newBlocks()
	c.findGates() // before outlines are taken: gates are corners too
	c.newTowns()
	c.newRoads()
	c.newBuildings()
	c.newRaster()
	return c, nil
}

// Standard is the standard of the city's classes.
const Standard = gb

// AreaKM2 is the county's area.
func (c *City) AreaKM2() float64 { return areaOf(c.site.outline) / 1e6 }

// People is how many live in the city.
func (c *City) People() int {
	n := 0
	for _, b := range c.blocks {
		n += b.people
	}
	return n
}

// Amounts are how many rows a size has, about.
type Amounts struct{ Assets, Enterprises, Incidents int64 }

// Amounts returns about how many rows the largest tables will have.
func (c *City) Amounts() Amounts {
	return Amounts{int64(c.size.assets), int64(c.size.enterprises), int64(c.size.incidents)}
}

// FirstDay is the first day of the city's history.
func (c *City) FirstDay() time.Time { return c.day(-days) }

// StepsSince is the moment from which flow records are kept: large cities keep
// a month of them.
func (c *City) StepsSince() time.Time { return c.Now.AddDate(0, 0, -c.size.flowDays) }

// Middle is where a block's counts stand, and its area in square kilometres.
func (c *City) Middle(block int) (orb.Point, float64) {
	return lonLat(c.blocks[block].at), c.blocks[block].areaM2 / 1e6
}

// AreaClass is the area class of a block: A, B or C.
func (c *City) AreaClass(block int) string { return c.blocks[block].class }

// PlaceName is the town and community of a block.
func (c *City) PlaceName(block int) string {
	b := c.blocks[block]
	return c.towns[b.town].NameZH + c.towns[b.town].Communities[b.community].NameZH
}

// TrafficKMH is how fast cars go on a class of road, crossings included.
func TrafficKMH(class string) float64 { return speedKMH[class] * 0.7 }
