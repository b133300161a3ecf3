package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/edit"
)

// Features are made, replaced, changed and deleted (OGC API Features part 4,
// 20-002) by who may: layers/access/edit.go. A change must show the ETag of
// what it changes.

// maxFeatureBody is how large a feature may be: an outline of 100,000 points.
const maxFeatureBody = 4 << 20

// ownWays says why the features of a layer are not written here.
func ownWays(l layers.Layer) string {
	switch l.Subject {
	case "grid":
		return "grids come as a new version of the whole layer"
	case "population":
		return "counts come as a protected release"
	}
	switch l.Name {
	case "incident":
		return "incidents are reported and handled: /api/v1/incidents"
	case "worker":
		return "workers tell where they are: /api/v1/positions"
	}
	return "its data is imported as a whole"
}

// editable returns a layer that the caller may write, and what of it.
func (s *Server) editable(w http.ResponseWriter, r *http.Request) (layers.Layer, access.Right, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return l, right, err
	}
	if !l.Editable {
		w.Header().Set("Allow", readMethods)
		return l, right, fmt.Errorf("features of %s are not written one by one (%s): %w", l.Name, ownWays(l), errMethod)
	}
	_, err = scopeOf(r.Context()).Edit(l)
	return l, right, err
}

const readMethods = "GET, HEAD, OPTIONS"

func (s *Server) editor() *edit.Store { return &edit.Store{Layers: s.Store} }

// draft reads the body in the system that Content-Crs names.
func (s *Server) draft(r *http.Request, l layers.Layer, types ...string) (edit.Draft, crs.Reference, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, kind) {
		return edit.Draft{}, crs.Reference{}, fmt.Errorf("%w: send %s", errMediaType, strings.Join(types, " or "))
	}
	uri := strings.TrimSpace(r.Header.Get("Content-Crs"))
	if bare, ok := strings.CutPrefix(uri, "<"); ok {
		uri = strings.TrimSuffix(bare, ">")
	}
	ref, err := s.reference(r, "header.Content-Crs", uri)
	if err != nil {
		return edit.Draft{}, ref, as400(err)
	}
	d, err := readDraft(r.Body, l, ref, kind == mergePatch)
	return d, ref, err
}

const mergePatch = "application/merge-patch+json"

var featureTypes = []string{geoJSONType, "application/json"}

func (s *Server) ogcCreate(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return as400(err)
	}
	l, right, err := s.editable(w, r)
	if err != nil {
		return err
	}
	d, ref, err := s.draft(r, l, featureTypes...)
	if err != nil {
		return err
	}
	done, err := s.editor().Create(r.Context(), scopeOf(r.Context()), clientAddress(r), l, d)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%s/ogc/collections/%s/items/%d", s.baseURL(r), l.Name, done.ID))
	return s.written(w, r, items{Query: layers.Query{Layer: l, Where: right.Where, Fields: right.Fields}, right: right, ref: ref}, done, http.StatusCreated)
}

func (s *Server) ogcReplace(w http.ResponseWriter, r *http.Request) error {
	return s.ogcChange(w, r, featureTypes, s.editor().Replace)
}

func (s *Server) ogcUpdate(w http.ResponseWriter, r *http.Request) error {
	return s.ogcChange(w, r, []string{mergePatch}, s.editor().Update)
}

// change is a method of [edit.Store].
type change func(ctx context.Context, scope access.Scope, address string, t edit.Target, d edit.Draft) (edit.Result, error)

func (s *Server) ogcChange(w http.ResponseWriter, r *http.Request, types []string, change change) error {
	if err := onlyQuery(r); err != nil {
		return as400(err)
	}
	q, t, err := s.target(w, r)
	if err != nil {
		return err
	}
	d, ref, err := s.draft(r, q.Layer, types...)
	if err != nil {
		return err
	}
	q.ref = ref
	done, err := change(r.Context(), scopeOf(r.Context()), clientAddress(r), t, d)
	if r.Method == http.MethodPut && notFound(err) {
		return edit.ErrChanged // 20-002, put-rid-exception: If-Match names what is not there
	}
	if err != nil {
		return err
	}
	return s.written(w, r, q, done, http.StatusOK)
}

