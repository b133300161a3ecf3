package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"onemap/layers/access"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Recompute the whole chain of the audit."`
}

func (auditCommand) Help() string {
	return "Example:\n  onemap audit verify"
}

type auditVerify struct {
	Database
	Head string `help:"A head that was kept elsewhere, which the chain must hold." placeholder:"N:HASH"`
}

func (auditVerify) Help() string {
	return `Prints the chain's head: number and hash of the last seal. Keep it where nobody who has the
database can change it; given with --head later, it shows that nothing up to it was changed.
The exit status is 1 if something does not hold.

Example:
  onemap audit verify
  onemap audit verify --head 1042:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`
}

func (c auditVerify) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	r, err := access.NewAudit(db).Verify(ctx, operator(), c.Head)
	if err != nil {
		return err
	}
	err = t.answer(r, func(w io.Writer) {
		fmt.Fprintf(w, "%d entries in %d seals, %d let go by rule, %d waiting for their seal.\n", r.Entries, r.Seals, r.Dropped, r.Waiting)
		if r.Head != "" {
			fmt.Fprintf(w, "Head: %s\n", r.Head)
		}
		for _, f := range r.Faults {
			fmt.Fprintln(w, "WRONG:", f)
		}
		if r.OK() {
			fmt.Fprintln(w, "All of it is as it was sealed.")
		}
	})
	if err == nil && !r.OK() {
		return errSaid
	}
	return err
}
