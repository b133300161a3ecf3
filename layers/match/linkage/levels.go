package linkage

// A Level says in which way two values agree. Their order is from the best to
// the worst agreement.
type Level uint8

// Levels of names, addresses, codes and distances.
const (
	Missing Level = iota // one of the two says nothing
	Same
	SameButForm   // but for the legal form, the area, spaces and signs
	SameSound     // other characters that sound alike
	OtherLanguage // the pinyin or the English word of the other
	Similar       // but for what may be typing errors
	Shortened     // one is the other with words left out
	SameSite      // the same house, another room or none
	Near          // a house nearby in the same street; within tens of metres
	Partly        // some words agree, others do not
	SameStreet
	OtherBranch // the same name, another branch
	Far
	Different
)

var levelNames = [...]string{
	Missing: "missing", Same: "same", SameButForm: "same_but_form", SameSound: "same_sound", OtherLanguage: "other_language", Similar: "similar",
	Shortened: "shortened", SameSite: "same_site", Near: "near", Partly: "partly", SameStreet: "same_street", OtherBranch: "other_branch", Far: "far", Different: "different",
}

// String is the level's name as it is kept and served: same_but_form.
func (l Level) String() string { return levelNames[l] }

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads it; an unknown name is [Missing], as one of a later version may be.
func (l *Level) UnmarshalText(b []byte) error {
	*l = Missing
	for i, n := range levelNames {
		if n == string(b) {
			*l = Level(i)
		}
	}
	return nil
}
