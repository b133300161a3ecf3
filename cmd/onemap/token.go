package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"onemap/layers/access"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make an API key for an account."`
	List   tokenList   `cmd:"" help:"List API keys."`
	Revoke tokenRevoke `cmd:"" help:"End an API key."`
}

func (tokenCommand) Help() string {
	return "Example:\n  onemap token create --user urban --name \"nightly export\" --days 90"
}

type tokenCreate struct {
	Database
	User string `help:"Whose rights the key has." required:"" placeholder:"LOGIN"`
	Name string `help:"What it is for." default:"command line"`
	Days int    `help:"Days until it ends; 0: never." default:"365"`
}

func (tokenCreate) Help() string {
	return `The key is printed once, alone on standard output. Send it as "Authorization: Bearer KEY".

Example:
  KEY=$(onemap token create --user urban --name "nightly export" --days 90)
  curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/api/v1/layers`
}

func (c tokenCreate) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Days < 0 {
		return fmt.Errorf("%w: --days must not be negative", errUsage)
	}
	var ends time.Time
	if c.Days > 0 {
		ends = time.Now().AddDate(0, 0, c.Days)
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	key, info, err := access.NewDirectory(db).CreateKey(ctx, operator(), c.User, c.Name, ends)
	if err != nil {
		return err
	}
	v := keyRow(info)
	v.Key = key
	return t.answer(v, func(w io.Writer) {
		fmt.Fprintln(w, key)
		fmt.Fprintln(t.err, "It is shown only now. Send it as: Authorization: Bearer KEY")
	})
}

type tokenList struct {
	Database
	Login string `arg:"" optional:"" help:"Whose; everyone's if left out."`
}

func (tokenList) Help() string { return "Example:\n  onemap token list urban" }

func (c tokenList) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	keys, err := access.NewDirectory(db).ListKeys(ctx, operator(), c.Login)
	if err != nil {
		return err
	}
	rows := make([]apiKey, len(keys))
	for i, k := range keys {
		rows[i] = keyRow(k)
	}
	return t.answer(rows, func(w io.Writer) {
		table(w, "KEY\tLOGIN\tFOR\tMADE\tSTATE", func(line func(format string, args ...any)) {
			for _, r := range rows {
				line("%s…\t%s\t%s\t%s\t%s", r.Prefix, r.Login, r.Name, r.CreatedAt.Local().Format(time.DateOnly), r.state(time.Now()))
			}
		})
	})
}

type tokenRevoke struct {
	Database
	Prefix string `arg:"" help:"Beginning of the key, om_ and eight letters, as \"token list\" shows it."`
}

func (tokenRevoke) Help() string { return "Example:\n  onemap token revoke om_3Fq81LxZ" }

func (c tokenRevoke) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if err := access.NewDirectory(db).RevokeKey(ctx, operator(), c.Prefix); err != nil {
		return err
	}
	return t.answer(map[string]any{"prefix": c.Prefix, "revoked": true}, func(w io.Writer) {
		fmt.Fprintf(w, "%s holds no more.\n", c.Prefix)
	})
}

// An apiKey is a key as it is printed.
type apiKey struct {
	Key       string     `json:"key,omitempty"` // when it is made
	Prefix    string     `json:"prefix"`
	Login     string     `json:"login"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

func keyRow(k access.KeyInfo) apiKey {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return apiKey{Prefix: k.Prefix, Login: k.Login, Name: k.Name, CreatedAt: k.CreatedAt, ExpiresAt: at(k.ExpiresAt), RevokedAt: at(k.RevokedAt)}
}

func (k apiKey) state(now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked " + k.RevokedAt.Local().Format(time.DateOnly)
	case k.ExpiresAt == nil:
		return "holds for good"
	case k.ExpiresAt.Before(now):
		return "ended " + k.ExpiresAt.Local().Format(time.DateOnly)
	default:
		return "holds until " + k.ExpiresAt.Local().Format(time.DateOnly)
	}
}
