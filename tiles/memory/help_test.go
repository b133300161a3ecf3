package memory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/paulmach/orb/geojson"
)

// noContext is a context that never ends: rapid's tests have none of their own.
type noContext struct{}

func (noContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (noContext) Done() <-chan struct{}       { return nil }
func (noContext) Err() error                  { return nil }
func (noContext) Value(any) any               { return nil }

// panics is a test's failure where there is no test at hand.
type panics struct{}

func (panics) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// dump writes a feature with all that a reader of the tile sees.
func dump(f *geojson.Feature) string {
	return fmt.Sprintf("%v %v %v", f.ID, f.Properties, f.Geometry)
}

// oneGoroutine skips a test in which the race detector could find nothing.
func oneGoroutine(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("one goroutine")
	}
}
