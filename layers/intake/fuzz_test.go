package intake

import (
	"encoding/csv"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// FuzzCSV: whatever the text, every byte of it is in one record, chunks of any
// size give the same records as the whole, and where encoding/csv reads it
// without complaint both agree.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\r\n\"1\",\"2\"\"\"\r\n", "a,b\n\"x\ny\",2", "a\n\"open\nb\n", "a,b\n1' 6\",2\n", "\n\n", "a,\"b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 {
			return
		}
		read := func(text string, chunks bool) (out [][]string) {
			r := &csvReader{delim: ',', width: -1}
			collect := func(c chunk) {
				for s := c.text; s != ""; {
					end, how := endOfRecord(s, ',')
					if how == unended {
						if end = strings.IndexByte(s, '\n') + 1; end == 0 {
							end = len(s)
						}
					}
					if end <= 0 || end > len(s) {
						t.Fatalf("a record of %d bytes", end)
					}
					fields, _ := splitRecord(strings.TrimRight(s[:end], "\r\n"), r.delim, nil)
					out = append(out, append([]string{fmt.Sprint(how == unended)}, fields...))
					s = s[end:]
				}
			}
			if !chunks {
				collect(chunk{text: text})
				return out
			}
			for text != "" {
				end := lastRecord([]byte(text), ',', true)
				if end <= 0 || end > len(text) {
					t.Fatalf("a chunk of %d bytes", end)
				}
				collect(chunk{text: text[:end]})
				text = text[end:]
			}
			return out
		}
		whole := read(s, false)
		if cut := read(s, true); !reflect.DeepEqual(whole, cut) {
			t.Fatalf("%q: %q whole, %q in chunks", s, whole, cut)
		}
		std := csv.NewReader(strings.NewReader(s))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		if err != nil || strings.ContainsRune(s, '\r') { // the standard library drops and keeps \r in its own way
			return
		}
		var got [][]string
		for _, r := range whole {
			if len(r) > 2 || r[1] != "" { // it leaves out blank lines
				got = append(got, r[1:])
			}
		}
		if len(got) == len(want) && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %q, encoding/csv says %q", s, got, want)
		}
	})
}
