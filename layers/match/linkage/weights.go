package linkage

// Weights are how much each kind of agreement and disagreement counts, in
// bits: one bit doubles the odds that two rows are the same.
type Weights struct {
	// Names: bits per bit of rarity of the words.
	Agreed       float64 // words that agree
	BothLeftOver float64 // words left over on both sides, the lighter side
	OneLeftOver  float64 // words left over on the heavier side
	Branches     float64 // branches that differ, on top
	FormLost     float64 // names that differ in form alone
	OtherName    float64 // off, where it is not the main name of both that agrees
	Registered   float64 // on, for the names of companies of China that are the same: the law gives one once
	NameMost     float64
	NameLeast    float64

	// Addresses.
	SiteMost     float64 // the most that an equal house may say
	SiteTypo     float64 // off, where the street is misspelt
	RangeDiffers float64 // off, where ranges of numbers overlap and are not the same
	RoomDiffers  float64 // off, where both name a room and not the same
	NearHouse    float64 // the same street, ten numbers away at most
	SameStreet   float64
	OtherAddress float64

	// Codes and numbers.
	Code      float64 // the same unified social credit code, its check digit right
	OtherCode float64 // both have one, and not the same
	Number    float64
	OtherOne  float64 // numbers that differ

	// Places, where the address does not settle it.
	Spot    float64 // the most that the same spot may say, less by how many rows are there
	Near    float64 // within 100 m
	Off     float64 // 500 m to 2 km
	Away    float64 // beyond 2 km
	Matched float64 // prior log-odds that a left row has a counterpart at all
}

// DefaultWeights were set on one half of the establishments of Chicago's
// licences and inspections, and on simulated registers of Chinese names: see
// the benchmark "matching", which reports the other half.
func DefaultWeights() Weights {
	return Weights{
		Agreed: 1, BothLeftOver: 0.6, OneLeftOver: 0.12, Branches: 0.8, FormLost: 4.5, OtherName: 2, Registered: 8, NameMost: 18, NameLeast: -12,
		SiteMost: 13, SiteTypo: 1.5, RangeDiffers: 1.5, RoomDiffers: 1, NearHouse: 4, SameStreet: -2, OtherAddress: -6,
		Code: 20, OtherCode: -10, Number: 16, OtherOne: -3,
		Spot: 9, Near: 4, Off: -2, Away: -4,
		Matched: 3,
	}
}
