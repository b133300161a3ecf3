package feed

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// decoder turns the messages of pgoutput (protocol 1, binary, with messages;
// PostgreSQL manual, 55.9 "Logical Replication Message Formats") into
// transactions. It belongs to one replication connection: PostgreSQL describes
// each table once a connection.
type decoder struct {
	system   uint64
	timeline uint32
	maxRows  int
	maxBytes int

	relations map[uint32]*relation
	byName    map[string]*relation // the relation last described under "schema.table"
	geometry  map[uint32]bool      // type oids that are PostGIS's geometry
	arena     arena

	tx     *Tx
	tables map[*relation]*kept
	whole  []string // tables swapped or altered in the transaction: not only rows changed
}

// kept is what one table has in the transaction at hand.
type kept struct {
	rows int
	bulk int // 1 + index in tx.Bulk; 0: its changes are kept
}

func newDecoder(system uint64, timeline uint32, maxRows, maxBytes int) *decoder {
	return &decoder{
		system: system, timeline: timeline, maxRows: maxRows, maxBytes: maxBytes,
		relations: map[uint32]*relation{}, byName: map[string]*relation{}, geometry: map[uint32]bool{},
		tables: map[*relation]*kept{},
	}
}

// message takes one message, which it does not keep, and returns the
// transaction that it completes, if it completes one.
func (d *decoder) message(b []byte) (*Tx, error) {
	r := reader{b: b}
	kind := r.byte()
	switch kind {
	case 'B':
		return nil, d.begin(&r)
	case 'C':
		return d.commit(&r)
	case 'R':
		return nil, d.relation(&r)
	case 'Y':
		oid := r.uint32()
		r.text()
		if r.text() == "geometry" {
			d.geometry[oid] = true
		}
	case 'I', 'U', 'D':
		return nil, d.row(Op(kind), &r)
	case 'T':
		return nil, d.truncate(&r)
	case 'M':
		return nil, d.announcement(&r)
	case 'O': // the origin of a row that was itself replicated: no matter
	default:
		return nil, fmt.Errorf("pgoutput: unknown message %q", kind)
	}
	if r.short {
		return nil, errShort(kind)
	}
	return nil, nil
}

func errShort(kind byte) error { return fmt.Errorf("pgoutput: message %q is too short", kind) }

func (d *decoder) begin(r *reader) error {
	r.uint64() // the commit's LSN: comes again with the commit
	at := r.uint64()
	xid := r.uint32()
	if r.short {
		return errShort('B')
	}
	d.tx = &Tx{At: timeOf(int64(at)), XID: xid}
	clear(d.tables)
	d.whole = d.whole[:0]
	return nil
}

func (d *decoder) commit(r *reader) (*Tx, error) {
	r.byte()   // flags, unused
	r.uint64() // the commit record's start
	end := r.uint64()
	r.uint64() // the time, as in begin
	if r.short {
		return nil, errShort('C')
	}
	tx := d.tx
	if tx == nil {
		return nil, fmt.Errorf("pgoutput: commit without begin")
	}
	d.tx = nil
	for i := range tx.Bulk {
		if b := &tx.Bulk[i]; !b.HasBound || b.Bound.IsEmpty() || slices.Contains(d.whole, b.Schema+"."+b.Table) {
			b.Bound, b.HasBound = orb.Bound{}, false
		}
	}
	tx.Cursor = Cursor{d.system, d.timeline, end}
	return tx, nil
}

func (d *decoder) relation(r *reader) error {
	rel := &relation{id: r.uint32(), schema: r.text(), table: r.text(), identity: r.byte(), geom: -1}
	n := int(r.uint16())
	if n > len(r.b)/10 { // a column takes ten bytes at least
		return errShort('R')
	}
	rel.columns = make([]column, 0, n)
	rel.index = make(map[string]int, n)
	for i := range n {
		r.byte() // whether it is part of the key
		c := column{name: r.text(), oid: r.uint32()}
		r.uint32() // type modifier
		c.geometry = d.geometry[c.oid]
		if c.geometry && (rel.geom < 0 || c.name == "geom") {
			rel.geom = i
		}
		rel.index[c.name] = i
		rel.columns = append(rel.columns, c)
	}
	if r.short {
		return errShort('R')
	}
	if rel.schema == "" {
		rel.schema = "pg_catalog"
	}
	if old := d.relations[rel.id]; old != nil && old.sameShape(rel) && old.schema == rel.schema && old.table == rel.table {
		return nil // described again, nothing new
	}
	name := rel.schema + "." + rel.table
	if old := d.byName[name]; old != nil && !old.sameShape(rel) && d.tx != nil {
		d.whole = append(d.whole, name)
		d.replaced(name)
	}
	d.relations[rel.id] = rel
	d.byName[name] = rel
	return nil
}

