package enterprise

import (
	"strings"

	"onemap/layers"
)

// usccDigits are the 31 characters of a unified social credit code in the
// order of their values: no I, O, S, V, Z (GB 32100-2015, table 1).
const usccDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckUSCC says what is wrong with a 统一社会信用代码, its check digit
// included. It returns a [layers.InputError] or nil.
func CheckUSCC(code string) error {
	if len(code) != 18 {
		return &layers.InputError{Field: "uscc", Value: code, Remedy: "18 characters (GB 32100-2015)"}
	}
	for i := range len(code) {
		if strings.IndexByte(usccDigits, code[i]) < 0 {
			return &layers.InputError{Field: "uscc", Value: code, Remedy: "digits and capital letters without I, O, S, V, Z"}
		}
	}
	if want := USCCDigit(code[:17]); code[17] != want {
		return &layers.InputError{Field: "uscc", Value: code, Remedy: "its check digit would be " + string(want)}
	}
	return nil
}

// USCCDigit returns the check digit of the first 17 characters of a code,
// which must be of the right alphabet: 31 − (Σ value·3^i mod 31) mod 31
// (GB 32100-2015, 4.5; ISO/IEC 7064's modulus is not used there).
func USCCDigit(first17 string) byte {
	sum, weight := 0, 1
	for i := range 17 {
		sum += strings.IndexByte(usccDigits, first17[i]) * weight
		weight = weight * 3 % 31
	}
	return usccDigits[(31-sum%31)%31]
}
