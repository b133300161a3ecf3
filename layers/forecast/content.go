package forecast

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/jackc/pgx/v5"
)

// What a run is made of is kept by content: two runs of one data cut share it.
// Numbers are big-endian; floats are their bits.

const (
	kindEvents = "events"
	kindGround = "ground"
	// maxContent bounds what is unpacked: 33 million events.
	maxContent = 1 << 30
)

// A content is a text of bytes with its SHA-256.
type content struct {
	kind  string
	items int
	bytes []byte
	hash  [32]byte
}

func newContent(kind string, items int, b []byte) content {
	return content{kind, items, b, sha256.Sum256(b)}
}

func (c content) hex() string { return hex.EncodeToString(c.hash[:]) }

// keep writes it down in the transaction of the run that names it.
func (c content) keep(ctx context.Context, tx pgx.Tx) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(c.bytes); err != nil {
		return fmt.Errorf("pack %s: %w", c.kind, err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("pack %s: %w", c.kind, err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO onemap.forecast_content (hash, kind, items, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		c.hash[:], c.kind, c.items, packed.Bytes())
	if err != nil {
		return fmt.Errorf("keep %s: %w", c.kind, err)
	}
	return nil
}

// errGone: retention took it.
var errGone = errors.New("it is not kept any more")

// readContent returns what was kept under a hash, and checks that it is that.
func readContent(ctx context.Context, db querier, kind string, hash []byte) (content, error) {
	var packed []byte
	c := content{kind: kind}
	err := db.QueryRow(ctx, `SELECT items, content FROM onemap.forecast_content WHERE hash = $1 AND kind = $2`, hash, kind).Scan(&c.items, &packed)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, fmt.Errorf("%s: %w", kind, errGone)
	}
	if err != nil {
		return c, fmt.Errorf("read %s: %w", kind, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return c, fmt.Errorf("unpack %s: %w", kind, err)
	}
	if c.bytes, err = io.ReadAll(io.LimitReader(r, maxContent)); err != nil {
		return c, fmt.Errorf("unpack %s: %w", kind, err)
	}
	if c.hash = sha256.Sum256(c.bytes); !bytes.Equal(c.hash[:], hash) {
		return c, fmt.Errorf("unpack %s: its hash is not the one it is kept under: the database was changed by hand, or is damaged", kind)
	}
	return c, nil
}

// hashFloats is the SHA-256 of the bits of numbers, in their order.
func hashFloats(series ...[]float64) [32]byte {
	h := sha256.New()
	var b []byte
	for _, s := range series {
		b = b[:0]
		for _, v := range s {
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
		h.Write(b)
	}
	return [32]byte(h.Sum(nil))
}