// row takes an insert, update or delete.
func (d *decoder) row(op Op, r *reader) error {
	rel := d.relations[r.uint32()]
	if r.short {
		return errShort(byte(op))
	}
	if rel == nil || d.tx == nil {
		return fmt.Errorf("pgoutput: %s of a table that was not described, or outside of a transaction", op)
	}
	oldAt, oldEnd, newAt, newEnd, keyOnly := 0, 0, 0, 0, false
	body := r.b
	pos := 0
	for pos < len(body) {
		part := body[pos]
		end, err := tupleEnd(body, pos+1, len(rel.columns))
		if err != nil {
			return fmt.Errorf("pgoutput: %s of %s.%s: %w", op, rel.schema, rel.table, err)
		}
		switch {
		case part == 'N' && newEnd == 0:
			newAt, newEnd = pos+1, end
		case (part == 'K' || part == 'O') && oldEnd == 0:
			oldAt, oldEnd, keyOnly = pos+1, end, part == 'K'
		default:
			return fmt.Errorf("pgoutput: %s of %s.%s: unexpected part %q", op, rel.schema, rel.table, part)
		}
		pos = end
	}
	if (op == Delete) != (newEnd == 0) || (op == Delete && oldEnd == 0) || (op == Insert && oldEnd != 0) {
		return fmt.Errorf("pgoutput: %s of %s.%s lacks a row", op, rel.schema, rel.table)
	}

	// rows makes the change's rows over bytes that hold the body.
	rows := func(b []byte) (older, newer Row) {
		if oldEnd > 0 {
			older = Row{rel: rel, tuple: b[oldAt:oldEnd:oldEnd], keyOnly: keyOnly}
		}
		if newEnd > 0 {
			newer = Row{rel: rel, tuple: b[newAt:newEnd:newEnd]}
			if !keyOnly {
				newer.base = older.tuple
			}
		}
		return older, newer
	}

	k := d.tables[rel]
	if k == nil {
		k = &kept{}
		d.tables[rel] = k
	}
	if k.bulk == 0 && (k.rows >= d.maxRows || d.tx.Bytes+len(body) > d.maxBytes) {
		d.toBulk(rel, k)
	}
	if k.bulk > 0 {
		older, newer := rows(body) // only to be looked at
		d.tx.Bulk[k.bulk-1].add(rel, op, older, newer)
		return nil
	}
	k.rows++
	d.tx.Bytes += len(body) + changeBytes
	older, newer := rows(d.arena.copy(body))
	d.tx.Changes = append(d.tx.Changes, Change{Schema: rel.schema, Table: rel.table, Op: op, Old: older, New: newer})
	return nil
}

// changeBytes is about what a Change takes beside its rows' bytes.
const changeBytes = 208

// toBulk gives up keeping a table's changes and folds those kept so far.
func (d *decoder) toBulk(rel *relation, k *kept) {
	d.tx.Bulk = append(d.tx.Bulk, Bulk{Schema: rel.schema, Table: rel.table, Bound: nowhere, HasBound: rel.geom >= 0})
	k.bulk = len(d.tx.Bulk)
	bulk := &d.tx.Bulk[k.bulk-1]
	d.tx.Changes = slices.DeleteFunc(d.tx.Changes, func(c Change) bool {
		if c.Schema != rel.schema || c.Table != rel.table {
			return false
		}
		if c.Op == Truncate {
			bulk.HasBound = false // what was truncated may have been anywhere
			return true
		}
		bulk.add(rel, c.Op, c.Old, c.New)
		d.tx.Bytes -= len(c.Old.tuple) + len(c.New.tuple) + changeBytes
		return true
	})
	if cap(d.tx.Changes) > 2*len(d.tx.Changes)+64 {
		d.tx.Changes = slices.Clone(d.tx.Changes) // let the large array go
	}
	d.replaced(rel.schema + "." + rel.table)
}

