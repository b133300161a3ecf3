package incident

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers/access"
)

// pgCode is PostgreSQL's code of an error, "" for others and for none.
func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// audit records who did what to an incident, in the transaction that did it.
func audit(ctx context.Context, tx pgx.Tx, scope access.Scope, action string, id int64, address, reason string) error {
	return access.RecordTx(ctx, tx, scope, access.Entry{Action: action, Object: fmt.Sprintf("incident/%d", id),
		Result: access.Done, Reason: reason, Address: address})
}
