package asset_test

import (
	"testing"

	"onemap/layers/asset"
)

func TestCheckCode(t *testing.T) {
	for _, tt := range []struct {
		name, standard, class, code string
		ok                          bool
	}{
		{"the standard's example", asset.Standard, "01001", "33078201001000001", true},
		{"not yet coded", asset.Standard, "01001", "", true},
		{"another class", asset.Standard, "01002", "33078201001000001", false},
		{"16 digits under the new standard", asset.Standard, "01001", "3307820101000001", false},
		{"16 digits under the old one", "GB/T 30428.2-2013", "0101", "3205080101000001", true},
		{"letters", asset.Standard, "01001", "3307820100100000A", false},
		{"full-width digits", asset.Standard, "01001", "33078201001００1", false},
		{"serial nought", asset.Standard, "01001", "33078201001000000", false},
		{"18 digits", asset.Standard, "01001", "330782010010000011", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := asset.CheckCode(tt.standard, tt.class, tt.code); (err == nil) != tt.ok {
				t.Errorf("%v", err)
			}
		})
	}
}
