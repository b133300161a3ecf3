package access_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"onemap/layers/access"
)

// Whoever guesses at an account is stopped where they are; its owner is not
// shut out at the browser that they use, nor from another network.
func TestGuessingShutsNobodyElseOut(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password})
	must(t, err)
	in, err := c.dir.SignIn(ctx, "li", password, access.From{Address: "10.0.0.1"})
	must(t, err)
	if len(in.Device) != 43 {
		t.Fatalf("device %q", in.Device)
	}
	guess := func(from access.From) error { _, err := c.dir.SignIn(ctx, "li", "guess", from); return err }
	right := func(from access.From) error { _, err := c.dir.SignIn(ctx, "li", password, from); return err }
	// One attacker, in the owner's own network even.
	for range 8 {
		_ = guess(access.From{Address: "10.0.0.1"})
	}
	if err := right(access.From{Address: "10.0.0.1"}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("the attacker's place is not locked: %v", err)
	}
	if err := right(access.From{Address: "10.0.0.1", Device: in.Device}); err != nil {
		t.Errorf("the owner's browser is shut out: %v", err)
	}
	if err := right(access.From{Address: "10.0.0.2"}); err != nil {
		t.Errorf("another network is shut out: %v", err)
	}
	// An attempt that is refused for its place must not count against all the others.
	for range 100 {
		_ = guess(access.From{Address: "10.0.0.1"})
	}
	if err := right(access.From{Address: "10.0.0.3"}); err != nil {
		t.Errorf("one place locked all: %v", err)
	}
	// One subscriber's IPv6 addresses are one place.
	for i := range 5 {
		_ = guess(access.From{Address: fmt.Sprintf("2001:db8:0:%x::1", i)})
	}
	if err := guess(access.From{Address: "2001:db8:0:ff::9"}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("another address of the same subscriber: %v", err)
	}
	// Many places together: strange browsers are locked, known ones not.
	for i := range 12 {
		for range 4 {
			_ = guess(access.From{Address: fmt.Sprintf("192.0.2.%d", i)})
		}
	}
	if err := right(access.From{Address: "198.51.100.1"}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("guessing from many places is not stopped: %v", err)
	}
	if err := right(access.From{Address: "198.51.100.1", Device: in.Device}); err != nil {
		t.Errorf("the owner's browser is shut out: %v", err)
	}
	// The known browser has a count of its own.
	for range 5 {
		_ = guess(access.From{Device: in.Device})
	}
	if err := right(access.From{Device: in.Device}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("guessing at a known browser is not stopped: %v", err)
	}
	people, err := c.dir.ListPeople(ctx, operator)
	must(t, err)
	if time.Until(people[0].LockedUntil) < 10*time.Minute {
		t.Errorf("the list does not say that something is locked: %v", people[0].LockedUntil)
	}
	must(t, c.dir.Unlock(ctx, operator, "li"))
	must(t, right(access.From{Address: "198.51.100.1"}))
	// A browser of somebody else's is a strange one; and a new password forgets all.
	_, err = c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "wang", Name: "王", Org: "east", Password: password})
	must(t, err)
	for range 5 {
		_, _ = c.dir.SignIn(ctx, "wang", "guess", access.From{Address: "10.0.0.1", Device: in.Device})
	}
	if _, err := c.dir.SignIn(ctx, "wang", password, access.From{Address: "10.0.0.1"}); !errors.Is(err, access.ErrLocked) {
		t.Errorf("another's browser counts as known: %v", err)
	}
	must(t, c.dir.SetPassword(ctx, operator, "li", password))
	var devices int
	must(t, c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.device d JOIN onemap.person p ON p.id = d.person WHERE login = 'li'`).Scan(&devices))
	if devices != 0 {
		t.Errorf("%d browsers are still known after the password was set", devices)
	}
}
