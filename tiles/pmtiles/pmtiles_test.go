package pmtiles_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"onemap/tiles/pmtiles"
)

type address struct {
	z    uint8
	x, y uint32
}

var summary = pmtiles.Summary{MinZoom: 0, MaxZoom: 7, Bounds: orb.Bound{Min: orb.Point{119.5, 28.5}, Max: orb.Point{120.7654321, 29.5}},
	Metadata: []byte(`{"name":"义乌","vector_layers":[{"id":"base_road","fields":{}}]}`)}

// archive writes all tiles of the zooms 0 to 7 but those where content gives
// nothing.
func archive(t *testing.T, path string, content func(address) []byte) map[address][]byte {
	t.Helper()
	w, err := pmtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[address][]byte{}
	for id := uint64(0); ; id++ {
		z, x, y, _ := pmtiles.Address(id)
		if z > summary.MaxZoom {
			break
		}
		a := address{z, x, y}
		b := content(a)
		if err := w.Add(z, x, y, b); err != nil {
			t.Fatal(err)
		}
		all[a] = b
	}
	if err := w.Finish(summary); err != nil {
		t.Fatal(err)
	}
	return all
}

func open(t *testing.T, path string) *pmtiles.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := pmtiles.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// asItIs packs nothing: to the writer a tile is bytes.
func asItIs(b []byte) []byte { return b }

// scattered gives random tiles, a third of them sea, some of them nothing: too
// many entries for the root alone.
func scattered(pack func([]byte) []byte) func(address) []byte {
	rnd := rand.New(rand.NewPCG(3, 8))
	sea := pack([]byte("sea"))
	return func(a address) []byte {
		switch n := rnd.IntN(30); {
		case n < 3:
			return nil
		case n < 13:
			return sea
		default:
			return pack(fmt.Appendf(nil, "%d/%d/%d", a.z, a.x, a.y))
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, tt := range []struct {
		name    string
		content func(address) []byte
		leaves  bool
	}{
		{"scattered", scattered(asItIs), true},
		{"all the same", func(address) []byte { return []byte("sea") }, false},
		{"nothing", func(address) []byte { return nil }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.pmtiles")
			all := archive(t, path, tt.content)
			r := open(t, path)
			contents := map[string]bool{}
			var n uint64
			for a, want := range all {
				got, err := r.Tile(a.z, a.x, a.y)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%v: %q, %v", a, got, err)
				}
				if len(want) > 0 {
					n++
					contents[string(want)] = true
				}
			}
			if r.Tiles != n || r.Contents != uint64(len(contents)) || !r.Clustered || r.MinZoom != 0 || r.MaxZoom != 7 || r.Bounds != summary.Bounds {
				t.Errorf("the header says %+v of %d tiles with %d contents", r.Header, n, len(contents))
			}
			if m, err := r.Metadata(); err != nil || !bytes.Equal(m, summary.Metadata) {
				t.Errorf("metadata %q, %v", m, err)
			}
			if (r.Entries > 10_000) != tt.leaves {
				t.Errorf("%d entries", r.Entries)
			}
			var walked uint64
			for c, err := range r.All() {
				if err != nil {
					t.Fatal(err)
				}
				for i := range uint64(c.Run) {
					z, x, y, _ := pmtiles.Address(c.ID + i)
					if !bytes.Equal(c.Data, all[address{z, x, y}]) {
						t.Fatalf("walking, %d/%d/%d is %q", z, x, y, c.Data)
					}
					walked++
				}
			}
			if walked != n {
				t.Errorf("walked over %d of %d tiles", walked, n)
			}
		})
	}
}

func TestEqualTilesAreWrittenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pmtiles")
	archive(t, path, func(address) []byte { return []byte("sea") })
	if r := open(t, path); r.Entries != 1 || r.Contents != 1 || r.Tiles != 21845 {
		t.Errorf("%d tiles in %d entries of %d contents", r.Tiles, r.Entries, r.Contents)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 20000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	w, err := pmtiles.Create(filepath.Join(dir, "a.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(3, 1, 1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, a := range []address{{3, 1, 1}, {2, 0, 0}} {
		if err := w.Add(a.z, a.x, a.y, []byte("x")); !errors.Is(err, pmtiles.ErrOrder) {
			t.Errorf("%v after 3/1/1: %v", a, err)
		}
	}
	if err := w.Add(1, 2, 0, []byte("x")); err == nil {
		t.Error("a column past the last was taken")
	}
	w.Abandon()
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// Others read what we write: the reader of the format's makers, in JavaScript.
func TestReaderOfOthers(t *testing.T) {
	ui := filepath.Join("..", "..", "web", "ui")
	if _, err := os.Stat(filepath.Join(ui, "node_modules", "pmtiles")); err != nil {
		t.Skip("web/ui/node_modules has no pmtiles: npm ci")
	}
	path := filepath.Join(t.TempDir(), "a.pmtiles")
	all := archive(t, path, scattered(pmtiles.Compress))
	script, err := filepath.Abs(filepath.Join("testdata", "read.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", script, path)
	cmd.Dir = ui
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Header struct {
			NumAddressedTiles, NumTileEntries, NumTileContents int
			MinZoom, MaxZoom                                   int
			MinLon, MaxLon                                     float64
		}
		Metadata json.RawMessage
		Tiles    map[string]*string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := open(t, path)
	if h := got.Header; h.NumAddressedTiles != int(r.Tiles) || h.NumTileEntries != int(r.Entries) || h.NumTileContents != int(r.Contents) ||
		h.MaxZoom != 7 || h.MinLon != 119.5 || h.MaxLon != 120.7654321 {
		t.Errorf("header %+v", h)
	}
	var theirs, ours any
	if json.Unmarshal(got.Metadata, &theirs) != nil || json.Unmarshal(summary.Metadata, &ours) != nil || fmt.Sprint(theirs) != fmt.Sprint(ours) {
		t.Errorf("metadata %s", got.Metadata)
	}
	if len(got.Tiles) < 200 {
		t.Fatalf("%d tiles were read", len(got.Tiles))
	}
	for name, text := range got.Tiles {
		var a address
		if _, err := fmt.Sscanf(name, "%d/%d/%d", &a.z, &a.x, &a.y); err != nil {
			t.Fatal(err)
		}
		want, _ := pmtiles.Decompress(all[a], 1000)
		if text == nil && len(want) > 0 || text != nil && *text != string(want) {
			t.Errorf("%s: %v, want %q", name, text, want)
		}
	}
}

// FuzzReader gives the reader broken archives: it may refuse them, and must
// neither panic nor read without end.
func FuzzReader(f *testing.F) {
	path := filepath.Join(f.TempDir(), "a.pmtiles")
	w, err := pmtiles.Create(path)
	if err != nil {
		f.Fatal(err)
	}
	for x := range uint32(8) {
		if err := w.Add(3+uint8(x), x, 0, pmtiles.Compress([]byte{byte(x / 3)})); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Finish(summary); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	// What stands after the padding moves to the front, so that the fuzzer's
	// bytes are worth something.
	f.Add(good[:127], good[127:400], good[16384:])
	f.Add([]byte("PMTiles\x03"), []byte{}, []byte{})
	f.Add(good[:127], []byte{1, 0, 0, 1, 1}, []byte{1, 0, 0, 1, 1}) // a leaf that names itself
	f.Fuzz(func(t *testing.T, header, root, rest []byte) {
		if len(header)+len(root) > 16384 {
			return
		}
		b := make([]byte, 16384, 16384+len(rest))
		copy(b[copy(b, header):], root)
		b = append(b, rest...)
		r, err := pmtiles.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = r.Metadata()
		for z := range uint8(12) {
			_, _ = r.Tile(z, 0, 0)
		}
		n := 0
		for _, err := range r.All() {
			if n++; err != nil || n > 1<<16 {
				break
			}
		}
	})
}
