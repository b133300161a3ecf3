package linkage

import (
	"strconv"
	"strings"
)

// An Address is an address in the parts that are compared. A part that the
// text does not tell is empty.
type Address struct {
	Street    string   // street, road, lane or village, without its type where it is Latin
	Words     []string // of a Latin street, its direction and type left out
	Direction string   // N, S, E, W of a Latin street
	From, To  int      // house numbers, both inclusive; 0, 0: none
	Building  string   // 3幢
	Room      string   // 201室, a booth, a unit
}

// Empty says whether the address tells nothing to compare.
func (a Address) Empty() bool { return a.Street == "" && a.From == 0 }

// site is where the address is without building and room: equal for all
// tenants of a house.
func (a Address) site() string {
	if a.Street == "" || a.From == 0 {
		return ""
	}
	return a.Direction + " " + a.Street + " " + strconv.Itoa(a.From)
}

// ParseAddress reads an address of either script. areas are as of [ParseName].
func ParseAddress(text string, areas map[string]bool) Address {
	s := foldRange(text)
	if strings.ContainsFunc(s, func(r rune) bool { return isHan(string(r)) }) {
		return hanAddress(s, areas)
	}
	return latinAddress(s)
}

// foldRange folds an address, and keeps the dash of 1400-1402 as TO.
func foldRange(text string) string {
	var b strings.Builder
	before := rune(0)
	for _, r := range text {
		if r == '-' && before >= '0' && before <= '9' {
			b.WriteString(" TO ")
		} else {
			b.WriteRune(r)
		}
		before = r
	}
	return Fold(b.String())
}

var directions = map[string]string{"N": "N", "NORTH": "N", "S": "S", "SOUTH": "S", "E": "E", "EAST": "E", "W": "W", "WEST": "W", "NE": "NE", "NW": "NW", "SE": "SE", "SW": "SW"}

// streetTypes end the name of a Latin street; what follows is a unit.
var streetTypes = setOf("AVE", "AVENUE", "AV", "ST", "STREET", "RD", "ROAD", "BLVD", "BOULEVARD", "DR", "DRIVE", "PL", "PLACE", "CT", "COURT", "PKWY", "PARKWAY", "LN", "LANE", "TER", "TERRACE", "HWY", "HIGHWAY", "SQ", "SQUARE", "PLZ", "PLAZA", "WAY", "EXPY", "CIR", "ROW", "ALY", "XING")

var streetSame = map[string]string{"FIRST": "1ST", "SECOND": "2ND", "THIRD": "3RD", "FOURTH": "4TH", "FIFTH": "5TH", "SAINT": "ST", "MT": "MOUNT", "FT": "FORT", "MARTIN": "", "LUTHER": "", "JR": "", "DOCTOR": "DR"}

// latinAddress reads 5153 TO 59 S KEDZIE AVE 1ST, 200 WEST WASHINGTON, 3244 W
// AINSLIE (4900N): numbers, direction, street up to its type, unit.
func latinAddress(s string) Address {
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	words := strings.Fields(s)
	var a Address
	if len(words) > 0 {
		if n, err := strconv.Atoi(leadingDigits(words[0])); err == nil && n > 0 {
			a.From, a.To = n, n
			words = words[1:]
		}
	}
	if len(words) > 1 && words[0] == "TO" {
		if n, err := strconv.Atoi(leadingDigits(words[1])); err == nil {
			a.To = rangeEnd(a.From, n)
			words = words[2:]
		}
	}
	if len(words) > 1 {
		if d, ok := directions[words[0]]; ok && !streetTypes[words[1]] {
			a.Direction, words = d, words[1:]
		}
	}
	end := len(words)
	for i, w := range words {
		if i > 0 && streetTypes[w] {
			end = i
			break
		}
	}
	unit := words[min(end+1, len(words)):]
	// BROADWAY 1, without a type: a number after the first word is a unit.
	for i := 1; i < end; i++ {
		if hasDigit(words[i]) {
			unit, end = words[i:], i
			break
		}
	}
	for _, w := range words[:end] {
		if same, ok := streetSame[w]; ok {
			w = same
		}
		if n := leadingDigits(w); n != "" && len(w) == len(n)+2 {
			w = n // 84TH is 84
		}
		if w != "" {
			a.Words = append(a.Words, w)
		}
	}
	a.Street = strings.Join(a.Words, "")
	a.Room = strings.Join(unit, " ")
	return a
}

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i]
}

// rangeEnd reads the end of a range: 59 after 5153 is 5159.
func rangeEnd(from, n int) int {
	if n >= from {
		return n
	}
	for unit := 10; unit <= 1000; unit *= 10 {
		if n < unit {
			if to := from - from%unit + n; to > from {
				return to
			}
		}
	}
	return from
}
