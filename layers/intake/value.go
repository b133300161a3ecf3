package intake

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// defaultLength is how many characters a text may have where nothing else is said.
const defaultLength = 2000

// A source is a compiled [Value]: it takes a text from a row.
type source struct {
	field     string
	slots     []int
	first     bool // of the slots the first with a value counts, else all of them
	separator string
	constant  *string
	empty     []string
	match     *regexp.Regexp
	slug      bool
	prefix    string
	lookup    map[string]string
	otherwise *string
	def       *string
	required  bool
	length    int
	cut       bool
}

// A cell is one field's value, ready to be written.
type cell struct {
	null bool
	s    string  // text, uuid, jsonb
	n    int64   // integers; booleans as 0 and 1; days and microseconds since 2000-01-01
	f    float64 // reals
}

func compileSource(field string, v Value, m Mapping, cols *columns) (source, error) {
	s := source{
		field: field, separator: " ", constant: v.Const, empty: append(slices.Clone(m.Empty), v.Empty...), slug: v.Slug, prefix: v.Prefix,
		lookup: v.Lookup, otherwise: v.Otherwise, def: v.Default, required: v.Required, length: v.MaxLength, cut: v.Cut,
	}
	if v.Separator != nil {
		s.separator = *v.Separator
	}
	if v.Column != "" {
		s.slots = []int{cols.slot(v.Column)}
	}
	for _, c := range v.First {
		s.slots, s.first = append(s.slots, cols.slot(c)), true
	}
	for _, c := range v.Concat {
		s.slots = append(s.slots, cols.slot(c))
	}
	if s.length == 0 {
		s.length = defaultLength
	}
	if v.Match != "" {
		re, err := regexp.Compile(v.Match)
		if err != nil {
			return s, fmt.Errorf("%s: match: %w", field, err)
		}
		s.match = re
	}
	return s, nil
}

// text takes the field's text from a row; "" is no value.
func (s *source) text(r *record) (string, *Fault) {
	if s.constant != nil {
		return *s.constant, nil
	}
	var v string
	switch {
	case s.first:
		for _, i := range s.slots {
			if v = strings.TrimSpace(r.values[i]); v != "" && !slices.Contains(s.empty, v) {
				break
			}
		}
	case len(s.slots) == 1:
		v = strings.TrimSpace(r.values[s.slots[0]])
	default:
		var parts []string
		for _, i := range s.slots {
			if p := strings.TrimSpace(r.values[i]); p != "" {
				parts = append(parts, p)
			}
		}
		v = strings.Join(parts, s.separator)
	}
	for _, e := range s.empty {
		if v == e {
			v = ""
			break
		}
	}
	v, fault := s.clean(v)
	if fault != nil {
		return "", fault
	}
	if v != "" && s.match != nil {
		switch m := s.match.FindStringSubmatch(v); {
		case m == nil && s.otherwise == nil:
			return "", s.fault(v, "not of the expected form")
		case m == nil:
			return *s.otherwise, nil
		case len(m) > 1:
			v = m[1]
		default:
			v = m[0]
		}
	}
	if s.slug {
		v = slugOf(v)
	}
	if v != "" {
		v = s.prefix + v
	}
	if v != "" && s.lookup != nil {
		switch to, ok := s.lookup[v]; {
		case ok:
			v = to
		case s.otherwise != nil:
			v = *s.otherwise
		default:
			return "", s.fault(v, "a value that the mapping does not know")
		}
	}
	if v == "" && s.def != nil {
		v = *s.def
	}
	if v == "" && s.required {
		return "", s.fault("", "no value")
	}
	return v, nil
}

// clean refuses what no honest text holds.
func (s *source) clean(v string) (string, *Fault) {
	n := 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c < 0x20 || c == 0x7f {
			if c == '\t' || (c == '\n' || c == '\r') {
				continue
			}
			return "", s.fault(v, fmt.Sprintf("control character U+%04X", c))
		}
		if c >= utf8.RuneSelf {
			n = -1
		}
	}
	if n < 0 {
		if !utf8.ValidString(v) {
			return "", s.fault(strings.ToValidUTF8(v, "�"), "not UTF-8")
		}
		for _, r := range v {
			switch {
			case r == utf8.RuneError: // left by a decoder
				return "", s.fault(v, "not UTF-8")
			case r >= utf8.RuneSelf && unicode.Is(unicode.Cc, r):
				return "", s.fault(v, fmt.Sprintf("control character U+%04X", r))
			}
		}
	}
	if len(v) > s.length && utf8.RuneCountInString(v) > s.length {
		if !s.cut {
			return "", s.fault(v, fmt.Sprintf("longer than %d characters", s.length))
		}
		v = string([]rune(v)[:s.length])
	}
	if strings.IndexByte(v, '\r') >= 0 {
		v = strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n")
	}
	return v, nil
}

func (s *source) fault(value, why string) *Fault {
	return &Fault{Field: s.field, Value: shorten(value, 100), Reason: why}
}

// slugOf makes a code of a name: lower case, hyphens for all but letters and
// digits of ASCII, at most 24 characters.
func slugOf(v string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(v) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	return strings.TrimRight(b.String()[:min(b.Len(), 24)], "-")
}

// A field is one column that an import writes.
type field struct {
	source
	*column
	layouts []string
	zone    *time.Location
	least   *float64 // of numbers
	most    *float64
	from    time.Time
	to      time.Time
	last    int // the layout that fitted last
}

