package city

import "strings"

// The characters of a unified social credit code (GB 32100-2015): digits and
// letters without I, O, S, V and Z.
const usccChars = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// USCC returns a valid unified social credit code that belongs to nobody:
// its organisation code begins with YW, which no registrar gives out. dept and
// kind are the registrar and the kind of organisation ("91" an enterprise, "11"
// an organ of state), county six digits, n up to 31^6.
func USCC(kind, county string, n int) string {
	body := [8]byte{'Y', 'W'}
	for i := 7; i > 1; i-- {
		body[i] = usccChars[n%31]
		n /= 31
	}
	// The organisation code has a check digit of its own (GB 11714-1997).
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, ch := range body {
		sum += organisationValue(ch) * weights[i]
	}
	code := kind + county + string(body[:])
	switch check := 11 - sum%11; check {
	case 10:
		code += "X"
	case 11:
		code += "0"
	default:
		code += string(rune('0' + check))
	}
	return code + string(usccCheck(code))
}

// organisationValue is a character's value in GB 11714: digits as they are,
// then A = 10 to Z = 35.
func organisationValue(ch byte) int {
	if ch <= '9' {
		return int(ch - '0')
	}
	return int(ch-'A') + 10
}

// usccCheck is the 18th character for the first 17: weights 3^i mod 31.
func usccCheck(code string) byte {
	sum, weight := 0, 1
	for _, ch := range []byte(code[:17]) {
		sum += strings.IndexByte(usccChars, ch) * weight
		weight = weight * 3 % 31
	}
	return usccChars[(31-sum%31)%31]
}
