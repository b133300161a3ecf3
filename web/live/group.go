package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/cql2"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// view is what a subscription sees of a layer: its right and its wish, joined.
type view struct {
	layer  layers.Layer
	cond   where.Cond  // the right and the filter
	all    bool        // the right has no condition on rows
	window []orb.Bound // of events; any of them; none: everywhere
	fields []layers.Field
	events bool        // it is told what happened
	open   []tileRange // it is told which of these tiles are stale
	reach  []orb.Bound // the windows with all that their tiles show; none: everywhere
}

// viewOf joins a right and a wish. It returns a [layers.InputError] for a wish
// that the right does not allow: a filter by a hidden field would tell its values.
func viewOf(l layers.Layer, right access.Right, want Subscribe) (view, error) {
	v := view{layer: l, all: where.IsTrue(right.Where), events: want.wantsEvents()}
	window, err := want.window()
	if err != nil {
		return v, err
	}
	v.window, v.reach = window, slices.Clone(window)
	if want.Tiles != nil {
		v.openTiles(*want.Tiles)
	}
	if len(v.reach) == 1 { // a tile shows more than the window: the right must hold there too
		right = right.At(v.reach[0], l)
	}
	cond := where.All{right.Where}
	field := func(param string, names ...string) (string, error) {
		for _, n := range names {
			if slices.Contains(right.Fields, n) {
				return n, nil
			}
		}
		return "", &layers.InputError{Field: param, Remedy: "leave it out: layer " + l.Name + " has no such field for you"}
	}
	if len(want.Grids) > 0 {
		name, err := field("grids", "grid_code")
		if err != nil {
			return v, err
		}
		cond = append(cond, where.In{Field: name, Values: want.Grids})
	}
	if len(want.Classes) > 0 {
		name, err := field("classes", l.ClassField)
		if err != nil {
			return v, err
		}
		cond = append(cond, where.In{Field: name, Values: want.Classes})
	}
	if want.SeverityMax != 0 {
		name, err := field("severity_max", "severity", "risk")
		if err != nil {
			return v, err
		}
		cond = append(cond, where.Range{Field: name, Max: int64(want.SeverityMax) + 1})
	}
	if want.Filter != "" {
		c, err := l.Filter("filter", want.Filter, right.Fields, cql2.Parser{})
		if err != nil {
			return v, err
		}
		cond = append(cond, c)
	}
	v.cond = where.Prepare(where.Simplify(l.InForce(cond)))
	for _, f := range want.Fields {
		if !slices.Contains(right.Fields, f) {
			return v, &layers.InputError{Field: "fields", Value: short(f), Remedy: "fields of the layer that you may see"}
		}
	}
	for _, f := range l.Fields {
		if slices.Contains(right.Fields, f.Name) && (want.Fields == nil || slices.Contains(want.Fields, f.Name)) {
			v.fields = append(v.fields, f)
		}
	}
	return v, nil
}

