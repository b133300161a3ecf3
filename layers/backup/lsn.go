package backup

import (
	"fmt"
	"strconv"
	"strings"
)

// An LSN is a place in PostgreSQL's log, in bytes; its text is "1/6B3748".
type LSN uint64

func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint64(l)>>32, uint32(l)) }

// MarshalText writes it as PostgreSQL does.
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads it as PostgreSQL writes it.
func (l *LSN) UnmarshalText(b []byte) error {
	hi, lo, ok := strings.Cut(string(b), "/")
	h, err1 := strconv.ParseUint(hi, 16, 32)
	n, err2 := strconv.ParseUint(lo, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("log position %q", b)
	}
	*l = LSN(h<<32 | n)
	return nil
}

func parseLSN(s string) (l LSN, err error) { return l, l.UnmarshalText([]byte(s)) }

// segmentName is a segment's file name in pg_wal.
func segmentName(timeline uint32, number, size uint64) string {
	per := uint64(1<<32) / size
	return fmt.Sprintf("%08X%08X%08X", timeline, number/per, number%per)
}
