package web

import (
	"fmt"
	"net/http"
	"slices"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/tiles/archive"
)

const pmtilesPattern = "/pmtiles/{name}.pmtiles"

// archiveAge is how long a shared cache may go on with what it has of an
// archive, in seconds: a layer that is closed to the public may be seen for as
// long.
const archiveAge = 600

// getPMTiles serves an archive of tiles as a file, in ranges of bytes, to
// everybody and to shared caches: only what the public may see, now, in every
// row and field. Any other is as one that is not there.
func (s *Server) getPMTiles(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	name := r.PathValue("name")
	var file *archive.File
	if get, ok := s.Archives[name]; ok {
		file = get()
	}
	if file == nil {
		return fmt.Errorf("archive %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	all, err := s.Store.Layers(r.Context())
	if err != nil {
		return err
	}
	if !isPublic(file.Metadata, all) {
		return fmt.Errorf("archive %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.pmtiles")
	h.Set("ETag", file.ETag)
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d, no-transform", archiveAge))
	http.ServeContent(patientWriter{w, http.NewResponseController(w)}, r, "", file.Modified, file.Content())
	return nil
}

// isPublic says whether the public may see all that an archive holds, by the
// registry as it is. What does not say where it comes from is not.
func isPublic(m archive.Metadata, all []layers.Layer) bool {
	if m.Onemap == nil || len(m.Onemap.Layers) == 0 {
		return false
	}
	for _, have := range m.Onemap.Layers {
		i := slices.IndexFunc(all, func(l layers.Layer) bool { return l.Name == have.Name })
		if i < 0 {
			return false
		}
		right, ok := access.Scope{}.Layer(all[i])
		if !ok || !where.IsTrue(right.Where) {
			return false
		}
		for _, f := range have.Fields {
			// A field that is in no tile now may have been in those of the archive,
			// and the class and the rank show in tiles without being in them.
			if shows(m, have.Name, f, all[i]) && !slices.Contains(right.Fields, f) {
				return false
			}
		}
	}
	for _, v := range m.VectorLayers {
		if !slices.ContainsFunc(m.Onemap.Layers, func(l archive.OriginLayer) bool { return l.Name == v.ID }) {
			return false
		}
	}
	return true
}

// shows says whether an archive may tell a field of a layer: it has the field
// by its own account, or by the registry as it is.
func shows(m archive.Metadata, layer, field string, l layers.Layer) bool {
	for _, v := range m.VectorLayers {
		if _, ok := v.Fields[field]; ok && v.ID == layer {
			return true
		}
	}
	f, ok := l.Field(field)
	return !ok || f.InTile || field == l.ClassField || field == l.RankField
}
