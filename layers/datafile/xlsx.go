package datafile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"onemap/layers"
)

// workbook reads XLSX (ECMA-376, part 1, 18) cell by cell, as it stands in the
// file: in memory are the shared texts and one row. excelize, which writes our
// sheets, would hold whole worksheets for their merged cells, and does not tell
// a date from a number or a formula from a value while it streams.
type workbook struct {
	entries []*zip.File
	limits  Limits
	books   []worksheet
	texts   []string
	dates   []bool // by cell format: its numbers are dates
	from    epoch
}

type worksheet struct {
	name   string
	file   *zip.File
	hidden bool
	boxes  []box // merged cells
}

// box is merged cells, from 1, all inclusive.
type box struct{ row, col, lastRow, lastCol int }

// Excel's own limits.
const (
	maxSheetRows = 1 << 20
	maxSheetCols = 1 << 14
	maxMerged    = 200_000
)

func openXLSX(entries []*zip.File, limits Limits) (*workbook, error) {
	w := &workbook{entries: entries, limits: limits}
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.read("xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
			Mode   string `xml:"TargetMode,attr"`
		} `xml:"Relationship"`
	}
	if err := w.read("xl/_rels/workbook.xml.rels", &links); err != nil {
		return nil, err
	}
	w.from = epoch1900
	if d := book.Properties.Date1904; d == "1" || d == "true" {
		w.from = epoch1904
	}
	if len(book.Sheets) > limits.Sheets {
		return nil, tooMuch("sheets", int64(limits.Sheets))
	}
	for _, s := range book.Sheets {
		for _, l := range links.All {
			if l.ID != s.ID || l.Mode == "External" {
				continue
			}
			target := l.Target
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			// Only a key to look up: nothing is opened by this name.
			if p := part(entries, strings.TrimPrefix(path.Clean("/"+target), "/")); p != nil {
				w.books = append(w.books, worksheet{name: s.Name, file: p, hidden: s.State == "hidden" || s.State == "veryHidden"})
			}
		}
	}
	if len(w.books) == 0 {
		return nil, unreadable("a workbook with a worksheet")
	}
	if err := w.formats(); err != nil {
		return nil, err
	}
	if err := w.sharedTexts(); err != nil {
		return nil, err
	}
	for i := range w.books {
		if err := w.merges(&w.books[i]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// maxPart is how large the parts may be that are read whole.
const maxPart = 32 << 20

// read reads a small part.
func (w *workbook) read(name string, into any) error {
	p := part(w.entries, name)
	if p == nil {
		return unreadable("a workbook: %s is missing in it", path.Base(name))
	}
	in, err := p.Open()
	if err != nil {
		return damaged(err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxPart+1))
	if err != nil {
		return damaged(err)
	}
	if len(b) > maxPart {
		return unreadable("a workbook whose %s has at most %d MB", path.Base(name), maxPart>>20)
	}
	if bytes.Contains(bytes.ToUpper(b), []byte("<!DOCTYPE")) {
		return unreadable("XML without a document type (<!DOCTYPE …>)")
	}
	if err := xml.Unmarshal(b, into); err != nil {
		return damaged(err)
	}
	return nil
}

func damaged(err error) error {
	var in *layers.InputError
	if errors.As(err, &in) {
		return err
	}
	return unreadable("a workbook that Excel opens: this one is damaged")
}

// stream opens a large part, counted against what may come out of the file.
func (w *workbook) stream(p *zip.File) (io.ReadCloser, error) {
	in, err := p.Open()
	if err != nil {
		return nil, damaged(err)
	}
	return &counted{in, w.limits.Unpacked}, nil
}

// counted ends a reading that gives more than it may.
type counted struct {
	io.ReadCloser
	left int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, tooMuch("bytes unpacked", 0)
	}
	return n, err
}

// sharedTexts reads the texts that cells name by number.
func (w *workbook) sharedTexts() error {
	p := part(w.entries, "xl/sharedStrings.xml")
	if p == nil {
		return nil
	}
	in, err := w.stream(p)
	if err != nil {
		return err
	}
	defer in.Close()
	d := tokens(in)
	var b strings.Builder
	inText, phonetic, total := false, 0, 0
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return unreadable("XML without a document type (<!DOCTYPE …>)")
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				b.Reset()
			case "t":
				inText = phonetic == 0
			case "rPh": // how it is pronounced
				phonetic++
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "si":
				if total += b.Len() + 16; total > 1<<29 {
					return tooMuch("bytes of texts", 1<<29)
				}
				w.texts = append(w.texts, strings.Clone(b.String()))
			case "t":
				inText = false
			case "rPh":
				phonetic--
			}
		case xml.CharData:
			if inText && b.Len() <= w.limits.Cell {
				b.Write(t)
			}
		}
	}
}

func tokens(in io.Reader) *xml.Decoder {
	d := xml.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		return nil, unreadable("a workbook in UTF-8, and not in %s", layers.Short(charset))
	}
	return d
}

// merges finds the merged cells of a sheet, which stand behind its rows. A value
// cannot look like one: a < in it is written &lt;.
func (w *workbook) merges(s *worksheet) error {
	in, err := w.stream(s.file)
	if err != nil {
		return err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<16)
	for {
		tag, err := r.ReadSlice('>')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if i := bytes.LastIndex(tag, []byte("mergeCell ")); i > 0 && (tag[i-1] == '<' || tag[i-1] == ':') {
			if j := bytes.Index(tag[i:], []byte(`ref="`)); j > 0 {
				ref, _, _ := bytes.Cut(tag[i+j+5:], []byte{'"'})
				if b, ok := parseBox(string(ref)); ok {
					s.boxes = append(s.boxes, b)
				}
			}
			if len(s.boxes) > maxMerged {
				return tooMuch("merged cells", maxMerged)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
	}
}

// parseBox reads "A1:D2".
func parseBox(ref string) (box, bool) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		return box{}, false
	}
	c1, r1, ok1 := parseRef(from)
	c2, r2, ok2 := parseRef(to)
	return box{r1, c1, r2, c2}, ok1 && ok2 && r1 <= r2 && c1 <= c2
}

// parseRef reads "AB12" as column and row, from 1.
func parseRef(ref string) (col, row int, ok bool) {
	i := 0
	for i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && i < 4 {
		col = col*26 + int(ref[i]-'A') + 1
		i++
	}
	row, err := strconv.Atoi(ref[i:])
	return col, row, err == nil && i > 0 && col <= maxSheetCols && row >= 1 && row <= maxSheetRows
}

func (w *workbook) sheets(context.Context) ([]Sheet, error) {
	out := make([]Sheet, len(w.books))
	for i, b := range w.books {
		out[i].Name = b.name
		for j := range i { // Excel forbids it; a hostile file does not mind
			if out[j].Name == b.name {
				out[i].Name = b.name + " (" + strconv.Itoa(i+1) + ")"
			}
		}
		if b.hidden {
			out[i].Notes = append(out[i].Notes, Note{Code: "hidden"})
		}
	}
	return out, nil
}

func (w *workbook) merged(sheet, above int) []box {
	var out []box
	for _, b := range w.books[sheet].boxes {
		if b.row < above {
			out = append(out, b)
		}
	}
	return out
}
