package live

import (
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// view is what a subscription sees: its right and its wish, joined.
type view struct {
	layer  layers.Layer
	cond   where.Cond  // the right and the filter
	all    bool        // the right has no condition on rows
	window []orb.Bound // any of them; none: everywhere
	fields []layers.Field
}

// viewOf joins a right and a wish. It returns a [layers.InputError] for a wish
// that the right does not allow: a filter by a hidden field would tell its values.
func viewOf(l layers.Layer, right access.Right, want Subscribe) (view, error) {
	v := view{layer: l, all: where.IsTrue(right.Where)}
	window, err := want.window()
	if err != nil {
		return v, err
	}
	v.window = window
	if len(window) == 1 {
		right = right.At(window[0], l)
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
		name, err := field("classes", "class_code", "class", "kind", "industry")
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
	v.cond = where.Simplify(cond)
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

// key is equal for views that see the same, so that they share one stream.
func (v view) key() string {
	var b strings.Builder
	b.WriteString(v.layer.Name)
	b.WriteByte('\n')
	b.WriteString(where.Canon(v.cond))
	for _, w := range v.window {
		for _, x := range [4]float64{w.Min[0], w.Min[1], w.Max[0], w.Max[1]} {
			b.WriteByte(' ')
			b.WriteString(strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	b.WriteByte('\n')
	b.WriteString(v.fieldsKey())
	return b.String()
}

func (v view) fieldsKey() string {
	var b strings.Builder
	for _, f := range v.fields {
		b.WriteString(f.Name)
		b.WriteByte(':')
		b.WriteString(f.Type)
		b.WriteByte(' ')
	}
	return b.String()
}

// group is the subscriptions with one view. What they get is matched and
// written once.
type group struct {
	view
	name    string // "g7", the stream
	key     string
	shape   string // fieldsKey
	members []*subscription

	// While transactions are handed out:
	scratch []byte // the events of the transaction at hand
	out     []byte // the events of the frame at hand
	upTo    feed.Cursor
	frames  []*frame
	events  int
}

// subscription is one client's wish, in a group once it is answered.
type subscription struct {
	client *client
	want   Subscribe
	group  *group // nil while waiting
}

// enter puts a subscription in the group of its view.
func (h *Hub) enter(s *subscription, v view) {
	k := v.key()
	g := h.groups[k]
	if g == nil {
		h.named++
		g = &group{view: v, key: k, shape: v.fieldsKey(), name: "g" + strconv.Itoa(h.named)}
		h.groups[k] = g
		h.byTable[v.layer.Name] = append(h.byTable[v.layer.Name], g)
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
	table := g.layer.Name
	h.byTable[table] = slices.DeleteFunc(h.byTable[table], func(o *group) bool { return o == g })
	if len(h.byTable[table]) == 0 {
		delete(h.byTable, table)
	}
}
