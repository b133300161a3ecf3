package layers

import (
	"encoding/binary"
	"math"

	"github.com/paulmach/orb"
)

// appendPoint appends p as little-endian EWKB with SRID 4326: byte order, type
// (point with SRID), SRID, x, y.
func appendPoint(buf []byte, p orb.Point) []byte {
	buf = append(buf, 1)
	buf = binary.LittleEndian.AppendUint32(buf, 0x20000001)
	buf = binary.LittleEndian.AppendUint32(buf, srid)
	buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(buf, math.Float64bits(p[1]))
}
