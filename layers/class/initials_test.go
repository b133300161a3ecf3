package class_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers/class"
	"onemap/layers/layerstest"
)

// TestInitials compares what is computed for new names with what was written
// by hand for the names of the lists.
func TestInitials(t *testing.T) {
	rows, err := layerstest.DB(t).Query(t.Context(), `SELECT DISTINCT name_zh, initials FROM onemap.class`)
	if err != nil {
		t.Fatal(err)
	}
	var name, want string
	if _, err := pgx.ForEachRow(rows, []any{&name, &want}, func() error {
		if got := class.Initials(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"重复办证点": "cfbzd", "调压站": "tyz", "银行自助亭": "yhzzt", "长江路堤": "cjld", "5G 基站(室外)": "5gjzsw", "": "", "ABC": "abc",
	} {
		if got := class.Initials(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
