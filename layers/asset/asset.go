// Package asset is city assets (城市部件): their codes and classes.
package asset

import (
	"fmt"
	"strings"

	"onemap/layers"
)

// Standard is the name of the current national standard in the class table.
const Standard = "GB/T 47678.5-2026"

// CheckCode says what is wrong with the identification code of an asset of a
// class. The code of GB/T 47678.5-2026 has 17 digits: 6 county, 5 class, 6
// serial; that of GB/T 30428.2-2013 has 16, its class four digits. An empty
// code is right: an inventory that is not yet coded. It returns a
// [layers.InputError] or nil.
func CheckCode(standard, class, code string) error {
	if code == "" {
		return nil
	}
	if strings.Trim(code, "0123456789") != "" || len(code) != 16 && len(code) != 17 {
		return &layers.InputError{Field: "code", Value: code, Remedy: "16 digits (2013) or 17 digits (2026)"}
	}
	switch {
	case standard == Standard && len(code) != 17:
		return &layers.InputError{Field: "code", Value: code, Remedy: "17 digits by " + Standard}
	case standard == Standard && code[6:11] != class:
		return &layers.InputError{Field: "code", Value: code, Remedy: fmt.Sprintf("digits 7 to 11 are the class, which is %s", class)}
	case strings.Trim(code[len(code)-6:], "0") == "":
		return &layers.InputError{Field: "code", Value: code, Remedy: "the serial number begins with 000001"}
	}
	return nil
}
