package shape

// A mender makes valid polygons of rings that touch or cross. It is scratch memory.
type mender struct{}

func (m *mender) mend(r *rings, plain bool) {}