// viewsOf joins what someone may see of each layer and what she wants of it. It
// returns an error wrapping [layers.ErrNotFound] for a layer that she may not
// know of.
func viewsOf(want Subscribe, rights rights, find func(name string) (layers.Layer, error)) ([]view, error) {
	var views []view
	for name := range strings.SplitSeq(want.Layer, ",") {
		l, err := find(name)
		if err != nil {
			return nil, err
		}
		right, ok := rights(l)
		if !ok {
			return nil, fmt.Errorf("layer %q: %w", name, layers.ErrNotFound)
		}
		v, err := viewOf(l, right, want)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// key is equal for views that are told the same, so that they share one stream.
func (v *view) key(b *strings.Builder) {
	b.WriteString(v.layer.Name)
	b.WriteByte('\n')
	b.WriteString(where.Canon(v.cond))
	b.WriteByte('\n')
	if v.all { // where the right is cut only elsewhere, cond alone does not tell
		b.WriteString("all")
	}
	b.WriteByte('\n')
	if v.events { // of who wants tiles alone it only matters which
		b.WriteString("events")
		for _, w := range v.window {
			for _, x := range [4]float64{w.Min[0], w.Min[1], w.Max[0], w.Max[1]} {
				b.WriteByte(' ')
				b.WriteString(strconv.FormatFloat(x, 'g', -1, 64))
			}
		}
	}
	for _, r := range v.open {
		for _, n := range [5]int{r.z, int(r.x0), int(r.y0), int(r.x1), int(r.y1)} {
			b.WriteByte(' ')
			b.WriteString(strconv.Itoa(n))
		}
	}
	b.WriteByte('\n')
	b.WriteString(v.fieldsKey())
	b.WriteByte('\n')
}

func (v *view) fieldsKey() string {
	var b strings.Builder
	for _, f := range v.fields {
		b.WriteString(f.Name)
		b.WriteByte(':')
		b.WriteString(f.Type)
		b.WriteByte(' ')
	}
	return b.String()
}

func keyOf(views []view) string {
	var b strings.Builder
	for i := range views {
		views[i].key(&b)
	}
	return b.String()
}

// group is the subscriptions with equal views. What they get is matched and
// written once.
type group struct {
	parts   []*part
	name    string // "g7", the stream
	key     string
	members []*subscription

	// While transactions are handed out:
	concerned bool          // by the transaction at hand, as far as the windows tell
	touched   bool          // something is in out, frames or a part's stale tiles
	scratch   []byte        // the events of the transaction at hand
	fresh     []eventText   // of them, those of which the latest wins
	out       []byte        // the events of the frame at hand
	each      []eventText   // those of which the latest wins, which stand behind out
	at        map[int64]int // where each feature is in each
	upTo      feed.Cursor
	frames    []*frame
	events    int
	tiles     int
}

// part is what a group sees of one layer.
type part struct {
	view
	group *group
	shape string // fieldsKey

	turn   uint64       // the last change that windows gave it for
	change *tableChange // of the transaction at hand, if it may concern the part
	rows   []int        // which of its rows may
	seen   []seenChange
	stale  staleTiles
}

// reaches says whether what lies in a box may concern the part.
func (p *part) reaches(b orb.Bound) bool {
	for _, w := range p.reach {
		if w.Intersects(b) {
			return true
		}
	}
	return len(p.reach) == 0
}

func newGroup(views []view, name, key string) *group {
	g := &group{name: name, key: key, parts: make([]*part, len(views))}
	for i, v := range views {
		g.parts[i] = &part{view: v, group: g, shape: v.fieldsKey()}
	}
	return g
}

// subscription is one client's wish, in a group once it is answered.
type subscription struct {
	client *client
	want   Subscribe
	group  *group // nil while waiting
}

// enter puts a subscription in the group of its views.
func (h *Hub) enter(s *subscription, views []view) {
	k := keyOf(views)
	g := h.groups[k]
	if g == nil {
		h.named++
		g = newGroup(views, "g"+strconv.Itoa(h.named), k)
		h.groups[k] = g
		for _, p := range g.parts {
			table := p.layer.Name
			if h.byTable[table] == nil {
				h.byTable[table] = &windows{}
			}
			h.byTable[table].add(p)
		}
	}
	g.members = append(g.members, s)
	s.group = g
}

// leave takes a subscription out of its group, and forgets the group with its
// last member.
func (h *Hub) leave(s *subscription) {
	g := s.group
	if g == nil {
		return
	}
	s.group = nil
	g.members = slices.DeleteFunc(g.members, func(m *subscription) bool { return m == s })
	if len(g.members) > 0 {
		return
	}
	delete(h.groups, g.key)
	for _, p := range g.parts {
		table := p.layer.Name
		h.byTable[table].remove(p)
		if len(h.byTable[table].all) == 0 {
			delete(h.byTable, table)
		}
	}
}