// compileField checks a value's mapping against its column.
func compileField(c *column, name string, v Value, m Mapping, cols *columns) (field, error) {
	src, err := compileSource(name, v, m, cols)
	if err != nil {
		return field{}, err
	}
	f := field{source: src, column: c, least: c.min, most: c.max}
	if c.length > 0 && (v.MaxLength == 0 || v.MaxLength > c.length) {
		f.source.length = c.length
	}
	zone := v.TimeZone
	if zone == "" {
		zone = m.TimeZone
	}
	if f.zone, err = time.LoadLocation(zone); err != nil {
		return field{}, fmt.Errorf("%s: time_zone: there is no %q", name, zone)
	}
	for _, l := range v.Time {
		f.layouts = append(f.layouts, layoutOf(l))
	}
	if len(f.layouts) == 0 && (c.kind == date || c.kind == timestamp) {
		f.layouts = []string{"2006-01-02", "2006-01-02 15:04:05", time.RFC3339}
	}
	if c.kind == date || c.kind == timestamp {
		if f.from, err = limit(v.Min, f.zone); err == nil {
			f.to, err = limit(v.Max, f.zone)
		}
	} else {
		for _, l := range []struct {
			text string
			to   **float64
		}{{v.Min, &f.least}, {v.Max, &f.most}} {
			if l.text == "" {
				continue
			}
			n, e := strconv.ParseFloat(l.text, 64)
			if e != nil {
				err = e
			}
			*l.to = &n
		}
	}
	if err != nil {
		return field{}, fmt.Errorf("%s: min, max: %w", name, err)
	}
	return f, nil
}

// limit reads the end of a range of dates; "now" is the moment of the import.
func limit(s string, zone *time.Location) (time.Time, error) {
	switch s {
	case "":
		return time.Time{}, nil
	case "now":
		return time.Now(), nil
	}
	return time.ParseInLocation("2006-01-02", s, zone)
}

// layoutOf turns YYYY-MM-DD HH:mm:ss.SSS Z into Go's way of writing it. A time
// may always have a fraction of seconds more than its layout.
func layoutOf(s string) string {
	return strings.NewReplacer("YYYY", "2006", "MMM", "Jan", "MM", "01", "DD", "02", "HH", "15", "hh", "03", "mm", "04", "ss", "05",
		"SSS", "000", "A", "PM", "ZZ", "Z07:00", "Z", "-07").Replace(s)
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// cell takes the field's value from a row.
func (f *field) cell(r *record, c *cell) *Fault {
	v, fault := f.text(r)
	if fault != nil {
		return fault
	}
	*c = cell{}
	if v == "" && f.kind != text || v == "" && !f.notNull {
		if f.notNull {
			return f.fault("", "no value")
		}
		c.null = true
		return nil
	}
	switch f.kind {
	case text:
		c.s = v
		return f.allowed(v)
	case uuid, jsonb:
		c.s = v
	case boolean:
		switch strings.ToLower(v) {
		case "true", "t", "yes", "y", "1", "是":
			c.n = 1
		case "false", "f", "no", "n", "0", "否":
		default:
			return f.fault(v, "neither yes nor no")
		}
	case int2, int4, bigint:
		n, err := integer(v)
		if err != nil {
			return f.fault(v, err.Error())
		}
		if f.kind == int2 && n != int64(int16(n)) || f.kind == int4 && n != int64(int32(n)) {
			return f.fault(v, "too large a number")
		}
		c.n = n
		return f.within(v, float64(n))
	case float4, float8:
		n, err := number(v)
		if err != nil {
			return f.fault(v, err.Error())
		}
		c.f = n
		return f.within(v, n)
	case date, timestamp:
		t, fault := f.time(v)
		if fault != nil {
			return fault
		}
		if f.kind == timestamp {
			c.n = t.UnixMicro() - epoch.UnixMicro()
			return nil
		}
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		c.n = (day.Unix() - epoch.Unix()) / 86400
	}
	return nil
}

func (f *field) allowed(v string) *Fault {
	switch {
	case f.oneOf != nil && !f.oneOf[v]:
		return f.fault(v, "not in the list of allowed values")
	case f.pattern != nil && !f.pattern.MatchString(v):
		return f.fault(v, "not of the form that the column asks for")
	case v == "" && f.filled:
		return f.fault(v, "no value")
	}
	return nil
}

func (f *field) within(v string, n float64) *Fault {
	if f.least != nil && n < *f.least {
		return f.fault(v, fmt.Sprintf("less than %g", *f.least))
	}
	if f.most != nil && n > *f.most {
		return f.fault(v, fmt.Sprintf("more than %g", *f.most))
	}
	return nil
}

// time reads a date or a time in the field's layouts and zone.
func (f *field) time(v string) (time.Time, *Fault) {
	for i := range f.layouts {
		// The layout that fitted last is tried first: files do not change theirs often.
		at := (f.last + i) % len(f.layouts)
		t, err := time.ParseInLocation(f.layouts[at], v, f.zone)
		if err != nil {
			continue
		}
		f.last = at
		if !f.from.IsZero() && t.Before(f.from) {
			return t, f.fault(v, "before "+f.from.Format("2006-01-02"))
		}
		if !f.to.IsZero() && t.After(f.to) {
			return t, f.fault(v, "after "+f.to.Format("2006-01-02"))
		}
		if y := t.Year(); y < 1 || y > 9999 {
			return t, f.fault(v, "no year of the calendar")
		}
		return t, nil
	}
	return time.Time{}, f.fault(v, "not a date or time of the expected form")
}

// integer reads a whole number; a department's 802.000000 is one.
func integer(v string) (int64, error) {
	whole, fraction, _ := strings.Cut(v, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("not a whole number")
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("not a whole number")
	}
	return n, nil
}

// number reads a decimal number. NaN, infinity and hexadecimal are none.
func number(v string) (float64, error) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(v, "xX_pP") {
		return 0, fmt.Errorf("not a number")
	}
	return n, nil
}
