package linkage

import (
	"math"
	"slices"
)

// compare says how two entries agree: reasons, and the bits of all of them.
func (w Weights) compare(a, b *entry, on *lexicon) ([]Reason, float64) {
	reasons := make([]Reason, 0, 4)
	sum := 0.0
	say := func(r Reason) {
		if r.Level == Missing {
			return
		}
		sum += r.Bits
		r.Bits, r.Metres = math.Round(r.Bits*10)/10, math.Round(r.Metres)
		reasons = append(reasons, r)
	}
	n := w.compareNames(a.weighed, b.weighed)
	say(Reason{Field: "name", Level: n.level, Bits: n.bits})
	if a.record.Code != "" && b.record.Code != "" {
		if a.record.Code == b.record.Code {
			say(Reason{Field: "code", Level: Same, Bits: w.Code})
		} else {
			say(Reason{Field: "code", Level: Different, Bits: w.OtherCode})
		}
	} else if len(a.numbers) > 0 && len(b.numbers) > 0 {
		if slices.ContainsFunc(a.numbers, func(s string) bool { return slices.Contains(b.numbers, s) }) {
			say(Reason{Field: "number", Level: Same, Bits: w.Number})
		} else if len(a.record.Numbers) > 0 && len(b.record.Numbers) > 0 {
			say(Reason{Field: "number", Level: Different, Bits: w.OtherOne})
		}
	}
	address, bits := w.compareAddress(a, b, on)
	say(Reason{Field: "address", Level: address, Bits: bits, Count: max(on.sites[a.site], on.sites[b.site])})
	if level, bits, m := w.comparePlace(a, b, address, on); level != Missing {
		say(Reason{Field: "distance", Level: level, Bits: bits, Metres: m})
	}
	return reasons, sum
}

// odds are log2 of the odds that a pair which agrees by so many bits is the
// same, before rivals are looked at.
func (w Weights) odds(bits float64, right int) float64 {
	return bits - math.Log2(float64(max(right, 1))) + w.Matched
}

// probability of log2 odds.
func probability(odds float64) float64 { return 1 / (1 + math.Exp2(-odds)) }
