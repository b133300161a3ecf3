package pull

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"onemap/layers/vault"
)

// A secret is what a source asks for.
type secret struct{ login, secret string }

// putSecret keeps what a source asks for, sealed where there is a key; nil
// stays as it is.
func (s *Store) putSecret(ctx context.Context, tx pgx.Tx, id int64, login, word *string) error {
	if login != nil {
		if _, err := tx.Exec(ctx, `UPDATE onemap.pull_secret SET login = $2 WHERE pull = $1`, id, *login); err != nil {
			return err
		}
	}
	if word == nil {
		return nil
	}
	if s.Keys == nil || *word == "" {
		_, err := tx.Exec(ctx, `UPDATE onemap.pull_secret SET secret = $2, sealed = NULL WHERE pull = $1`, id, *word)
		return err
	}
	sealed, err := s.Keys.Seal([]byte(*word), vault.Place("pull", id))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE onemap.pull_secret SET secret = '', sealed = $2 WHERE pull = $1`, id, sealed)
	return err
}

func (s *Store) secret(ctx context.Context, id int64) (x secret, err error) {
	var sealed []byte
	err = s.Uploads.Layers.DB().QueryRow(ctx, `SELECT login, secret, sealed FROM onemap.pull_secret WHERE pull = $1`, id).Scan(&x.login, &x.secret, &sealed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return x, nil
	case err != nil || sealed == nil:
		return x, err
	}
	word, err := s.Keys.Open(sealed, vault.Place("pull", id))
	if errors.Is(err, vault.ErrNoKey) {
		return x, wrong("its secret is sealed with a key that this server has not: give the secret again, or see onemap doctor")
	}
	x.secret = string(word)
	return x, err
}
