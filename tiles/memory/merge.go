package memory

import (
	"fmt"
	"slices"
	"sort"
)

// A merger makes the blocks and pages anew that edits touch, each once however
// many edits it has.
type merger struct {
	*layer // being made
	*staging
	rows []ref
}

// pages sets the layer's pages to what they are after the edits, which are in
// order.
func (m *merger) pages(edits []edit) error {
	old := m.layer.pages
	if len(old) == 0 {
		blocks, keys, err := m.block(nil, nil, nil, edits)
		if err != nil {
			return err
		}
		m.setPages(m.staging.build.paged(nil, blocks, keys, pageBlocks, pageBlocks))
		return nil
	}
	pages := make([]*page, 0, len(old)+1)
	for i, p := range old {
		mine := edits
		if i+1 < len(old) {
			mine = edits[:before(edits, m.layer.keys[i+1])]
		}
		edits = edits[len(mine):]
		if len(mine) == 0 {
			pages = append(pages, p)
			continue
		}
		blocks, keys, err := m.page(p, mine)
		if err != nil {
			return err
		}
		// A page that has become small joins the one before it.
		if k := len(pages); k > 0 && len(blocks)+len(pages[k-1].blocks) <= pageBlocks/2 {
			blocks, keys = slices.Concat(pages[k-1].blocks, blocks), slices.Concat(pages[k-1].keys, keys)
			pages = pages[:k-1]
		}
		pages = m.staging.build.paged(pages, blocks, keys, pageBlocksMax, pageBlocks)
	}
	m.setPages(pages)
	return nil
}

// before returns how many edits come before a place.
func before(edits []edit, k rowKey) int {
	n, _ := slices.BinarySearchFunc(edits, k, func(e edit, k rowKey) int {
		if e.key.compare(k) < 0 {
			return -1
		}
		return 1
	})
	return n
}

// page returns the blocks of a page after edits.
func (m *merger) page(p *page, edits []edit) (blocks []*block, keys []rowKey, err error) {
	for i, b := range p.blocks {
		mine := edits
		if i+1 < len(p.blocks) {
			mine = edits[:before(edits, p.keys[i+1])]
		}
		edits = edits[len(mine):]
		if len(mine) == 0 {
			blocks, keys = append(blocks, b), append(keys, p.keys[i])
			continue
		}
		if blocks, keys, err = m.block(blocks, keys, b, mine); err != nil {
			return nil, nil, err
		}
		// A block that has become small joins the one before it.
		if k := len(blocks); k > 1 && blocks[k-1].n+blocks[k-2].n <= m.staging.usual/2 {
			m.rows = m.rows[:0]
			for _, b := range blocks[k-2:] {
				for j := range b.n {
					m.rows = append(m.rows, ref{b, j})
				}
			}
			blocks, keys = append(blocks[:k-2], m.staging.build.build(m.rows)), keys[:k-1]
		}
	}
	return blocks, keys, nil
}

// block appends what becomes of a block, nil for none, by edits: one block, or
// none, or more.
func (m *merger) block(blocks []*block, keys []rowKey, b *block, edits []edit) ([]*block, []rowKey, error) {
	m.rows = m.rows[:0]
	if err := m.merge(b, edits); err != nil {
		return nil, nil, err
	}
	n := len(m.rows)
	if n == 0 {
		return blocks, keys, nil
	}
	parts := 1
	if usual := m.staging.usual; n > 2*usual {
		parts = (n + usual - 1) / usual
	}
	for i := range parts {
		from, to := i*n/parts, (i+1)*n/parts
		blocks = append(blocks, m.staging.build.build(m.rows[from:to]))
		keys = append(keys, m.rows[from].b.key(m.layer.points, m.rows[from].i))
	}
	return blocks, keys, nil
}

// merge lists the rows that a block has after edits.
func (m *merger) merge(b *block, edits []edit) error {
	i, n := 0, 0
	if b != nil {
		n = b.n
	}
	for len(edits) > 0 {
		key := edits[0].key
		from := i
		i = m.search(b, i, n, key, len(edits))
		m.stay(b, from, i)
		var row ref
		there := i < n && b.key(m.layer.points, i) == key
		if there {
			row = ref{b, i}
			i++
		}
		for ; len(edits) > 0 && edits[0].key == key; edits = edits[1:] {
			e := edits[0]
			if e.put == there {
				if there {
					return fmt.Errorf("%w: row %d is there already", ErrLost, key.id)
				}
				return fmt.Errorf("%w: row %d is not where it was", ErrLost, key.id)
			}
			if e.put {
				row = m.at(e.staged)
			} else {
				m.staging.free(m.staging.dict, row)
			}
			there = e.put
		}
		if there {
			m.rows = append(m.rows, row)
		}
	}
	m.stay(b, i, n)
	return nil
}

// stay lists the rows of a block that stay as they are.
func (m *merger) stay(b *block, from, to int) {
	for i := from; i < to; i++ {
		m.rows = append(m.rows, ref{b, i})
	}
}

// search returns the first of a block's rows from i to n that is not before a
// key. Keys are made of the rows' places: for one edit only a few are, for many,
// each once.
func (m *merger) search(b *block, i, n int, key rowKey, edits int) int {
	if edits*8 > n-i {
		for i < n && b.key(m.layer.points, i).compare(key) < 0 {
			i++
		}
		return i
	}
	return i + sort.Search(n-i, func(k int) bool { return b.key(m.layer.points, i+k).compare(key) >= 0 })
}
