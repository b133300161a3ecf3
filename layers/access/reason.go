package access

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// maxReasons is how many layers one session may have reasons for.
const maxReasons = 50

// GiveReason says why the caller looks at sensitive layers, for the rest of
// this session or as long as a reason holds, and records it. It returns until
// when. It takes a session: a key says why with each request.
func (d *Directory) GiveReason(ctx context.Context, by Scope, names []string, reason, address string) (time.Time, error) {
	if err := by.Require(); err != nil {
		return time.Time{}, err
	}
	if by.SessionID() == 0 {
		return time.Time{}, &layers.InputError{Field: "reason", Remedy: "a key says why with each request, in the header Onemap-Reason"}
	}
	reason, err := checkReason(reason)
	if err != nil {
		return time.Time{}, err
	}
	if len(names) == 0 || len(names) > maxReasons {
		return time.Time{}, &layers.InputError{Field: "layers", Remedy: fmt.Sprintf("name 1 to %d layers", maxReasons)}
	}
	st, err := d.current(ctx)
	if err != nil {
		return time.Time{}, err
	}
	until := time.Now().Add(st.ruled().reason).UTC().Truncate(time.Second)
	var held heldSession
	err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sessionSQL+` WHERE id = $1 FOR NO KEY UPDATE`, by.SessionID())
		if err != nil {
			return err
		}
		if held, err = pgx.CollectExactlyOneRow(rows, scanSession); noRow(err) {
			return ErrUnauthenticated
		} else if err != nil {
			return err
		}
		kept := map[string]Reason{}
		for layer, r := range held.reasons {
			if time.Now().Before(r.Until) {
				kept[layer] = r
			}
		}
		for _, name := range names {
			var asks bool
			if err := tx.QueryRow(ctx, `SELECT ask_reason FROM onemap.layer WHERE name = $1`, name).Scan(&asks); noRow(err) || err == nil && !asks {
				return &layers.InputError{Field: "layers", Value: layers.Short(name), Remedy: "the names of sensitive layers"}
			} else if err != nil {
				return err
			}
			kept[name] = Reason{reason, until}
			if err := record(ctx, tx, by, Entry{Action: "reason.give", Object: "layer/" + name, Result: Done, Reason: reason, Address: address,
				Detail: map[string]any{"until": until.Format(time.RFC3339)}}); err != nil {
				return err
			}
		}
		if len(kept) > maxReasons {
			return &layers.InputError{Field: "layers", Remedy: fmt.Sprintf("no more than %d at a time", maxReasons)}
		}
		held.reasons = maps.Clone(kept)
		_, err = tx.Exec(ctx, `UPDATE onemap.session SET reasons = $2 WHERE id = $1`, by.SessionID(), kept)
		return err
	})
	if err != nil {
		return time.Time{}, Wrap("give reason", err)
	}
	d.fresher.put(held)
	d.changed.fire()
	return until, nil
}

// RecordReason keeps a reason that was given with one request, of what.
func (d *Directory) RecordReason(ctx context.Context, by Scope, object, reason, address string) error {
	return record(ctx, d.db, by, Entry{Action: "reason.give", Object: object, Result: Done, Reason: reason, Address: address})
}

// checkReason returns a reason as it is kept: 4 to 200 characters of one line.
func checkReason(reason string) (string, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); !utf8.ValidString(reason) || strings.ContainsRune(reason, 0) || n < 4 || n > 200 {
		return "", &layers.InputError{Field: "reason", Remedy: "say why, in 4 to 200 characters"}
	}
	return reason, nil
}

// CheckReason is for a reason that comes with a request.
func CheckReason(reason string) (string, error) { return checkReason(reason) }
