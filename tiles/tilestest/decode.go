// Package tilestest reads Mapbox Vector Tiles strictly, for tests: what the
// specification (2.1) forbids is an error here, and not mended as in the decoders
// of maps. It shares no code with the writers.
package tilestest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A Layer of a tile.
type Layer struct {
	Name            string
	Version, Extent uint32
	Features        []Feature
	Keys            []string
	Values          []any
}

// A Feature of a layer.
type Feature struct {
	ID         uint64
	HasID      bool
	Properties map[string]any // string, float32, float64, int64, uint64, bool; sint as int64
	Kind       uint32         // 0 unknown, 1 points, 2 lines, 3 polygons
	Commands   []uint32
	Geometry   orb.Geometry // MultiPoint, MultiLineString or MultiPolygon, in units of the tile; nil if unknown
}

var errWire = errors.New("bytes are no protocol buffer")

// A field of a protocol buffer's message.
type field struct {
	number uint64
	wire   byte
	value  uint64 // of wire 0, 1, 5
	bytes  []byte // of wire 2
}

// fields reads a message.
func fields(b []byte) ([]field, error) {
	var all []field
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errWire
		}
		b = b[n:]
		f := field{number: key >> 3, wire: byte(key & 7)}
		switch f.wire {
		case 0:
			v, n := binary.Uvarint(b)
			if n <= 0 {
				return nil, errWire
			}
			f.value, b = v, b[n:]
		case 1:
			if len(b) < 8 {
				return nil, errWire
			}
			f.value, b = binary.LittleEndian.Uint64(b), b[8:]
		case 2:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return nil, errWire
			}
			f.bytes, b = b[n:n+int(size)], b[n+int(size):]
		case 5:
			if len(b) < 4 {
				return nil, errWire
			}
			f.value, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			return nil, errWire
		}
		all = append(all, f)
	}
	return all, nil
}

// Decode reads a tile. It refuses what the specification forbids.
func Decode(b []byte) ([]Layer, error) {
	fs, err := fields(b)
	if err != nil {
		return nil, err
	}
	var layers []Layer
	names := map[string]bool{}
	for _, f := range fs {
		if f.number != 3 {
			continue // an extension
		}
		if f.wire != 2 {
			return nil, errors.New("a layer is no message")
		}
		l, err := layer(f.bytes)
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", l.Name, err)
		}
		if names[l.Name] {
			return nil, fmt.Errorf("two layers are named %q", l.Name)
		}
		names[l.Name] = true
		layers = append(layers, l)
	}
	return layers, nil
}

func layer(b []byte) (Layer, error) {
	l := Layer{Extent: 4096}
	fs, err := fields(b)
	if err != nil {
		return l, err
	}
	named := false
	var features [][]byte
	want := map[uint64]byte{1: 2, 2: 2, 3: 2, 4: 2, 5: 0, 15: 0}
	for _, f := range fs {
		wire, known := want[f.number]
		if !known {
			continue
		}
		if f.wire != wire {
			return l, fmt.Errorf("its field %d has wire type %d", f.number, f.wire)
		}
		switch f.number {
		case 1:
			l.Name, named = string(f.bytes), true
		case 2:
			features = append(features, f.bytes)
		case 3:
			l.Keys = append(l.Keys, string(f.bytes))
		case 4:
			v, err := value(f.bytes)
			if err != nil {
				return l, fmt.Errorf("value %d: %w", len(l.Values), err)
			}
			l.Values = append(l.Values, v)
		case 5:
			l.Extent = uint32(f.value)
		case 15:
			l.Version = uint32(f.value)
		}
	}
	if !named || l.Name == "" {
		return l, errors.New("no name")
	}
	if l.Version != 1 && l.Version != 2 {
		return l, fmt.Errorf("version %d", l.Version)
	}
	for i, b := range features {
		f, err := feature(b, &l)
		if err != nil {
			return l, fmt.Errorf("feature %d (id %d): %w", i, f.ID, err)
		}
		l.Features = append(l.Features, f)
	}
	return l, nil
}

func value(b []byte) (any, error) {
	fs, err := fields(b)
	if err != nil {
		return nil, err
	}
	if len(fs) != 1 {
		return nil, fmt.Errorf("%d values in one", len(fs))
	}
	f := fs[0]
	if want, ok := map[uint64]byte{1: 2, 2: 5, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0}[f.number]; !ok || f.wire != want {
		return nil, fmt.Errorf("field %d of wire type %d", f.number, f.wire)
	}
	switch f.number {
	case 1:
		return string(f.bytes), nil
	case 2:
		return math.Float32frombits(uint32(f.value)), nil
	case 3:
		return math.Float64frombits(f.value), nil
	case 4:
		return int64(f.value), nil
	case 5:
		return f.value, nil
	case 6:
		return int64(f.value>>1) ^ -int64(f.value&1), nil
	}
	return f.value != 0, nil
}

func feature(b []byte, l *Layer) (Feature, error) {
	f := Feature{Properties: map[string]any{}}
	fs, err := fields(b)
	if err != nil {
		return f, err
	}
	seen := map[uint64]bool{}
	var tags []uint32
	want := map[uint64]byte{1: 0, 2: 2, 3: 0, 4: 2}
	for _, q := range fs {
		wire, known := want[q.number]
		if !known {
			continue
		}
		if q.wire != wire {
			return f, fmt.Errorf("its field %d has wire type %d", q.number, q.wire)
		}
		if seen[q.number] {
			return f, fmt.Errorf("its field %d comes twice", q.number)
		}
		seen[q.number] = true
		switch q.number {
		case 1:
			f.ID, f.HasID = q.value, true
		case 2:
			if tags, err = packed(q.bytes); err != nil {
				return f, err
			}
		case 3:
			f.Kind = uint32(q.value)
		case 4:
			if f.Commands, err = packed(q.bytes); err != nil {
				return f, err
			}
		}
	}
	if !seen[3] || f.Kind > 3 {
		return f, fmt.Errorf("geometry type %d", f.Kind)
	}
	if !seen[4] {
		return f, errors.New("no geometry")
	}
	if len(tags)%2 != 0 {
		return f, errors.New("a tag without a value")
	}
	for i := 0; i < len(tags); i += 2 {
		k, v := tags[i], tags[i+1]
		if int(k) >= len(l.Keys) || int(v) >= len(l.Values) {
			return f, errors.New("a tag points nowhere")
		}
		if _, twice := f.Properties[l.Keys[k]]; twice {
			return f, fmt.Errorf("property %q comes twice", l.Keys[k])
		}
		f.Properties[l.Keys[k]] = l.Values[v]
	}
	if f.Kind > 0 {
		f.Geometry, err = Geometry(f.Kind, f.Commands)
	}
	return f, err
}

func packed(b []byte) ([]uint32, error) {
	var all []uint32
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errWire
		}
		all, b = append(all, uint32(v)), b[n:]
	}
	return all, nil
}
