package linkage

import "github.com/paulmach/orb"

// A Record is one row of a register, as far as it is compared. Empty fields
// say nothing, for or against.
type Record struct {
	Key     string   // the register's own key of the row; unique in it
	Names   []string // as written, the main one first: the registered name, the one on the sign, the English one
	Address string   // as written
	// Code is the unified social credit code (统一社会信用代码), and only one whose
	// check digit is right: a code that does not check would link what it should not.
	Code    string
	Numbers []string   // numbers of other kinds that both registers may carry: licence, organisation code
	Place   *orb.Point // (lon, lat) of EPSG:4326
}

// A Shape says how the rows of two registers may go together.
type Shape string

const (
	OneToOne  Shape = "one_to_one"  // each register has one row per establishment
	ManyToOne Shape = "many_to_one" // the left register has several rows of one, as inspections have of a licence
)

// A Key names a pair of rows by the registers' own keys.
type Key struct{ Left, Right string }

// A Verdict is what becomes of a pair.
type Verdict string

const (
	Link   Verdict = "link"   // the two are the same
	Review Verdict = "review" // a person should look
)

// A Pair is a pair of rows that is linked, or that a person should look at.
type Pair struct {
	Key
	Verdict Verdict
	Score   float64 // probability that the two are the same, 0 to 1, among all candidates of either row
	Rank    int     // among the left row's candidates, 1 is the best
	Reasons []Reason
}
