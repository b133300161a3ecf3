package base

import (
	"bufio"
	"io"
	"os"
	"unicode/utf8"
)

// DBFEncoding guesses the encoding of a Shapefile's attributes where neither a
// .cpg file nor the .dbf's language byte says it: UTF-8 if the bytes are, else
// GB18030, which Chinese departments mean. "" leaves it to GDAL.
func DBFEncoding(shp string) string {
	stem := shp[:len(shp)-len(".shp")]
	for _, end := range []string{".cpg", ".CPG"} {
		if _, err := os.Stat(stem + end); err == nil {
			return ""
		}
	}
	f, err := os.Open(stem + ".dbf")
	if err != nil {
		return ""
	}
	defer f.Close()
	in := bufio.NewReader(f)
	head := make([]byte, 32)
	if _, err := io.ReadFull(in, head); err != nil {
		return ""
	}
	// Byte 29: 0x00 unknown, 0x57 "ANSI", which everybody writes and nobody means, 0x4D GBK.
	if id := head[29]; id != 0 && id != 0x57 && id != 0x4D {
		return ""
	}
	size := int(head[10]) | int(head[11])<<8 // of a record
	skip := (int(head[8]) | int(head[9])<<8) - len(head)
	if size == 0 || skip < 0 {
		return ""
	}
	if _, err := in.Discard(skip); err != nil {
		return ""
	}
	// Fields are of fixed width and may end within a character, so a few
	// faults do not count against UTF-8.
	record := make([]byte, size)
	faults, foreign := 0, 0
	for range 10_000 {
		if _, err := io.ReadFull(in, record); err != nil {
			break
		}
		for s := string(record); s != ""; {
			r, n := utf8.DecodeRuneInString(s)
			switch {
			case r == utf8.RuneError && n == 1:
				faults++
			case n > 1:
				foreign++
			}
			s = s[n:]
		}
	}
	switch {
	case faults == 0 && foreign == 0:
		return ""
	case foreign > 10*faults:
		return "UTF-8"
	}
	return "GB18030"
}
