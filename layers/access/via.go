package access

import (
	"fmt"
	"slices"
	"time"

	"onemap/geo/where"
	"onemap/layers"
)

// A via is how a caller came in: what a session or a key takes from its
// holder's rights. It never changes.
type via struct {
	session int64     // its number; 0: not by a session
	hash    tokenHash // of the session
	factor  bool      // the session has shown a second factor
	need    Need      // what the session lacks; it may do nothing else

	key        string // its prefix; "": not by a key
	onlyRead   bool
	onlyWrite  bool
	layers     []string // the only ones it reaches; nil: all
	reasons    map[string]Reason
	reason     string // given with this request: holds for every layer
	reasonless bool   // asked for no reason: an organisation's own systems
}

// A Reason is why somebody looks at a sensitive layer, and how long that holds.
type Reason struct {
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
}

// ErrReason: the layer is a sensitive one, and the caller has not said why
// they look at it.
var ErrReason = fmt.Errorf("%w: this layer is sensitive: say first why you look at it", ErrForbidden)

// ErrKeyScope: the key was not made for this.
var ErrKeyScope = fmt.Errorf("%w: the key was not made for this", ErrForbidden)

// ByKey says whether the caller showed an API key, and did not sign in.
func (s Scope) ByKey() bool { return s.via != nil && s.via.key != "" }

// SessionID is the number of the caller's session; 0 where there is none.
func (s Scope) SessionID() int64 {
	if s.via == nil {
		return 0
	}
	return s.via.session
}

// Need says what the caller's session lacks; "" where it lacks nothing.
func (s Scope) Need() Need {
	if s.via == nil {
		return NeedNothing
	}
	return s.via.need
}

// May returns [ErrKeyScope] if the caller came with a key that was not made
// for reading, or for writing.
func (s Scope) May(write bool) error {
	switch {
	case s.via == nil:
		return nil
	case write && s.via.onlyRead:
		return fmt.Errorf("%w: it only reads", ErrKeyScope)
	case !write && s.via.onlyWrite:
		return fmt.Errorf("%w: it only writes", ErrKeyScope)
	}
	return nil
}

// OnlyLayers returns the layers that the caller's key is cut to; false where
// it is not cut.
func (s Scope) OnlyLayers() ([]string, bool) {
	if s.via == nil || s.via.layers == nil {
		return nil, false
	}
	return s.via.layers, true
}

// reaches says whether the caller's way in lets them at a layer at all.
func (s Scope) reaches(layer string) bool {
	return s.via == nil || s.via.need == NeedNothing && (s.via.layers == nil || slices.Contains(s.via.layers, layer))
}

// WithReason returns the scope for one request that says why it is made: of
// any sensitive layer that it touches. The caller of this records it.
func (s Scope) WithReason(reason string) Scope {
	v := via{}
	if s.via != nil {
		v = *s.via
	}
	v.reason = reason
	s.via = &v
	return s
}

// RequestReason is the reason that came with the request; "" if none did.
func (s Scope) RequestReason() string {
	if s.via == nil {
		return ""
	}
	return s.via.reason
}

// ReasonFor is why the caller looks at a layer: "" where none was given, or no
// longer holds.
func (s Scope) ReasonFor(layer string) string {
	if s.via == nil {
		return ""
	}
	if s.via.reason != "" {
		return s.via.reason
	}
	if r, ok := s.via.reasons[layer]; ok && time.Now().Before(r.Until) {
		return r.Reason
	}
	return ""
}

// LacksReason says whether a layer is sensitive and the caller has not said
// why they look at it: they see nothing of it then, in any shape.
func (s Scope) LacksReason(l layers.Layer) bool {
	if !l.AskReason || s.s != nil && s.s.operator || s.via != nil && s.via.reasonless {
		return false
	}
	return s.ReasonFor(l.Name) == ""
}

// Reasons are the reasons that the caller gave and that still hold, by layer.
func (s Scope) Reasons() map[string]Reason {
	out := map[string]Reason{}
	if s.via != nil {
		for layer, r := range s.via.reasons {
			if time.Now().Before(r.Until) {
				out[layer] = r
			}
		}
	}
	return out
}

// through is what the caller's way in leaves of a right.
func (s Scope) through(l layers.Layer, r Right, visible bool) (Right, bool) {
	switch {
	case !visible || !s.reaches(l.Name):
		return Right{}, false
	case s.LacksReason(l):
		return Right{Where: where.False, layer: l.Name}, true
	}
	return r, true
}
