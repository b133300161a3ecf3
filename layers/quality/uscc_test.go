package quality_test

import (
	"testing"

	"onemap/layers/enterprise"
	"onemap/layers/layerstest"
)

// The database's check of a credit code is that of the import.
func TestCheckDigitInSQL(t *testing.T) {
	db := layerstest.DB(t)
	codes := []string{"91330782MA0000000X", "91350100M000100Y43", "", "9135", "91350100M000100Y4I", "９1350100M000100Y43", "91350100m000100Y43"}
	const digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for i := range 31 * 3 {
		first := "9133078" + string(digits[i%31]) + "MA2" + string(digits[(i*7)%31]) + "D" + string(digits[(i*11)%31]) + "K" + string(digits[(i*13)%31]) + "Q"
		codes = append(codes, first+string(enterprise.USCCDigit(first)), first+string(digits[i%31]))
	}
	right := 0
	for _, code := range codes {
		var got bool
		if err := db.QueryRow(t.Context(), `SELECT onemap.uscc_ok($1)`, code).Scan(&got); err != nil {
			t.Fatal(err)
		}
		want := enterprise.CheckUSCC(code) == nil
		if got != want {
			t.Errorf("%q: %v, want %v", code, got, want)
		}
		if got {
			right++
		}
	}
	if right < 93 {
		t.Errorf("only %d codes were right", right)
	}
}
