package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// featureState names a state of a feature as someone with a right sees it:
// another after each change of its row, and of the right. Different rights
// never give equal states.
func featureState(q items, id int64, version string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", q.right.Fingerprint(), q.Layer.Name, id, version))
	return hex.EncodeToString(sum[:12])
}

// featureTag is the strong ETag of a feature's representation: its state, and
// which representation it is. A change may show the tag of any of them.
func featureTag(q items, id int64, version, format string, t tongue) string {
	kind := fmt.Sprintf("%d", q.ref.SRID)
	if q.ref.IsLonLat() {
		kind = "84"
	}
	if format == formatHTML {
		kind = "html-" + string(t)
	}
	return `"` + featureState(q, id, version) + "-" + kind + `"`
}

// ifMatch reads the header If-Match (RFC 9110, 13.1.1): present says whether
// there is one, and match whether it names a state. Weak tags name none.
func ifMatch(r *http.Request) (match func(state string) bool, present bool) {
	header := strings.Join(r.Header.Values("If-Match"), ",")
	if strings.TrimSpace(header) == "" {
		return nil, false
	}
	return func(state string) bool {
		for tag := range strings.SplitSeq(header, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" {
				return true
			}
			if have, _, ok := strings.Cut(strings.TrimPrefix(tag, `"`), "-"); ok && strings.HasPrefix(tag, `"`) && have == state {
				return true
			}
		}
		return false
	}, true
}
