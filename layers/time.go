package layers

import "time"

// TimeOrNull is nil for the zero time: NULL for PostgreSQL, null in JSON.
func TimeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
