package linkage

import (
	"math"
	"slices"

	"github.com/agnivade/levenshtein"
	"github.com/paulmach/orb"
)

// Metres between two places, near each other (equirectangular).
func Metres(a, b orb.Point) float64 {
	const perDegree = 111_195
	dx := (a[0] - b[0]) * math.Cos((a[1]+b[1])/2*math.Pi/180)
	dy := a[1] - b[1]
	return math.Hypot(dx, dy) * perDegree
}

// compareAddress says how two addresses agree, in bits.
func (w Weights) compareAddress(a, b *entry, on *lexicon) (Level, float64) {
	x, y := a.address, b.address
	if x.Street == "" || y.Street == "" {
		return Missing, 0
	}
	typo, same := streetsAlike(x, y)
	if !same {
		return Different, w.OtherAddress
	}
	if x.From == 0 || y.From == 0 {
		return SameStreet, 2 // a village or a market without a number
	}
	switch gap := numbersApart(x, y); {
	case gap == 0:
		bits := min(on.rarity(max(on.sites[a.site], on.sites[b.site])), w.SiteMost)
		if typo {
			bits -= w.SiteTypo
		}
		if x.From != y.From || x.To != y.To {
			bits -= w.RangeDiffers
		}
		level := Same
		if x.Building != "" && y.Building != "" && x.Building != y.Building {
			return Near, w.NearHouse
		}
		if x.Room != y.Room {
			level = SameSite
			if x.Room != "" && y.Room != "" {
				bits -= w.RoomDiffers
			}
		}
		return level, bits
	case gap <= 10 && (x.Direction == y.Direction || x.Direction == "" || y.Direction == ""):
		return Near, w.NearHouse
	}
	return SameStreet, w.SameStreet
}

// streetsAlike says whether two streets are the same, and whether with a slip.
func streetsAlike(x, y Address) (typo, same bool) {
	if x.Direction != "" && y.Direction != "" && x.Direction != y.Direction {
		return false, false
	}
	if x.Street == y.Street {
		return false, true
	}
	if len(x.Words) > 0 && len(y.Words) > 0 { // KING of MARTIN LUTHER KING
		short, long := x.Words, y.Words
		if len(short) > len(long) {
			short, long = long, short
		}
		if !slices.ContainsFunc(short, func(s string) bool { return !slices.Contains(long, s) }) {
			return true, true
		}
	}
	if hasDigit(x.Street) || hasDigit(y.Street) {
		return false, false // 63RD is not 53RD
	}
	if isHan(x.Street) != isHan(y.Street) {
		return true, Pinyin(x.Street) == Pinyin(y.Street)
	}
	if isHan(x.Street) {
		if Pinyin(x.Street) == Pinyin(y.Street) {
			return true, true
		}
		return true, len([]rune(x.Street)) >= 4 && levenshtein.ComputeDistance(x.Street, y.Street) == 1 && !oneOf(x.Street, y.Street, "东南西北中")
	}
	return true, min(len(x.Street), len(y.Street)) >= 5 && levenshtein.ComputeDistance(x.Street, y.Street) <= 1
}

// oneOf says whether two texts of equal length differ in one of the characters
// that tell streets apart: 稠州北路 is not 稠州西路.
func oneOf(a, b, telling string) bool {
	x, y := []rune(a), []rune(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return slices.Contains([]rune(telling), x[i]) || slices.Contains([]rune(telling), y[i])
		}
	}
	return true
}

// numbersApart is how far two ranges of house numbers are apart; 0 where they overlap.
func numbersApart(x, y Address) int {
	switch {
	case x.To < y.From:
		return y.From - x.To
	case y.To < x.From:
		return x.From - y.To
	}
	return 0
}

// comparePlace says what the distance adds to the address. An address that
// agrees has said it already: distance then only takes away.
func (w Weights) comparePlace(a, b *entry, address Level, on *lexicon) (level Level, bits, m float64) {
	if !a.placed || !b.placed {
		return Missing, 0, 0
	}
	m = Metres(*a.record.Place, *b.record.Place)
	agrees := address == Same || address == SameSite
	switch {
	case m <= 25:
		level, bits = Same, w.Spot-math.Log2(float64(max(on.cells[a.cell], on.cells[b.cell], 1)))
	case m <= 100:
		level, bits = Near, w.Near
	case m <= 500:
		level = Near
	case m <= 2000:
		level, bits = Far, w.Off
	default:
		level, bits = Far, w.Away
	}
	switch {
	case agrees:
		bits = min(bits, 0)
	case address == Near:
		bits = min(bits, w.Near)
	}
	return level, bits, m
}

// SameHouse says whether two addresses are of one house, building and room
// included where both name them. An address that tells neither street nor
// number contradicts nothing.
func SameHouse(x, y Address) bool {
	if x.Street == "" || y.Street == "" {
		return true
	}
	typo, same := streetsAlike(x, y)
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return same && !typo && (x.From == 0 || y.From == 0 || numbersApart(x, y) == 0) && !differ(x.Building, y.Building) && !differ(x.Room, y.Room)
}
