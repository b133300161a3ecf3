package backup_test

import (
	"bufio"
	"bytes"
	"crypto/md5" //nolint:gosec // what S3 calls an ETag
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"onemap/layers/backup"
)

// smallS3 is as much of an S3 server as backups use: put, get, head, list,
// delete, and objects sent in parts. It believes every signature.
type smallS3 struct {
	mu      sync.Mutex
	objects map[string][]byte // BUCKET/KEY
	parts   map[string]map[int][]byte
}

func s3Target(t *testing.T) (backup.Target, *smallS3) {
	t.Helper()
	s := &smallS3{objects: map[string][]byte{}, parts: map[string]map[int][]byte{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a secret")
	to, err := backup.Open("s3://bucket/a/city", backup.S3{Endpoint: srv.URL, Region: "test"}, true)
	if err != nil {
		t.Fatal(err)
	}
	return to, s
}

func (s *smallS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s3Body(r)
	if err != nil || !strings.Contains(r.Header.Get("Authorization"), "key/") {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, q := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	sum := md5.Sum(body) //nolint:gosec // as above
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		id := strconv.Itoa(len(s.parts) + 1)
		s.parts[id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case r.Method == http.MethodPut && q.Has("uploadId"):
		n, _ := strconv.Atoi(q.Get("partNumber"))
		s.parts[q.Get("uploadId")][n] = body
		w.Header().Set("ETag", etag)
	case r.Method == http.MethodPost && q.Has("uploadId"):
		parts := s.parts[q.Get("uploadId")]
		s.objects[key] = nil
		for _, n := range slices.Sorted(maps.Keys(parts)) {
			s.objects[key] = append(s.objects[key], parts[n]...)
		}
		fmt.Fprint(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>k</Key><ETag>"x"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut:
		s.objects[key] = body
		w.Header().Set("ETag", etag)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		delete(s.parts, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case q.Get("list-type") == "2":
		s.list(w, strings.TrimSuffix(key, "/"), q.Get("prefix"))
	default:
		b, ok := s.objects[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
			return
		}
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(b))
	}
}

func (s *smallS3) list(w http.ResponseWriter, bucket, prefix string) {
	type content struct {
		Key  string
		Size int
	}
	var out struct {
		XMLName  xml.Name  `xml:"ListBucketResult"`
		Contents []content `xml:"Contents"`
	}
	for name, b := range s.objects {
		if key, ok := strings.CutPrefix(name, bucket+"/"); ok && strings.HasPrefix(key, prefix) {
			out.Contents = append(out.Contents, content{key, len(b)})
		}
	}
	_ = xml.NewEncoder(w).Encode(out)
}

// s3Body reads a body, which over http comes in signed chunks: SIZE;chunk-signature=…
func s3Body(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	var all []byte
	for in := bufio.NewReader(r.Body); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		hexSize, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(hexSize, 16, 64)
		if err != nil || n == 0 {
			return all, err
		}
		chunk := make([]byte, n+2) // and the line's end
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		all = append(all, chunk[:n]...)
	}
}

// Both targets keep the same promises.
func TestTargets(t *testing.T) {
	s3, _ := s3Target(t)
	for name, to := range map[string]backup.Target{"folder": target(t, t.TempDir()), "S3": s3} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			large := bytes.Repeat([]byte("0123456789abcdef"), 40<<16) // 40 MiB: two parts
			for key, b := range map[string][]byte{"a/one": []byte("one"), "a/b/two": large, "c": {}} {
				size := int64(len(b))
				if key == "a/b/two" {
					size = -1
				}
				if err := to.Put(ctx, key, bytes.NewReader(b), size); err != nil {
					t.Fatal(err)
				}
				r, err := to.Get(ctx, key)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || !bytes.Equal(got, b) {
					t.Errorf("%s: %d bytes came back of %d, %v", key, len(got), len(b), err)
				}
			}
			if all, err := to.List(ctx, "a/"); err != nil || len(all) != 2 || all["a/one"] != 3 || all["a/b/two"] != int64(len(large)) {
				t.Errorf("list: %v, %v", all, err)
			}
			broken := io.MultiReader(strings.NewReader("half"), failing{})
			if err := to.Put(ctx, "a/one", broken, -1); !errors.Is(err, errBroken) {
				t.Errorf("a source that fails: %v", err)
			}
			if all, err := to.List(ctx, "a/o"); err != nil || all["a/one"] != 3 {
				t.Errorf("after a put that failed: %v, %v", all, err)
			}
			for range 2 {
				if err := to.Remove(ctx, "a/one"); err != nil {
					t.Error(err)
				}
			}
			if _, err := to.Get(ctx, "a/one"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what was removed: %v", err)
			}
		})
	}
}

var errBroken = errors.New("broken")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }
