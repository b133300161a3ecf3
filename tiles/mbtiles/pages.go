package mbtiles

import (
	"bufio"
	"encoding/binary"
	"io"
)

const (
	pageSize = 4096
	// lockPage holds the byte at 1 GiB, by which SQLite locks files: no page
	// may be there.
	lockPage = 1<<30/pageSize + 1
)

// Kinds of b-tree pages.
const (
	indexInner = 0x02
	tableInner = 0x05
	indexLeaf  = 0x0a
	tableLeaf  = 0x0d
)

// pages writes pages one after the other. The first page, which says where all
// else is, is left for the end.
type pages struct {
	w    *bufio.Writer
	last uint32 // the number of the page written last; they count from 1
	err  error  // the first; nothing is written after it
}

func newPages(w io.Writer) *pages {
	p := &pages{w: bufio.NewWriterSize(w, 1<<20)}
	p.write(make([]byte, pageSize))
	return p
}

// next is the number that the page written next will have.
func (p *pages) next() uint32 { return after(p.last) }

func after(page uint32) uint32 {
	if page+1 == lockPage {
		return page + 2
	}
	return page + 1
}

// write writes one page and returns its number.
func (p *pages) write(b []byte) uint32 {
	if p.last+1 == lockPage {
		p.put(make([]byte, pageSize))
	}
	p.put(b)
	return p.last
}

func (p *pages) put(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
	p.last++
}

// spill returns as much of a table's row as stands in its leaf, followed by
// the number of the page on which the rest begins; the rest is written.
func (p *pages) spill(payload []byte) []byte {
	const most = pageSize - 35
	if len(payload) <= most {
		return payload
	}
	const least = (pageSize-12)*32/255 - 23
	local := least + (len(payload)-least)%(pageSize-4)
	if local > most {
		local = least
	}
	cell := binary.BigEndian.AppendUint32(append(make([]byte, 0, local+4), payload[:local]...), p.next())
	for rest := payload[local:]; len(rest) > 0; {
		n := min(len(rest), pageSize-4)
		page := make([]byte, pageSize)
		if n < len(rest) {
			binary.BigEndian.PutUint32(page, after(p.next()))
		}
		copy(page[4:], rest[:n])
		p.write(page)
		rest = rest[n:]
	}
	return cell
}

// A node is a b-tree page in the making: cells stand at its end, pointers to
// them at its beginning.
type node struct {
	kind  byte
	cells [][]byte
	used  int // bytes of cells and pointers
}

// fits says whether one more cell has room, on a page that begins after so many bytes.
func (n *node) fits(cell []byte, begin int) bool {
	return begin+n.head()+n.used+len(cell)+2 <= pageSize
}

func (n *node) head() int {
	if n.kind == tableInner || n.kind == indexInner {
		return 12
	}
	return 8
}

func (n *node) add(cell []byte) {
	n.cells = append(n.cells, cell)
	n.used += len(cell) + 2
}

// page lays the node out after begin bytes; right is the last child of an
// inner node.
func (n *node) page(begin int, right uint32) []byte {
	b := make([]byte, pageSize)
	h := b[begin:]
	h[0] = n.kind
	binary.BigEndian.PutUint16(h[3:], uint16(len(n.cells)))
	if n.head() == 12 {
		binary.BigEndian.PutUint32(h[8:], right)
	}
	end := pageSize
	for i, c := range n.cells {
		end -= len(c)
		copy(b[end:], c)
		binary.BigEndian.PutUint16(h[n.head()+2*i:], uint16(end))
	}
	binary.BigEndian.PutUint16(h[5:], uint16(end))
	return b
}
