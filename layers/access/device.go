package access

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// A device is a browser that somebody signed in with before: it carries a
// secret of its own, longer than any session. All that follows from it is where
// wrong attempts are counted (guard.go).
const (
	deviceDays = 180
	deviceMost = 20 // of one person, the last used
)

// knownDevice says whether a device's token is one of the person's.
func (d *Directory) knownDevice(ctx context.Context, person int64, token string) (bool, error) {
	hash, ok := hashToken(token)
	if !ok || person == 0 {
		return false, nil
	}
	var known bool
	err := d.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.device WHERE token_hash = $1 AND person = $2 AND used_at > now() - make_interval(days => $3))`,
		hash[:], person, deviceDays).Scan(&known)
	return known, err
}

// keepDevice notes that a person signed in with a device, and returns the
// token of a new one; "" for one that was known.
func keepDevice(ctx context.Context, tx pgx.Tx, person int64, token string, known bool) (string, error) {
	if known {
		hash, _ := hashToken(token)
		_, err := tx.Exec(ctx, `UPDATE onemap.device SET used_at = now() WHERE token_hash = $1`, hash[:])
		return "", err
	}
	token, hash := newToken()
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.device (token_hash, person) VALUES ($1, $2)`, hash[:], person); err != nil {
		return "", err
	}
	_, err := tx.Exec(ctx, `DELETE FROM onemap.device WHERE person = $1 AND (used_at < now() - make_interval(days => $2) OR token_hash IN
		(SELECT token_hash FROM onemap.device WHERE person = $1 ORDER BY used_at DESC OFFSET $3))`, person, deviceDays, deviceMost)
	return token, err
}
