package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"onemap/layers"
)

var photoTypes = []string{"image/jpeg", "image/png", "image/webp"}

// putPhoto keeps a photo for a report that comes later.
func (s *Server) putPhoto(w http.ResponseWriter, r *http.Request) error {
	if s.Incidents.Photos == nil {
		return fmt.Errorf("photos: %w", errUnavailable)
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "image/hei") { // what iPhones take by default
		return fmt.Errorf("%w: image/jpeg, image/png or image/webp; set the camera to \"most compatible\" instead of HEIC", errMediaType)
	}
	if !slices.Contains(photoTypes, kind) {
		return fmt.Errorf("%w: image/jpeg, image/png or image/webp", errMediaType)
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errSlowBody
		}
		return err
	}
	p, err := s.Incidents.Photos.Put(r.Context(), scopeOf(r.Context()), sent)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/photos/"+p.ID)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(p)
	return nil
}

// maySeePhoto asks what may show a photo, one after the other.
func (s *Server) maySeePhoto(ctx context.Context, id string) error {
	err := s.Incidents.MaySeePhoto(ctx, scopeOf(ctx), id)
	if errors.Is(err, layers.ErrNotFound) {
		err = s.Hazards.MaySeePhoto(ctx, scopeOf(ctx), id)
	}
	if errors.Is(err, layers.ErrNotFound) {
		err = s.Tasks.MaySeePhoto(ctx, scopeOf(ctx), id)
	}
	return err
}

// getPhoto shows a photo to its uploader and to those who may see an incident,
// a hazard or a task that shows it.
func (s *Server) getPhoto(w http.ResponseWriter, r *http.Request) error {
	if s.Incidents.Photos == nil {
		return fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	id, size := r.PathValue("id"), r.URL.Query().Get("size")
	if size != "" && size != "full" && size != "thumb" {
		return &layers.InputError{Field: "query.size", Value: layers.Short(size), Remedy: "full or thumb"}
	}
	if err := s.maySeePhoto(r.Context(), id); err != nil {
		return err
	}
	f, err := s.Incidents.Photos.Open(id, size == "thumb")
	if err != nil {
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("ETag", `"`+id+size+`"`)
	// A picture opened by itself must not become a page of ours.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}
