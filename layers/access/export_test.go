package access

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"golang.org/x/crypto/argon2"
)

// WeakHash hashes with parameters that are no longer used.
func WeakHash(password string) string {
	salt := []byte("saltsaltsaltsalt")
	b64 := base64.RawStdEncoding
	return "$argon2id$v=19$m=64,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32))
}

// HoldHashing lets no password be hashed until release is called.
func HoldHashing(d *Directory) (release func()) {
	for range hashesAtOnce {
		d.hashing <- struct{}{}
	}
	return func() {
		for range hashesAtOnce {
			<-d.hashing
		}
	}
}

// FillForBenchmark puts one signed-in person into d, as the feed would: an
// officer, or a worker with so many grids.
func FillForBenchmark(d *Directory, grids int) (token string) {
	st := newState()
	st.orgs["east"] = Organisation{Code: "east", Kind: kindGovernment, AreaCode: "330799001"}
	st.people[1] = account{login: "li", name: "li", org: "east", active: true}
	st.roles[1] = []Role{DepartmentOfficer}
	if grids > 0 {
		st.roles[1] = []Role{GridWorker}
	}
	for i := range grids {
		code := fmt.Sprintf("330799001%06d", i)
		st.duty[1] = append(st.duty[1], code)
		st.geo.grids[unitGrid][int64(i)] = grid{code: code, bound: orb.Bound{Min: orb.Point{120, 29}, Max: orb.Point{121, 30}}}
	}
	token, hash := newToken()
	now := time.Now()
	st.sessions[hash] = session{id: 1, person: 1, created: now, expires: now.Add(defaultRules.idle)}
	d.fed.Store(st)
	return token
}
