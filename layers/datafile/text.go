package datafile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sampleBytes is how much of a text is looked at to find its encoding.
const sampleBytes = 4 << 20

// encodingOf finds how a text is written: by its mark, else UTF-8 if what is
// beyond ASCII mostly is that, else GB18030, which Chinese offices write.
func encodingOf(file string) (name string, e encoding.Encoding, err error) {
	in, err := os.Open(file)
	if err != nil {
		return "", nil, unreadable("a file that can be read")
	}
	defer in.Close()
	sample, err := io.ReadAll(io.LimitReader(in, sampleBytes))
	if err != nil {
		return "", nil, unreadable("a file that can be read to its end")
	}
	switch {
	case bytes.HasPrefix(sample, []byte("\xef\xbb\xbf")):
		return "UTF-8", nil, nil
	case bytes.HasPrefix(sample, []byte("\xff\xfe")):
		return "UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(sample, []byte("\xfe\xff")):
		return "UTF-16", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	}
	right, wrong := utf8Count(sample)
	if wrong*2 > right {
		return "GB18030", simplifiedchinese.GB18030, nil
	}
	return "UTF-8", nil, nil
}

// utf8Count counts the characters beyond ASCII that are UTF-8, and the bytes that are not.
func utf8Count(b []byte) (right, wrong int) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n <= 1:
			if len(b) >= utf8.UTFMax { // else the sample may end within a character
				wrong++
			}
		case n > 1:
			right++
		}
		b = b[max(n, 1):]
	}
	return right, wrong
}

// decoded reads a file as UTF-8, without its mark.
func decoded(file *os.File, e encoding.Encoding) *bufio.Reader {
	var r io.Reader = file
	if e != nil {
		r = transform.NewReader(file, e.NewDecoder())
	}
	in := bufio.NewReaderSize(r, 1<<16)
	if head, err := in.Peek(3); err == nil && string(head) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // it was peeked at
	}
	return in
}

// entryName is a name in a zip, of which those made on Chinese Windows are in GBK.
func entryName(e *zip.File) string {
	name := e.Name
	if e.NonUTF8 && !utf8.ValidString(name) {
		if s, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil {
			name = s
		}
	}
	return strings.ReplaceAll(strings.ToValidUTF8(name, "_"), "\\", "/")
}

// plainXML refuses XML that declares a document type: honest files of ours
// have none, and entities that name files or multiply need one.
func plainXML(file string) error {
	in, err := os.Open(file)
	if err != nil {
		return unreadable("a file that can be read")
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<16)
	if head, err := r.Peek(2); err == nil && (head[0] == 0 || head[1] == 0 || head[0] >= 0xfe) {
		return unreadable("XML in UTF-8: it is in UTF-16 or worse")
	}
	buf := make([]byte, 0, 1<<16)
	for {
		keep := min(len(buf), 16) // a word may be cut
		copy(buf, buf[len(buf)-keep:])
		n, err := r.Read(buf[keep:cap(buf)])
		buf = buf[:keep+n]
		upper := bytes.ToUpper(buf)
		if bytes.Contains(upper, []byte("<!DOCTYPE")) || bytes.Contains(upper, []byte("<!ENTITY")) {
			return unreadable("XML without a document type (<!DOCTYPE …>)")
		}
		if bytes.Contains(upper, []byte("ENCODING=\"UTF-7")) || bytes.Contains(upper, []byte("ENCODING='UTF-7")) {
			return unreadable("XML in UTF-8")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unreadable("a file that can be read to its end")
		}
	}
}
