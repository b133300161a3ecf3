package incident

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // decodes
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decodes

	"onemap/layers"
)

const (
	PhotoEdge = 2560 // pixels: the longer edge of a photo as it is kept
	thumbEdge = 320
)

// reencode makes the two pictures that are kept of a photo as it was sent:
// JPEG, upright, without metadata. size is that of full.
func reencode(sent []byte) (full, thumb []byte, size image.Point, err error) {
	bad := func(remedy string) error { return &layers.InputError{Field: "photo", Remedy: remedy} }
	if len(sent) > MaxPhotoBytes {
		return nil, nil, size, bad(fmt.Sprintf("at most %d MB", MaxPhotoBytes>>20))
	}
	// Count the pixels before decoding: a small file may claim a huge picture.
	head, kind, err := image.DecodeConfig(bytes.NewReader(sent))
	if err != nil {
		if isHEIC(sent) {
			return nil, nil, size, bad("a JPEG, PNG or WebP picture: set the camera to \"most compatible\" instead of HEIC")
		}
		return nil, nil, size, bad("a JPEG, PNG or WebP picture")
	}
	if most := pixelsAllowed(head, kind, sent); head.Width < 1 || head.Height < 1 || head.Width*head.Height > most {
		return nil, nil, size, bad(fmt.Sprintf("at most %d million pixels (it claims %d x %d)", most/1_000_000, head.Width, head.Height))
	}
	src, _, err := image.Decode(bytes.NewReader(sent))
	if err != nil {
		return nil, nil, size, bad("a whole picture: this one is damaged")
	}
	turn := 1
	if kind == "jpeg" {
		turn = orientation(sent)
	}
	// Scale first, then turn: the copy that is turned is the small one.
	upright := orient(scale(src, PhotoEdge), turn)
	if full, err = encode(upright); err != nil {
		return nil, nil, size, err
	}
	thumb, err = encode(scale(upright, thumbEdge))
	return full, thumb, upright.Bounds().Size(), err
}

// pixelsAllowed is how many pixels a picture may have so that decoding takes
// no more than 200 MB: four bytes a pixel, eight where they are deep, and more
// than twelve in a progressive JPEG, whose coefficients are all kept.
func pixelsAllowed(head image.Config, kind string, sent []byte) int {
	switch {
	case kind == "jpeg" && progressive(sent):
		return MaxPhotoPixels / 3
	case head.ColorModel == color.NRGBA64Model || head.ColorModel == color.RGBA64Model:
		return MaxPhotoPixels / 2
	}
	return MaxPhotoPixels
}

// progressive says whether a JPEG is. It finds the markers as image/jpeg does,
// with what that lets pass between them.
func progressive(b []byte) bool {
	for i := 2; i+1 < len(b); {
		if b[i] != 0xff || b[i+1] == 0xff {
			i++
			continue
		}
		switch m := b[i+1]; {
		case m == 0xc2:
			return true
		case m == 0xc0 || m == 0xc1 || m == 0xda || m == 0xd9:
			return false
		case m == 0 || m >= 0xd0 && m <= 0xd7:
			i += 2
		case i+4 > len(b):
			return false
		default:
			i += 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		}
	}
	return false
}

func encode(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return b.Bytes(), nil
}

// scale returns m on white, at most edge pixels long; it never enlarges.
func scale(m image.Image, edge int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if long := max(w, h); long > edge {
		w, h = max(1, w*edge/long), max(1, h*edge/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Over, nil)
	return out
}

// orient applies an Exif orientation (1 to 8, TIFF 6.0 page 36).
func orient(m *image.RGBA, o int) *image.RGBA {
	if o <= 1 || o > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			var to image.Point
			switch o {
			case 2: // mirrored
				to = image.Pt(w-1-x, y)
			case 3: // upside down
				to = image.Pt(w-1-x, h-1-y)
			case 4:
				to = image.Pt(x, h-1-y)
			case 5:
				to = image.Pt(y, x)
			case 6: // turn a quarter clockwise
				to = image.Pt(h-1-y, x)
			case 7:
				to = image.Pt(h-1-y, w-1-x)
			case 8: // a quarter anticlockwise
				to = image.Pt(y, w-1-x)
			}
			copy(out.Pix[out.PixOffset(to.X, to.Y):][:4], m.Pix[m.PixOffset(x, y):][:4])
		}
	}
	return out
}

// orientation reads the Exif orientation of a JPEG, 1 where there is none.
func orientation(b []byte) int {
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		if b[i+1] == 0xda || n < 2 || i+2+n > len(b) { // the picture itself begins
			return 1
		}
		if seg := b[i+4 : i+2+n]; b[i+1] == 0xe1 && bytes.HasPrefix(seg, []byte("Exif\x00\x00")) {
			return tiffOrientation(seg[6:])
		}
		i += 2 + n
	}
	return 1
}

// tiffOrientation finds tag 0x0112 in the first directory of a TIFF head.
func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(t[4:]))
	if at < 8 || at+2 > int64(len(t)) {
		return 1
	}
	n := int64(order.Uint16(t[at:]))
	for i := range n {
		e := at + 2 + i*12
		if e+12 > int64(len(t)) {
			return 1
		}
		if order.Uint16(t[e:]) == 0x0112 {
			return int(order.Uint16(t[e+8:]))
		}
	}
	return 1
}

// isHEIC says whether b is what iPhones take by default, which nothing here decodes.
func isHEIC(b []byte) bool {
	return len(b) > 12 && string(b[4:8]) == "ftyp" && strings.Contains("heic heix hevc mif1 msf1 heim heis avif", string(b[8:12]))
}
