package web_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"strings"
	"testing"

	"onemap/layers/incident"
)

// claims returns the head of a PNG that says it is so large, and nothing more.
func claims(t *testing.T, width, height uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	out := b.Bytes()
	binary.BigEndian.PutUint32(out[16:], width)
	binary.BigEndian.PutUint32(out[20:], height)
	// The header's check sum, or the size is not even read.
	crc := uint32(0xffffffff)
	for _, c := range out[12:29] {
		crc ^= uint32(c)
		for range 8 {
			crc = crc>>1 ^ 0xedb88320*(crc&1)
		}
	}
	binary.BigEndian.PutUint32(out[29:], ^crc)
	return out
}

// What is no photo is answered clearly, with what would be right.
func TestPhotosThatAreNotTaken(t *testing.T) {
	w := newWorld(t)
	whole := photo(t, 600, 400, nil)
	for name, tt := range map[string]struct {
		kind   string
		sent   []byte
		status int
		says   string
	}{
		"200 megapixels":         {"image/png", claims(t, 20_000, 10_000), 422, "40 million pixels"},
		"4 billion pixels":       {"image/png", claims(t, 65_535, 65_535), 422, "40 million pixels"},
		"no picture":             {"image/jpeg", []byte("%PDF-1.7 hello"), 422, "JPEG, PNG or WebP"},
		"nothing":                {"image/jpeg", nil, 422, "JPEG, PNG or WebP"},
		"half a picture":         {"image/jpeg", whole[:len(whole)/2], 422, "damaged"},
		"HEIC that says so":      {"image/heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), 415, "most compatible"},
		"HEIC that says JPEG":    {"image/jpeg", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), 422, "most compatible"},
		"a page":                 {"text/html", []byte("<script>"), 415, "image/jpeg"},
		"a drawing with scripts": {"image/svg+xml", []byte("<svg onload='x'/>"), 415, "image/jpeg"},
		"13 MB":                  {"image/jpeg", make([]byte, incident.MaxPhotoBytes+1), 413, "at most"},
	} {
		p := w.want(tt.status, w.as("worker", "POST", "/api/v1/photos", bytes.NewReader(tt.sent), "Content-Type", tt.kind)).problem(t)
		if said := p.Detail; !strings.Contains(said, tt.says) {
			t.Errorf("%s: %q does not say %q", name, said, tt.says)
		}
	}
	if faults := w.faults(); faults != "" {
		t.Error(faults)
	}
}

// The place that a phone's camera writes into a photo is gone from what is kept.
func TestPlaceInAPhotoIsNotKept(t *testing.T) {
	w := newWorld(t)
	// Exif: one directory that points at a GPS directory with the reference, and words that must go.
	gps := []byte("II*\x00\x08\x00\x00\x00" +
		"\x01\x00\x25\x88\x04\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00" + // GPSInfo at 26
		"\x01\x00\x01\x00\x02\x00\x02\x00\x00\x00N\x00\x00\x00\x00\x00\x00\x00" + // GPSLatitudeRef N
		"29 18 23.5 secret-place")
	sent := photo(t, 64, 48, gps)
	if !bytes.Contains(sent, []byte("secret-place")) {
		t.Fatal("the test's photo has no place")
	}
	var p incident.Photo
	w.want(201, w.as("worker", "POST", "/api/v1/photos", bytes.NewReader(sent), "Content-Type", "image/jpeg")).into(t, &p)
	for _, size := range []string{"full", "thumb"} {
		got := w.want(200, w.as("worker", "GET", "/api/v1/photos/"+p.ID+"?size="+size, nil)).body
		if bytes.Contains(got, []byte("secret-place")) || bytes.Contains(got, []byte("Exif")) {
			t.Errorf("%s still has what the camera wrote", size)
		}
	}
}
