package forecast

import (
	"errors"
	"fmt"

	"onemap/layers"
)

// noForecast is why what is there gives no forecast: something that a planner
// can mend, in both languages.
type noForecast struct {
	*layers.InputError
	zh string
}

func (e *noForecast) Unwrap() error { return e.InputError }

// cannot says it; both texts take the same arguments in the same order.
func cannot(field, zh, en string, args ...any) error {
	return &noForecast{&layers.InputError{Field: field, Remedy: fmt.Sprintf(en, args...)}, fmt.Sprintf(zh, args...)}
}

// whyNot is what a run says that err ended; false where a planner can do nothing.
func whyNot(err error) (Words, bool) {
	var n *noForecast
	if errors.As(err, &n) {
		return Words{"无法预测:" + n.zh, "No forecast: " + n.Remedy}, true
	}
	var input *layers.InputError
	if errors.As(err, &input) {
		return Words{"无法预测:" + input.Error(), "No forecast: " + input.Error()}, true
	}
	return Words{}, false
}