// nowhere is the empty box that [Bulk.add] widens.
var nowhere = orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}

// add counts one change and widens the box by its places.
func (b *Bulk) add(rel *relation, op Op, older, newer Row) {
	b.Count++
	if op != Insert && !older.Whole() {
		b.HasBound = false // where the row was is not in the log
	}
	if !b.HasBound {
		return
	}
	for _, r := range [2]Row{older, newer} {
		if !r.Ok() {
			continue
		}
		if kind, v := r.value(rel.geom); kind == 'b' {
			if box, ok := ewkbBound(v); ok {
				b.Bound.Min = orb.Point{min(b.Bound.Min[0], box.Min[0]), min(b.Bound.Min[1], box.Min[1])}
				b.Bound.Max = orb.Point{max(b.Bound.Max[0], box.Max[0]), max(b.Bound.Max[1], box.Max[1])}
			}
		}
	}
}

func (d *decoder) truncate(r *reader) error {
	n := r.uint32()
	r.byte() // CASCADE, RESTART IDENTITY
	if d.tx == nil {
		return fmt.Errorf("pgoutput: truncate outside of a transaction")
	}
	for ; n > 0 && !r.short; n-- {
		rel := d.relations[r.uint32()]
		if r.short {
			break
		}
		if rel == nil {
			return fmt.Errorf("pgoutput: truncate of a table that was not described")
		}
		if k := d.tables[rel]; k != nil && k.bulk > 0 {
			d.tx.Bulk[k.bulk-1].HasBound = false
			continue
		}
		d.tx.Bytes += changeBytes
		d.tx.Changes = append(d.tx.Changes, Change{Schema: rel.schema, Table: rel.table, Op: Truncate})
	}
	if r.short {
		return errShort('T')
	}
	return nil
}

// announcement takes what pg_logical_emit_message wrote. Ours are
// transactional, have the prefix onemap, and say in JSON what the log does not.
func (d *decoder) announcement(r *reader) error {
	transactional := r.byte()&1 == 1
	r.uint64() // its LSN
	prefix := r.text()
	n := int(r.uint32())
	if r.short || n > len(r.b) {
		return errShort('M')
	}
	if prefix != "onemap" || !transactional || d.tx == nil {
		return nil
	}
	var said struct {
		Replaced string `json:"replaced"` // "map.asset"
	}
	if err := json.Unmarshal(r.b[:n], &said); err != nil {
		return nil // anybody may emit messages; a bad one must not stop the feed
	}
	if strings.Contains(said.Replaced, ".") {
		d.whole = append(d.whole, said.Replaced)
		d.replaced(said.Replaced)
	}
	return nil
}

func (d *decoder) replaced(table string) {
	if !slices.Contains(d.tx.Replaced, table) {
		d.tx.Replaced = append(d.tx.Replaced, table)
		d.tx.Bytes += len(table)
	}
}

// tupleEnd checks the tuple of n columns that begins at b[at] and returns
// where it ends.
func tupleEnd(b []byte, at, n int) (int, error) {
	if len(b)-at < 2 {
		return 0, fmt.Errorf("row is cut")
	}
	if have := int(binary.BigEndian.Uint16(b[at:])); have != n {
		return 0, fmt.Errorf("row has %d columns, its table %d", have, n)
	}
	at += 2
	for range n {
		if at >= len(b) {
			return 0, fmt.Errorf("row is cut")
		}
		kind := b[at]
		at++
		switch kind {
		case 'n', 'u':
		case 't', 'b':
			if len(b)-at < 4 {
				return 0, fmt.Errorf("row is cut")
			}
			size := binary.BigEndian.Uint32(b[at:])
			at += 4
			if uint64(size) > uint64(len(b)-at) {
				return 0, fmt.Errorf("row is cut")
			}
			at += int(size)
		default:
			return 0, fmt.Errorf("column of unknown kind %q", kind)
		}
	}
	return at, nil
}

// reader takes a message apart. After reading past the end it gives zeros and
// short is true.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.b, r.short = nil, true
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

// text reads a string that ends with a zero byte.
func (r *reader) text() string {
	i := bytes.IndexByte(r.b, 0)
	if i < 0 {
		r.b, r.short = nil, true
		return ""
	}
	s := string(r.b[:i])
	r.b = r.b[i+1:]
	return s
}
