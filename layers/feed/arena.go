package feed

// arena gives rows their bytes in large pieces, so that a small row costs no
// allocation of its own. A piece lives as long as one of its rows.
type arena struct{ free []byte }

const arenaPiece = 64 << 10

func (a *arena) copy(b []byte) []byte {
	if len(b) > arenaPiece/4 {
		return append(make([]byte, 0, len(b)), b...)
	}
	if len(b) > len(a.free) {
		a.free = make([]byte, arenaPiece)
	}
	c := a.free[:len(b):len(b)]
	a.free = a.free[len(b):]
	copy(c, b)
	return c
}
