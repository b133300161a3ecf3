package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A planner holds a vendor's map against what happened.
func TestForecastScore(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var cells, flags strings.Builder
	cells.WriteString("id,x,y,risk\n")
	flags.WriteString("id,x,y,hotspot\n")
	for i := range 100 {
		at := func(b *strings.Builder, v string) {
			b.WriteString(strings.Join([]string{string(rune('a'+i/10)) + string(rune('0'+i%10)), num(500000 + 150*(i%10)), num(3240000 + 150*(i/10)), v}, ",") + "\n")
		}
		at(&cells, num(i))
		at(&flags, num(min(i/97, 1)))
	}
	forecast := write("ours.csv", cells.String())
	vendor := write("vendor.csv", flags.String())
	events := write("calls.csv", "date,category,x,y\n2026-03-01,theft,501350,3241350\n2026-03-31,theft,500000,3240000\n2026-04-01,theft,500000,3240000\n2026-03-05,fire,500000,3240000\n")
	run := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		status := execute(t.Context(), append([]string{"forecast", "score"}, args...), &out, &errs)
		return status, out.String(), errs.String()
	}
	plane := []string{"--crs", "EPSG:4548", "--events-crs", "EPSG:4548", "--cell", "150"}
	march := append([]string{forecast, events, "--from", "2026-03-01", "--to", "2026-03-31", "--class", "theft", "--against", vendor}, plane...)

	status, out, errs := run(march...)
	if status != statusDone {
		t.Fatalf("%d: %s", status, errs)
	}
	for _, want := range []string{"2 events from 2026-03-01 to 2026-03-31 of class theft", "ours.csv", "1/2", "vendor.csv", "judge by many windows"} {
		if !strings.Contains(out, want) {
			t.Errorf("the answer has no %q:\n%s", want, out)
		}
	}
	var a scoreAnswer
	var js, e bytes.Buffer
	if status := execute(t.Context(), append([]string{"--json", "forecast", "score"}, march...), &js, &e); status != statusDone {
		t.Fatalf("%d: %s", status, e.String())
	}
	if err := json.Unmarshal(js.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if len(a.Scores) != 2 || a.Scores[0].Result.Hits != 1 || a.Scores[0].Result.PAI < 49 || a.Scores[1].Result.Flagged != 3 || !a.Scores[1].Flags {
		t.Errorf("%+v", a)
	}

	for _, tt := range []struct {
		name string
		args []string
		say  string
	}{
		{"no file", append([]string{forecast, "nothing.csv"}, plane...), "a file that can be read"},
		{"no events", append([]string{forecast, events, "--from", "2030-01-01"}, plane...), "none is"},
		{"a time inside out", append([]string{forecast, events, "--from", "2026-03-02", "--to", "2026-03-01"}, plane...), "not before"},
		{"no day", append([]string{forecast, events, "--from", "March"}, plane...), "2017-03-01"},
		{"no area", append([]string{forecast, events, "--area", "big"}, plane...), "1%"},
		{"a horizon without its contest", append([]string{forecast, events, "--horizon", "1WK"}, plane...), "--preset nij"},
		{"no such horizon", append([]string{forecast, events, "--preset", "nij", "--horizon", "9WK"}, plane...), "3MO"},
		{"another system", []string{forecast, events, "--crs", "WGS84", "--events-crs", "EPSG:4548", "--cell", "150"}, "no place"},
	} {
		if status, out, errs := run(tt.args...); status != statusUsage || !strings.Contains(errs, tt.say) || out != "" {
			t.Errorf("%s: status %d, %q %q, want something of %q", tt.name, status, out, errs, tt.say)
		}
	}
}

func num(i int) string {
	return strconv.Itoa(i)
}
