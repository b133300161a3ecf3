package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// An Identity is what an identity provider (OpenID Connect) says of somebody,
// already proven.
type Identity struct {
	Issuer  string // its address
	Subject string // the provider's own, which stays
	Login   string // what the provider calls them, to find the account the first time
	Factor  bool   // the provider saw a second factor
}

// SignInAs opens a session for whom an identity provider knows. The account
// must be there: roles are given here, by the security administrator. The first
// time it is found by its login and bound to the provider's subject; from then on
// by the subject alone, so that another person given the same name later does
// not get in. It returns [ErrUnauthenticated] for who has no account, a closed
// one, or one that is bound to another subject.
func (d *Directory) SignInAs(ctx context.Context, i Identity, from From) (SignedIn, error) {
	i.Login = strings.ToLower(strings.TrimSpace(i.Login))
	who := Entry{Action: "sign-in", Object: "person/", Address: from.Address, Result: Done, Detail: map[string]any{"how": "oidc", "issuer": i.Issuer}}
	var id int64
	var login, org string
	active, linked := false, true
	err := d.db.QueryRow(ctx, `SELECT p.id, p.login, p.org, p.active FROM onemap.person_identity x JOIN onemap.person p ON p.id = x.person
		WHERE x.issuer = $1 AND x.subject = $2`, i.Issuer, i.Subject).Scan(&id, &login, &org, &active)
	if noRow(err) {
		linked = false
		err = d.db.QueryRow(ctx, `SELECT id, login, org, active FROM onemap.person p WHERE login = $1
			AND NOT EXISTS (SELECT FROM onemap.person_identity x WHERE x.person = p.id AND x.issuer = $2)`, i.Login, i.Issuer).Scan(&id, &login, &org, &active)
	}
	if err != nil && !noRow(err) {
		return SignedIn{}, doing("sign in by provider", err)
	}
	if err != nil || !active {
		who.Result, who.Reason = Refused, "no account for who the provider names"
		if err := d.recordAs(ctx, id, login, org, who); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{}, ErrUnauthenticated
	}
	device, err := d.knownDevice(ctx, id, from.Device)
	if err != nil {
		return SignedIn{}, doing("sign in by provider", err)
	}
	who.Object = "person/" + login
	return d.openSession(ctx, id, "oidc", i.Factor, from, device, func(tx pgx.Tx) error {
		if !linked {
			tag, err := tx.Exec(ctx, `INSERT INTO onemap.person_identity (issuer, subject, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, i.Issuer, i.Subject, id)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 { // bound this moment, to somebody else
				return ErrUnauthenticated
			}
			link := Entry{Action: "person.link", Object: "person/" + login, Result: Done, Detail: map[string]any{"issuer": i.Issuer}}
			if err := recordAs(ctx, tx, id, login, org, link); err != nil {
				return err
			}
		}
		var open bool
		if err := tx.QueryRow(ctx, `SELECT active FROM onemap.person WHERE id = $1 FOR SHARE`, id).Scan(&open); err != nil || !open {
			return ErrUnauthenticated
		}
		return recordAs(ctx, tx, id, login, org, who)
	})
}

// Unlink forgets which subjects of identity providers somebody is, so that the
// next sign-in through a provider binds anew.
func (d *Directory) Unlink(ctx context.Context, by Scope, login string) error {
	if err := by.Require(Administrator); err != nil {
		return err
	}
	return d.change(ctx, by, login, Entry{Action: "person.unlink"}, func(tx pgx.Tx, id int64) error {
		tag, err := tx.Exec(ctx, `DELETE FROM onemap.person_identity WHERE person = $1`, id)
		if err == nil && tag.RowsAffected() == 0 {
			return fmt.Errorf("%s is bound to no provider: %w", login, layers.ErrNotFound)
		}
		return err
	})
}
