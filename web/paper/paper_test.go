package paper_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"onemap/web/paper"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		width      float64
		want       []string
	}{
		{"Latin words stay whole", "where it has long been", 60, []string{"where it has", "long been"}},
		{"Chinese breaks anywhere", "近一年十二起近期多发", 50, []string{"近一年十二", "起近期多发"}},
		{"no line begins with a comma", "近一年十二,起", 50, []string{"近一年十二,", "起"}},
		{"nor with one of full width", "近一年十二，起", 50, []string{"近一年十二，", "起"}},
		{"a word that ends with a mark is broken off like any other", "近一年 inspections:", 50, []string{"近一年", "inspections:"}},
		{"a word too long has a line", "a incomprehensibilities b", 30, []string{"a", "incomprehensibilities", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := paper.Wrap(10, tt.width, tt.text); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// Each object is where the table says, and a reader finds the text.
func TestDocument(t *testing.T) {
	d := paper.Doc{Title: "热点预测"}
	p := d.Page()
	p.Area(paper.Colour{1, 0, 0}, [][2]float64{{100, 100}, {200, 100}, {200, 200}})
	p.Line(1, paper.Black, [2]float64{50, 50}, [2]float64{500, 50})
	p.Text(50, 40, 14, paper.Black, `Expected (next week) 热点 \ 12.5`)
	d.Page().Text(50, 40, 10, paper.Black, "second 11–15 %, 2 km² · 12.3×")
	var b bytes.Buffer
	if _, err := d.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	table := text[strings.LastIndex(text, "\nxref\n"):]
	for n, line := range strings.Split(table, "\n")[4:14] {
		at, err := strconv.Atoi(line[:10])
		if err != nil || !strings.HasPrefix(text[at:], fmt.Sprintf("%d 0 obj", n+1)) {
			t.Errorf("object %d is not at %s", n+1, line)
		}
	}
	reader, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext of poppler-utils is not installed: its text is not read back")
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(reader, path, "-").Output()
	if err != nil || !strings.Contains(string(out), "Expected (next week)") || !strings.Contains(string(out), "12.5") || !strings.Contains(string(out), "11–15 %, 2 km² · 12.3×") {
		t.Errorf("it reads %q, %v", out, err)
	}
}
