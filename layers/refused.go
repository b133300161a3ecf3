package layers

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refused returns what was wrong with a text that PostgreSQL could not take:
// the character NUL, or bytes that are no UTF-8. It returns nil for every other
// error. No text of ours has these, so whoever sent it is at fault.
func Refused(err error) *InputError {
	var pg *pgconn.PgError
	// character_not_in_repertoire, untranslatable_character
	if errors.As(err, &pg) && (pg.Code == "22021" || pg.Code == "22P05") {
		return &InputError{Field: "text", Remedy: "text in UTF-8 without the character NUL"}
	}
	return nil
}
