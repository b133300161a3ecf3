package layers

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refused returns what was wrong with something that was sent and that the
// database could not take; nil for every other error. That is a text with the
// character NUL, or bytes that are no UTF-8: no text of ours has these. Or it is
// a geometry, valid within the last digit only, that GEOS gives up to compare
// with a feature's.
func Refused(err error) *InputError {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return nil
	}
	// character_not_in_repertoire, untranslatable_character
	if pg.Code == "22021" || pg.Code == "22P05" {
		return &InputError{Field: "text", Remedy: "text in UTF-8 without the character NUL"}
	}
	// internal_error; PostGIS has no code of its own for it.
	if pg.Code == "XX000" && strings.Contains(pg.Message, "TopologyException") {
		return &InputError{Field: "geometry", Remedy: "a geometry whose edges are not within a rounding of each other or of a feature's: simplify it"}
	}
	return nil
}