func (s *Server) ogcDelete(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return as400(err)
	}
	_, t, err := s.target(w, r)
	if err != nil {
		return err
	}
	done, err := s.editor().Delete(r.Context(), scopeOf(r.Context()), clientAddress(r), t)
	if err != nil {
		return err
	}
	w.Header().Set("Onemap-Cursor", done.Cursor.String())
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// target reads which feature is to change, and which state of it the caller saw.
func (s *Server) target(w http.ResponseWriter, r *http.Request) (items, edit.Target, error) {
	l, right, err := s.editable(w, r)
	if err != nil {
		return items{}, edit.Target{}, err
	}
	id, err := pathID(r)
	if err != nil {
		return items{}, edit.Target{}, err
	}
	q := items{Query: layers.Query{Layer: l, Where: right.Where, Fields: right.Fields}, right: right}
	match, present := ifMatch(r)
	if !present {
		if _, err := s.Store.Feature(r.Context(), q.Query, id); err != nil {
			return q, edit.Target{}, err
		}
		return q, edit.Target{}, errPrecondition
	}
	return q, edit.Target{Layer: l, ID: id, Right: right, Match: func(version string) bool { return match(featureState(q, id, version)) }}, nil
}

// written answers a write with the feature as it is now, unless the caller
// prefers less (RFC 7240).
func (s *Server) written(w http.ResponseWriter, r *http.Request, q items, done edit.Result, status int) error {
	h := w.Header()
	h.Set("Onemap-Cursor", done.Cursor.String())
	h.Set("ETag", featureTag(q, done.ID, done.Version, formatJSON, ""))
	minimal := false
	for _, p := range r.Header.Values("Prefer") {
		for one := range strings.SplitSeq(p, ",") {
			switch one = strings.ReplaceAll(strings.TrimSpace(one), `"`, ""); one {
			case "return=minimal", "return=representation":
				minimal = one == "return=minimal"
				h.Set("Preference-Applied", one)
			}
		}
	}
	if !minimal {
		f, version, err := s.Store.FeatureVersion(r.Context(), q.Query, done.ID)
		if err == nil {
			h.Set("ETag", featureTag(q, done.ID, version, formatJSON, ""))
			h.Set("No-Gzip-Compression", "1")
			return s.writeItem(w, r, q, f, status)
		}
		if !errors.Is(err, layers.ErrNotFound) { // else it is gone again: the write was done
			return err
		}
	}
	if status == http.StatusOK {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
	return nil
}

// ogcOptions says which methods the caller may use on a collection's items, or
// on one of them.
func (s *Server) ogcOptions(w http.ResponseWriter, r *http.Request) error {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return err
	}
	allow := readMethods
	scope := scopeOf(r.Context())
	e, denied := scope.Edit(l)
	if !scope.Has(access.DepartmentOfficer) { // as the table of routes has it
		denied = access.ErrForbidden
	}
	if r.PathValue("id") == "" {
		if denied == nil {
			allow += ", POST"
		}
	} else {
		id, err := pathID(r)
		if err != nil {
			return err
		}
		q := layers.Query{Layer: l, Where: right.Where}
		if _, err := s.Store.Feature(r.Context(), q, id); err != nil {
			return err
		}
		if denied == nil {
			q.Where = where.And(right.Where, e.Where)
			_, err := s.Store.Feature(r.Context(), q, id)
			if err == nil {
				allow += ", PUT, PATCH, DELETE"
			} else if !notFound(err) {
				return err
			}
		}
	}
	w.Header().Set("Allow", allow)
	w.Header().Set("Accept-Patch", mergePatch)
	w.WriteHeader(http.StatusOK)
	return nil
}
