package archive

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/pmtiles"
)

// A Source is an archive as a source of tiles: of whole layers, with the fields
// that they have in it. It holds a layer only once it was told, by Believe, up
// to where the layer was as the archive has it, and no tile of it that changed
// later. Its methods are safe for concurrent use.
type Source struct {
	reader *pmtiles.Reader
	layers map[string]OriginLayer
	// changed is the place in the log of the last change that a layer's tile may
	// show.
	changed func(layer string, at maptile.Tile) uint64

	mu       sync.RWMutex
	believed map[string]uint64
}

var _ tiles.Source = (*Source)(nil)

// NewSource returns the archive as a source, which holds nothing yet. An archive
// that does not say where it comes from, or that is cut to a box, never will.
func NewSource(r *pmtiles.Reader, changed func(layer string, at maptile.Tile) uint64) (*Source, error) {
	m, err := ReadMetadata(r)
	if err != nil {
		return nil, err
	}
	s := &Source{reader: r, layers: map[string]OriginLayer{}, changed: changed, believed: map[string]uint64{}}
	if m.Onemap == nil || m.Onemap.Cut || r.Type != pmtiles.MVT || r.Compression != pmtiles.Gzip {
		return s, nil
	}
	for _, l := range m.Onemap.Layers {
		if l.Whole && l.Digest != "" {
			s.layers[l.Name] = l
		}
	}
	return s, nil
}

// Layers are those that it may come to hold, by name.
func (s *Source) Layers() []OriginLayer {
	var out []OriginLayer
	for _, l := range s.layers {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b OriginLayer) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

// Believe says that a layer was as the archive has it at a place in the log,
// after which changed tells every change. 0 takes it back.
func (s *Source) Believe(layer string, lsn uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.believed[layer] = lsn
}

// Tile implements [tiles.Source]. Its parts hold every change up to any place
// whose changes were told by changed before it was called.
func (s *Source) Tile(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
	parts := make([]tiles.Part, len(r.Layers))
	var names []string
	var at []int
	for i, l := range r.Layers {
		if s.holds(r, l) {
			names, at = append(names, l.Name), append(at, i)
		}
	}
	if len(names) == 0 {
		return parts, nil
	}
	b, err := s.reader.Tile(uint8(r.At.Z), r.At.X, r.At.Y)
	if err != nil {
		return nil, fmt.Errorf("tile from an archive: %w", err)
	}
	held, err := split(b, names)
	if err != nil {
		return nil, fmt.Errorf("tile from an archive: %w", err)
	}
	for k, i := range at {
		parts[i] = held[k]
	}
	return parts, nil
}

func (s *Source) holds(r tiles.Request, l tiles.LayerRequest) bool {
	have, ok := s.layers[l.Name]
	if !ok || r.Plain || int(r.At.Z) < have.MinZoom || int(r.At.Z) > have.MaxZoom ||
		l.Where == nil || !where.IsTrue(l.Where) || have.Version != FormatVersion(l.Version) || !slices.Equal(have.Fields, l.Fields) {
		return false
	}
	s.mu.RLock()
	lsn := s.believed[l.Name]
	s.mu.RUnlock()
	return lsn > 0 && s.changed(l.Name, r.At) <= lsn
}

// FormatVersion writes a layer's version for metadata: JSON's numbers are too
// short for it.
func FormatVersion(v uint64) string { return strconv.FormatUint(v, 16) }

// First is several sources as one: each layer comes from the first that holds it.
type First []tiles.Source

// Tile implements [tiles.Source].
func (f First) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	parts := make([]tiles.Part, len(r.Layers))
	at := make([]int, len(parts))
	for i := range at {
		at[i] = i
	}
	rest := r
	for _, src := range f {
		if len(at) == 0 {
			break
		}
		got, err := src.Tile(ctx, rest)
		if err != nil {
			return nil, err
		}
		var missing []int
		var layers []tiles.LayerRequest
		for k, p := range got {
			if parts[at[k]] = p; !p.Held {
				missing, layers = append(missing, at[k]), append(layers, rest.Layers[k])
			}
		}
		at, rest.Layers = missing, layers
	}
	return parts, nil
}
