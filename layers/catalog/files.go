package catalog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Limits of a resource's files. What is larger is a layer, or is served elsewhere.
const (
	MaxFileBytes = 32 << 20
	MaxFiles     = 50
)

// A File is one of a resource that is no layer.
type File struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Bytes     int       `json:"bytes"`
	SHA256    string    `json:"sha256"`
	AddedAt   time.Time `json:"added_at"`
}

// mediaTypes are the files that a resource may have, by the end of their name.
// None of them is shown by a browser as a page of this site.
var mediaTypes = map[string]string{
	".csv": "text/csv", ".txt": "text/plain", ".json": "application/json", ".geojson": "application/geo+json", ".xml": "application/xml",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xls": "application/vnd.ms-excel", ".et": "application/octet-stream",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".doc": "application/msword", ".wps": "application/octet-stream",
	".pdf": "application/pdf", ".ofd": "application/ofd", ".zip": "application/zip", ".gpkg": "application/geopackage+sqlite3", ".kml": "application/vnd.google-earth.kml+xml",
	".fgb": "application/flatgeobuf", ".dxf": "image/vnd.dxf", ".tif": "image/tiff", ".tiff": "image/tiff", ".jpg": "image/jpeg", ".png": "image/png",
}

// AddFile adds a file to a resource that is no layer.
func (s *Store) AddFile(ctx context.Context, by access.Scope, code, name string, content []byte, note Note) (Resource, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return Resource{}, err
	}
	if strings.ContainsAny(name, `/\`) || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name || name == "" || strings.HasPrefix(name, ".") {
		return Resource{}, &layers.InputError{Field: "name", Value: layers.Short(name), Remedy: "a file's name, without a folder"}
	}
	if err := layers.CheckText("name", name, 200); err != nil {
		return Resource{}, err
	}
	media, ok := mediaTypes[strings.ToLower(path.Ext(name))]
	if !ok {
		return Resource{}, &layers.InputError{Field: "name", Value: layers.Short(name), Remedy: "a table, document, picture or map file: .xlsx, .csv, .pdf, .ofd, .docx, .zip …"}
	}
	if len(content) == 0 || len(content) > MaxFileBytes {
		return Resource{}, &layers.InputError{Field: "file", Value: fmt.Sprint(len(content)), Remedy: fmt.Sprintf("1 to %d bytes; what is larger is a layer, or has an address of its own", MaxFileBytes)}
	}
	sum := sha256.Sum256(content)
	return s.changeFiles(ctx, by, code, "resource.file-add", note, func(tx pgx.Tx, r Resource, login string) error {
		if r.Layer != "" {
			return fmt.Errorf("the resource is the layer %s, and has no files: %w", r.Layer, layers.ErrConflict)
		}
		if len(r.Files) >= MaxFiles {
			return fmt.Errorf("the resource has %d files already: %w", len(r.Files), layers.ErrConflict)
		}
		_, err := tx.Exec(ctx, `INSERT INTO onemap.resource_file (resource, name, media_type, sha256, content, added_by) VALUES (@id, @name, @media, @sum, @content, @by)`,
			pgx.NamedArgs{"id": r.ID, "name": name, "media": media, "sum": sum[:], "content": content, "by": login})
		return err
	})
}

// RemoveFile takes a file away from a resource: nobody gets it any more.
func (s *Store) RemoveFile(ctx context.Context, by access.Scope, code string, id int64, note Note) (Resource, error) {
	return s.changeFiles(ctx, by, code, "resource.file-remove", note, func(tx pgx.Tx, r Resource, _ string) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.resource_file SET removed_at = now() WHERE resource = @r AND id = @id AND removed_at IS NULL`, pgx.NamedArgs{"r": r.ID, "id": id})
		if err == nil && tag.RowsAffected() == 0 {
			return fmt.Errorf("file %d of resource %s: %w", id, code, layers.ErrNotFound)
		}
		return err
	})
}

func (s *Store) changeFiles(ctx context.Context, by access.Scope, code, action string, note Note, do func(tx pgx.Tx, r Resource, login string) error) (Resource, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return Resource{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	var out Resource
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.resource WHERE code = $1 FOR UPDATE`, code); err != nil {
			return fmt.Errorf("lock resource: %w", err)
		}
		if out, err = s.get(ctx, tx, v, `r.code = @code`, pgx.NamedArgs{"code": code}, fmt.Sprintf("resource %q", layers.Short(code))); err != nil {
			return err
		}
		if !mayEdit(by, out.Provider) {
			return access.ErrForbidden
		}
		p, _ := by.Person()
		if err := do(tx, out, p.Login); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.resource SET updated_at = now() WHERE id = @id AND layer IS NULL`, pgx.NamedArgs{"id": out.ID}); err != nil {
			return err
		}
		if err := access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: "resource/" + code, Result: access.Done, Reason: note.Reason, Address: note.Address}); err != nil {
			return err
		}
		out, err = s.get(ctx, tx, v, `r.id = @id`, pgx.NamedArgs{"id": out.ID}, "resource")
		return err
	})
	return out, asInput(err)
}

// ReadFile returns a file of a resource for whoever may see all of its items,
// for a file is not cut to some, and records that they took it. Who may see
// less gets [access.ErrForbidden].
func (s *Store) ReadFile(ctx context.Context, by access.Scope, code string, id int64, note Note) (File, []byte, error) {
	r, err := s.Get(ctx, by, code)
	if err != nil {
		return File{}, nil, err
	}
	if r.Sight != SeeAll {
		return File{}, nil, access.ErrForbidden
	}
	for _, f := range r.Files {
		if f.ID != id {
			continue
		}
		var content []byte
		err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT content FROM onemap.resource_file WHERE id = $1 AND removed_at IS NULL`, id).Scan(&content); err != nil {
				return err
			}
			return access.RecordTx(ctx, tx, by, access.Entry{Action: "resource.file-read", Object: "resource/" + code, Result: access.Done, Reason: note.Reason, Address: note.Address,
				Detail: map[string]any{"file": id}})
		})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return File{}, nil, fmt.Errorf("read file %d of resource %s: %w", id, code, err)
		}
		if err == nil {
			return f, content, nil
		}
	}
	return File{}, nil, fmt.Errorf("file %d of resource %s: %w", id, code, layers.ErrNotFound)
}
