package incident

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
)

// Limits of a photo as it is sent.
const (
	MaxPhotoBytes  = 12 << 20
	MaxPhotoPixels = 40_000_000
)

// PhotoWaits is how long a photo waits for the report that shows it: a phone
// may upload in the morning and be back on the air in the evening.
const PhotoWaits = 48 * time.Hour

// Photos keeps photos in a folder, each once, by the hash of its content. It
// never opens a path outside of the folder.
type Photos struct {
	db   *pgxpool.Pool
	root *os.Root
	// turns bounds how many photos are decoded at once: each takes up to 200 MB.
	turns chan struct{}
}

// A Photo is one in the store.
type Photo struct {
	ID     string `json:"id" doc:"SHA-256 of the photo as it is kept, in hexadecimal"`
	Width  int    `json:"width" doc:"Pixels"`
	Height int    `json:"height" doc:"Pixels"`
	Bytes  int    `json:"bytes"`
}

// OpenPhotos opens the store in dir, which it makes if it is not there.
func OpenPhotos(dir string, db *pgxpool.Pool) (*Photos, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("photo folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("photo folder: %w", err)
	}
	return &Photos{db: db, root: root, turns: make(chan struct{}, 2)}, nil
}

// Folder is where the photos are.
func (p *Photos) Folder() string { return p.root.Name() }

// Close closes the folder.
func (p *Photos) Close() error { return p.root.Close() }

// Put keeps a photo, JPEG, PNG or WebP of at most [MaxPhotoBytes]. It is
// encoded anew: turned upright, at most 2560 pixels long, without the place,
// time and device that the camera wrote into it. The same photo sent again
// has the same ID. What is no photo is an [layers.InputError].
func (p *Photos) Put(ctx context.Context, scope access.Scope, sent []byte) (Photo, error) {
	who, ok := scope.Person()
	if !ok {
		return Photo{}, access.ErrUnauthenticated
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return Photo{}, ctx.Err()
	}
	full, thumb, size, err := reencode(sent)
	if err != nil {
		return Photo{}, err
	}
	sum := sha256.Sum256(full)
	ph := Photo{ID: hex.EncodeToString(sum[:]), Width: size.X, Height: size.Y, Bytes: len(full)}
	err = pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error { return p.keep(ctx, tx, who.ID, ph, full, thumb) })
	if err != nil {
		return Photo{}, fmt.Errorf("keep photo: %w", err)
	}
	return ph, nil
}

// photoLock is the key of the advisory lock of photo @id. Whoever writes or removes its
// files holds it, or the sweep could remove an old file that a Put has just
// found in its place.
const photoLock = `(hashtextextended('onemap.photo/' || @id, 0))`

