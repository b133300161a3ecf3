package forecast

import (
	"errors"

	"github.com/jackc/pgx/v5"
)

func isNoRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
