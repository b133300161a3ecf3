package enterprise_test

import (
	"strings"
	"testing"

	"onemap/layers/enterprise"
)

func TestCheckUSCC(t *testing.T) {
	const right = "91350100M000100Y43" // the example of GB 32100-2015
	if err := enterprise.CheckUSCC(right); err != nil {
		t.Errorf("the standard's own example: %v", err)
	}
	for _, code := range []string{"", right[:17], strings.ToLower(right), "91350100M000100Y44", "91350100M000100I43", "91350100M000010Y43", right + "0"} {
		if enterprise.CheckUSCC(code) == nil {
			t.Errorf("%q passes", code)
		}
	}
}