// keep writes a photo's files and row.
func (p *Photos) keep(ctx context.Context, tx pgx.Tx, uploader int64, ph Photo, full, thumb []byte) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock`+photoLock, pgx.NamedArgs{"id": ph.ID}); err != nil {
		return err
	}
	// The bytes first: a row never points at nothing. Bytes without a row are
	// swept later.
	if err := p.write(fileName(ph.ID, true), thumb); err != nil {
		return err
	}
	if err := p.write(fileName(ph.ID, false), full); err != nil {
		return err
	}
	// A photo that is there already counts as uploaded now, so that it waits
	// its full time for its report.
	_, err := tx.Exec(ctx, `INSERT INTO onemap.photo (sha256, uploader, width, height, bytes)
		VALUES (@id, @uploader, @width, @height, @bytes) ON CONFLICT (sha256) DO UPDATE SET uploaded_at = now()`,
		pgx.NamedArgs{"id": ph.ID, "uploader": uploader, "width": ph.Width, "height": ph.Height, "bytes": ph.Bytes})
	return err
}

// Open returns a photo, or its thumbnail of at most 320 pixels, both JPEG,
// once [Store.MaySeePhoto] said yes. Close it after use.
func (p *Photos) Open(id string, thumb bool) (*os.File, error) {
	if !isHash(id) {
		return nil, fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	f, err := p.root.Open(fileName(id, thumb))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("photo %s: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("photo %s: %w", id, err)
	}
	return f, nil
}

// MaySeePhoto says whether the caller uploaded the photo or may see an
// incident that shows it. It returns an error wrapping [layers.ErrNotFound] if not.
func (s *Store) MaySeePhoto(ctx context.Context, scope access.Scope, id string) error {
	if !isHash(id) {
		return fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	v, err := s.sight(ctx, scope)
	if err != nil {
		return err
	}
	var a layers.Args
	may, err := v.sql(nil, false, &a)
	if err != nil {
		return err
	}
	photo, person := a.Add(id), a.Add(v.person)
	var ok bool
	err = s.Layers.DB().QueryRow(ctx, `SELECT
		EXISTS (SELECT FROM onemap.photo WHERE sha256 = `+photo+` AND uploader = `+person+` AND uploader <> 0)
		OR EXISTS (SELECT FROM onemap.incident_photo ip JOIN map.incident f ON f.id = ip.incident WHERE ip.photo = `+photo+` AND `+may+`)`, a...).Scan(&ok)
	if err != nil {
		return fmt.Errorf("right to photo: %w", err)
	}
	if !ok {
		return fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	return nil
}

// write puts content in the place of name whole or not at all.
func (p *Photos) write(name string, content []byte) error {
	if st, err := p.root.Stat(name); err == nil && st.Size() == int64(len(content)) {
		return nil // named by its content: it is there
	}
	if err := p.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fmt.Errorf("keep photo: %w", err)
	}
	making := fmt.Sprintf("%s.%d.part", name, time.Now().UnixNano())
	f, err := p.root.OpenFile(making, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep photo: %w", err)
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	if err == nil {
		err = f.Sync() // an acknowledged photo survives a crash
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = p.root.Rename(making, name)
	}
	if err != nil {
		_ = p.root.Remove(making)
		return fmt.Errorf("keep photo: %w", err)
	}
	return nil
}

// sweep removes photos that no incident, task or hazard shows and whose time to be reported
// has passed, and files that no row knows.
func (p *Photos) sweep(ctx context.Context) error {
	rows, err := p.db.Query(ctx, `DELETE FROM onemap.photo WHERE uploaded_at < now() - make_interval(secs => @age)
		AND NOT EXISTS (SELECT FROM onemap.incident_photo WHERE photo = sha256) AND NOT EXISTS (SELECT FROM onemap.task_photo WHERE photo = sha256)
		AND NOT EXISTS (SELECT FROM onemap.hazard_photo WHERE photo = sha256) RETURNING sha256`,
		pgx.NamedArgs{"age": PhotoWaits.Seconds()})
	if err == nil {
		_, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return fmt.Errorf("sweep photos: %w", err)
	}
	return fs.WalkDir(p.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err != nil || time.Since(st.ModTime()) < PhotoWaits {
			return nil // gone already, or young: its row may be about to be written
		}
		id, _, _ := strings.Cut(path.Base(name), ".")
		if strings.HasSuffix(name, ".part") {
			return p.root.Remove(name) // of a Put that a crash ended
		}
		return p.sweepFile(ctx, id, name)
	})
}

// sweepFile removes a photo's file if no row knows the photo, and nobody is
// putting it again at this moment.
func (p *Photos) sweepFile(ctx context.Context, id, name string) error {
	return pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		var free, known bool
		err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock`+photoLock, pgx.NamedArgs{"id": id}).Scan(&free)
		if err == nil && free { // a statement of its own: it sees what was committed before the lock was free
			err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.photo WHERE sha256 = @id)`, pgx.NamedArgs{"id": id}).Scan(&known)
		}
		if err != nil {
			return fmt.Errorf("sweep photos: %w", err)
		}
		if !free || known {
			return nil
		}
		return p.root.Remove(name)
	})
}

// fileName is where a photo is in the folder: "ab/abcdef….jpg".
func fileName(id string, thumb bool) string {
	if thumb {
		return id[:2] + "/" + id + ".thumb.jpg"
	}
	return id[:2] + "/" + id + ".jpg"
}

// isHash says whether s is a SHA-256 in lower-case hexadecimal.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
