package bench

import (
	"strings"
	"testing"
)

func TestJSONWritesTargetsAsTheyRead(t *testing.T) {
	var b strings.Builder
	JSON(&b)(Result{Bench: "tiles", Case: "p95 <&>", Target: ">= 5x"})
	if line := b.String(); !strings.Contains(line, `">= 5x"`) || !strings.Contains(line, `"p95 <&>"`) || strings.Count(line, "\n") != 1 {
		t.Errorf("%s", line)
	}
}
