package tiles

import "encoding/binary"

// join puts the parts of a tile together in the order of the request, and
// after them, where something was left out, the layer that says so.
func join(r Request, parts []Part) (mvt []byte, omitted int) {
	size, only := 0, -1
	for i, p := range parts {
		omitted += p.Omitted
		if len(p.MVT) > 0 {
			size += len(p.MVT)
			if only = i; size > len(p.MVT) {
				only = -1
			}
		}
	}
	if omitted == 0 && only >= 0 {
		return parts[only].MVT, 0
	}
	if size == 0 && omitted == 0 {
		return nil, 0
	}
	var said []byte
	if omitted > 0 {
		said = omittedLayer(r, parts)
	}
	mvt = make([]byte, 0, size+len(said))
	for _, p := range parts {
		mvt = append(mvt, p.MVT...)
	}
	return append(mvt, said...), omitted
}

// Numbers of fields in vector_tile.proto 2.1, with their wire type.
const (
	tileLayers    = 3<<3 | 2
	layerName     = 1<<3 | 2
	layerFeatures = 2<<3 | 2
	layerKeys     = 3<<3 | 2
	layerValues   = 4<<3 | 2
	layerExtent   = 5 << 3
	layerVersion  = 15 << 3
	featureTags   = 2<<3 | 2
	featureType   = 3 << 3
	featurePlace  = 4<<3 | 2
	valueText     = 1<<3 | 2
	valueCount    = 5 << 3
)

// omittedLayer writes [OmittedLayer]: a tile of that layer alone.
func omittedLayer(r Request, parts []Part) []byte {
	var layer, values []byte
	layer = binary.AppendUvarint(append(layer, layerVersion), 2)
	layer = field(layer, layerName, []byte(OmittedLayer))
	place := binary.AppendUvarint([]byte{1<<3 | 1}, Extent) // MoveTo, once; half the extent each way, zig-zag
	place = binary.AppendUvarint(place, Extent)
	n := uint64(0) // values so far
	for i, p := range parts {
		if p.Omitted == 0 {
			continue
		}
		tags := binary.AppendUvarint([]byte{0}, n)
		tags = binary.AppendUvarint(append(tags, 1), n+1)
		f := field(nil, featureTags, tags)
		f = append(f, featureType, 1)
		layer = field(layer, layerFeatures, field(f, featurePlace, place))
		values = field(values, layerValues, field(nil, valueText, []byte(r.Layers[i].Name)))
		values = field(values, layerValues, binary.AppendUvarint([]byte{valueCount}, uint64(p.Omitted)))
		n += 2
	}
	layer = field(layer, layerKeys, []byte("layer"))
	layer = field(layer, layerKeys, []byte("features"))
	layer = append(layer, values...)
	layer = binary.AppendUvarint(append(layer, layerExtent), Extent)
	return field(nil, tileLayers, layer)
}

// field appends a field of bytes.
func field(b []byte, tag byte, content []byte) []byte {
	b = binary.AppendUvarint(append(b, tag), uint64(len(content)))
	return append(b, content...)
}
