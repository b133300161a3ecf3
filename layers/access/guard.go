package access

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// Guessing is stopped where it comes from. Locking the account itself would let
// anyone shut anyone out, so wrong attempts are counted by login and source:
//
//	a browser that this person signed in with before   5 in a row, then 15 minutes
//	any other, by its network (IPv4 address, IPv6 /56) 5 in a row, then 15 minutes
//	all others together                                50 an hour, then 15 minutes
//
// So whoever knows a login can at most keep its owner from signing in with a
// browser that is new to onemap, and needs ten networks for that. A login that
// does not exist is counted in the same way and cannot be told from one that does.
// Codes of the second factor are counted likewise, by themselves.
const (
	maxFailures    = 5
	failuresWithin = time.Hour
	allFailures    = 50
	lockFor        = 15 * time.Minute
)

//go:embed sql/attempt.sql
var attemptSQL string

// guarded is one attempt that was counted.
type guarded struct {
	who     [32]byte
	sources []string // its own, then all others together
}

// count counts an attempt before it is judged, so that guesses made side by
// side all count. It returns a [LockedError] where too many went before. what
// is being guessed: "password" or "code".
func (d *Directory) count(ctx context.Context, what, login string, from From, known bool) (guarded, error) {
	g := guarded{who: sha256.Sum256([]byte(what + "\n" + login)), sources: []string{"net/" + network(from.Address), "net"}}
	if known {
		hash, _ := hashToken(from.Device)
		g.sources = []string{"device/" + hex.EncodeToString(hash[:])}
	}
	for _, source := range g.sources {
		most := maxFailures
		if source == "net" {
			most = allFailures
		}
		var n int
		err := d.db.QueryRow(ctx, attemptSQL, pgx.NamedArgs{"who": g.who[:], "source": source, "most": most, "lock": lockFor, "window": failuresWithin}).Scan(&n)
		if noRow(err) {
			return g, d.locked(ctx, g, source)
		}
		if err != nil {
			return g, doing("count attempt", err)
		}
	}
	return g, nil
}

func (d *Directory) locked(ctx context.Context, g guarded, source string) error {
	var until *time.Time
	err := d.db.QueryRow(ctx, `SELECT locked_until FROM onemap.sign_in_guard WHERE who = $1 AND source = $2`, g.who[:], source).Scan(&until)
	if err != nil && !noRow(err) {
		return doing("count attempt", err)
	}
	if until == nil { // it was lifted this very moment
		return &LockedError{time.Now().Add(time.Second)}
	}
	return &LockedError{*until}
}

// lift takes an attempt that was right out of the count.
func lift(ctx context.Context, tx pgx.Tx, g guarded) error {
	_, err := tx.Exec(ctx, `DELETE FROM onemap.sign_in_guard WHERE who = $1 AND source = $2`, g.who[:], g.sources[0])
	if err == nil && len(g.sources) > 1 {
		_, err = tx.Exec(ctx, `UPDATE onemap.sign_in_guard SET failures = greatest(failures - 1, 0), locked_until = NULL WHERE who = $1 AND source = $2`, g.who[:], g.sources[1])
	}
	return err
}

// unlock forgets all that was counted against a login.
func unlock(ctx context.Context, tx pgx.Tx, login string) error {
	password, code := sha256.Sum256([]byte("password\n"+login)), sha256.Sum256([]byte("code\n"+login))
	_, err := tx.Exec(ctx, `DELETE FROM onemap.sign_in_guard WHERE who = ANY ($1)`, [][]byte{password[:], code[:]})
	return err
}

// lockSQL is when the last of a login's locks ends, NULL where none holds.
const lockSQL = `(SELECT max(locked_until) FROM onemap.sign_in_guard WHERE locked_until > now()
	AND who IN (sha256(convert_to('password' || E'\n' || login, 'UTF8')), sha256(convert_to('code' || E'\n' || login, 'UTF8'))))`

// network is what one subscriber's addresses have in common, in their text.
func network(s string) string {
	a := address(s)
	if a == nil {
		return ""
	}
	bits := 32
	if a.Is6() {
		bits = 56
	}
	return netip.PrefixFrom(*a, bits).Masked().String()
}
