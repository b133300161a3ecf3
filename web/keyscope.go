package web

import (
	"fmt"
	"net/http"
	"slices"

	"onemap/layers/access"
)

// What a key that is cut to layers may call: what is of layers throughout, and
// what is of the incidents where it reaches those. Anything that is not in the
// list, and so what is added one day, is closed to it.
var (
	ofLayers = []string{"layers", "tiles", "ogc", "map", "live", "description", "operation"}
	ofLayer  = map[string]string{"incidents": "incident", "classes": "incident"}
	// Who one is may always be asked.
	ofAnyone = []string{"getSession", "getSettings"}
)

// keyMay holds a key to what it was made for: reading or writing, and some
// layers. What it sees of a layer is the Scope's to say.
func (m *mount) keyMay(scope access.Scope, r *http.Request) error {
	if !scope.ByKey() || slices.Contains(ofAnyone, m.op.OperationID) {
		return nil
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
	if err := scope.May(write); err != nil {
		return err
	}
	only, cut := scope.OnlyLayers()
	if !cut || m.hidden {
		return nil
	}
	tag := ""
	if len(m.op.Tags) > 0 {
		tag = m.op.Tags[0]
	}
	if slices.Contains(ofLayers, tag) || slices.Contains(only, ofLayer[tag]) {
		return nil
	}
	return fmt.Errorf("%w: it is cut to layers", access.ErrKeyScope)
}
