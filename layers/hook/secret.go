package hook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers/vault"
)

// errSealed is what whoever looks after a webhook reads where its secret does not open.
var errSealed = errors.New("its secret is sealed with a key that this server has not: give it a new secret, or see onemap doctor")

// newSecret makes 32 random bytes, keeps them, sealed where there is a key, and
// returns them as Standard Webhooks writes them.
func (s *Store) newSecret(ctx context.Context, tx pgx.Tx, webhook int64) (string, error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails
	kept := raw
	if s.Keys != nil {
		var err error
		if kept, err = s.Keys.Seal(raw, vault.Place("webhook", webhook)); err != nil {
			return "", err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO onemap.webhook_secret (webhook, secret, sealed) VALUES (@id, @secret, @sealed)`,
		pgx.NamedArgs{"id": webhook, "secret": kept, "sealed": s.Keys != nil})
	return "whsec_" + base64.StdEncoding.EncodeToString(raw), err
}

// secrets are those that sign now, the newest first. One that does not open is
// left out; where none does, the error is errSealed.
func (s *Store) secrets(ctx context.Context, webhook int64) ([][]byte, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT secret, sealed FROM onemap.webhook_secret WHERE webhook = @id AND (ends_at IS NULL OR ends_at > now()) ORDER BY made_at DESC`,
		pgx.NamedArgs{"id": webhook})
	if err != nil {
		return nil, fmt.Errorf("secrets of webhook %d: %w", webhook, err)
	}
	var out [][]byte
	var secret []byte
	var sealed, lost bool
	if _, err := pgx.ForEachRow(rows, []any{&secret, &sealed}, func() error {
		raw := append([]byte(nil), secret...)
		if sealed {
			opened, err := s.Keys.Open(raw, vault.Place("webhook", webhook))
			if err != nil {
				lost = true
				return nil
			}
			raw = opened
		}
		out = append(out, raw)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("secrets of webhook %d: %w", webhook, err)
	}
	if lost && len(out) == 0 {
		return nil, errSealed
	}
	return out, nil
}
