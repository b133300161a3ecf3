package linkage

import (
	"slices"
	"strings"
)

// A Kind is what a word does in a name.
type Kind uint8

const (
	Brand  Kind = iota // 字号: what tells it from others
	Trade              // 行业
	Form               // 组织形式, and fillers
	Area               // 行政区划
	Branch             // which branch, or which of a chain: 北苑分公司, #123
)

// A Word is one part of a name.
type Word struct {
	Text string // folded
	Kind Kind
}

// A Name is a name in its parts.
type Name struct {
	Folded string // see [Fold]
	Words  []Word
	// Core is the name without its legal form, area and fillers, spaces and
	// signs: names with equal cores are spelled alike.
	Core string
}

// ParseName reads a name of either script. areas are the names of divisions
// without their last character (义乌, 浙江), which a name may carry in front;
// those with it (义乌市) are known by it.
func ParseName(name string, areas map[string]bool) Name { return parseName(name, areas, nil) }

// parseName is [ParseName] where branches are known, see [learnBranches].
func parseName(name string, areas, branches map[string]bool) Name {
	n := Name{Folded: Fold(name)}
	for _, run := range scripts(n.Folded) {
		if isHan(run) {
			n.Words = append(n.Words, hanWords(run, areas, branches)...)
		} else {
			n.Words = append(n.Words, latinWords(run, areas)...)
		}
	}
	if !slices.ContainsFunc(n.Words, func(w Word) bool { return w.Kind == Brand }) {
		// 义乌市中心医院: what is left is all that tells it from others.
		for i := range n.Words {
			if k := n.Words[i].Kind; k == Trade || k == Form && isHan(n.Words[i].Text) {
				n.Words[i].Kind = Brand
			}
		}
	}
	n.Core = n.core()
	return n
}

// core joins what is neither form nor area. A name of nothing else is its own.
func (n Name) core() string {
	var b strings.Builder
	for _, w := range n.Words {
		if w.Kind != Form && w.Kind != Area {
			b.WriteString(squash(w.Text))
		}
	}
	if b.Len() == 0 {
		return squash(n.Folded)
	}
	return b.String()
}

// scripts cuts a folded name into runs of Han characters, with the brackets
// and digits among them, and runs of everything else.
func scripts(s string) []string {
	var runs []string
	start, han := 0, false
	for i, r := range s {
		if r == '(' || r == ')' || r == ' ' || r >= '0' && r <= '9' {
			continue
		}
		if is := isHan(string(r)); i > start && is != han && squash(s[start:i]) != "" {
			runs = append(runs, s[start:i])
			start, han = i, is
		} else {
			han = is
		}
	}
	return append(runs, s[start:])
}

// latinWords reads "SUBWAY SANDWICHES (LOOP) NO 12 INC".
func latinWords(run string, areas map[string]bool) []Word {
	var out []Word
	for _, w := range undotted(strings.FieldsFunc(run, func(r rune) bool { return r == ' ' || r == '(' || r == ')' })) {
		if same, ok := latinSame[w]; ok {
			w = same
		}
		for _, w := range strings.Fields(w) {
			switch {
			case latinForms[w]:
				out = append(out, Word{w, Form})
			case areas[w]:
				out = append(out, Word{w, Area}) // YIWU
			case hasDigit(w):
				out = append(out, Word{w, Branch})
			case latinTrade[w]:
				out = append(out, Word{w, Trade})
			default:
				out = append(out, Word{w, Brand})
			}
		}
	}
	return out
}

// undotted puts legal forms together that were written with dots or spaces, which
// are single letters once folded: L.L.C. is LLC.
func undotted(words []string) []string {
	out := words[:0:0]
	for i := 0; i < len(words); {
		n := 1
		for end := i + 1; end <= len(words) && end-i <= 3 && len(words[end-1]) == 1; end++ {
			if dottedForms[strings.Join(words[i:end], "")] {
				n = end - i
			}
		}
		out = append(out, strings.Join(words[i:i+n], ""))
		i += n
	}
	return out
}
