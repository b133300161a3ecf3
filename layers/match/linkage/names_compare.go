package linkage

import (
	"math"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nameEvidence is what two names say.
type nameEvidence struct {
	bits  float64
	level Level
	// Which of the record's names were compared, for the reason in words.
	left, right int
}

// compareNames takes the best of all names of two rows.
func (w Weights) compareNames(left, right []weighed) nameEvidence {
	best := nameEvidence{level: Missing}
	for i, l := range left {
		for j, r := range right {
			if len(l.Words) == 0 || len(r.Words) == 0 {
				continue
			}
			e := w.compareName(l, r)
			if i > 0 || j > 0 {
				e.bits -= w.OtherName
			}
			if best.level == Missing || e.bits > best.bits {
				e.left, e.right = i, j
				best = e
			}
		}
	}
	return best
}

// compareName matches the words of one name with those of another, each with
// the one most like it, and adds what agrees and what is left over. Words left
// over on both sides count most: they are two names. Words left over on one
// side alone are an abbreviation.
func (w Weights) compareName(a, b weighed) nameEvidence {
	extra := 0.0
	if registered(a, b) {
		extra = w.Registered
	}
	if a.Folded == b.Folded {
		return nameEvidence{bits: min(a.sum, w.NameMost) + extra, level: Same}
	}
	if a.Core == b.Core {
		// What differs is forms, areas, spaces and signs.
		if squash(a.Folded) == squash(b.Folded) {
			return nameEvidence{bits: min(max(a.sum, b.sum), w.NameMost) + extra - 0.5, level: Same}
		}
		return nameEvidence{bits: min(max(a.sum, b.sum), w.NameMost) + extra - w.FormLost, level: SameButForm}
	}
	m := matchWords(a, b)
	agreed, leftOver, rightOver := m.agreed, a.sum-m.usedA, b.sum-m.usedB
	less, more := min(leftOver, rightOver), max(leftOver, rightOver)
	e := nameEvidence{
		// Left over words count after the most that agreement may say, so that of
		// two long names the one that is the same wins.
		bits:  min(w.Agreed*agreed, w.NameMost) - w.FormLost - w.BothLeftOver*less - w.OneLeftOver*more - w.Branches*m.branches,
		level: m.level(less, more),
	}
	// WAL MART and WALMART, HONG DA and 宏达: as one word each.
	if s, level := joined(a.Core, b.Core); s > 0 {
		whole := min(s*min(a.sum, b.sum), w.NameMost) - 1.5*w.FormLost - w.BothLeftOver*(1-s)*min(a.sum, b.sum)
		if whole > e.bits {
			e.bits, e.level = whole, level
		}
	}
	e.bits = math.Max(e.bits, w.NameLeast)
	if e.bits <= 0 {
		e.level = Different
	}
	return e
}

// registered says whether two names are those of one company by law: the name
// of a company of a city, with brand, trade and 公司, is given once (企业名称登记管理规定).
func registered(a, b weighed) bool {
	has := func(n weighed) (company, brand, trade bool) {
		for _, w := range n.Words {
			company = company || w.Kind == Form && strings.HasSuffix(w.Text, "公司")
			brand = brand || w.Kind == Brand && isHan(w.Text)
			trade = trade || w.Kind == Trade
		}
		return company, brand, trade
	}
	c1, b1, t1 := has(a)
	c2, b2, t2 := has(b)
	return a.Core == b.Core && c1 && c2 && b1 && b2 && t1 && t2
}

// joined compares names without their spaces.
func joined(a, b string) (float64, Level) {
	level := Similar
	if isHan(a) != isHan(b) {
		a, b, level = Pinyin(a), Pinyin(b), OtherLanguage
		if a == b {
			return 0.9, level
		}
	}
	n := max(len(a), len(b))
	if n < 6 || min(len(a), len(b))*10 < n*8 || isHan(a) {
		return 0, Different
	}
	if s := 1 - float64(levenshtein.ComputeDistance(a, b))/float64(n); s >= 0.84 {
		return s, level
	}
	return 0, Different
}

// matched is which words of two names go together.
type matched struct {
	agreed       float64 // bits
	usedA, usedB float64 // bits of the words that found another
	branches     float64 // bits of branches on both sides that do not agree
	worst        Level   // how the brand agreed
}

// matchWords pairs words greedily, the most alike first.
func matchWords(a, b weighed) matched {
	m := matched{worst: Same}
	var doneA, doneB uint64
	na, nb := min(len(a.Words), 64), min(len(b.Words), 64)
	take := func(i, j int, s float64, level Level) {
		doneA |= 1 << i
		doneB |= 1 << j
		m.agreed += s * min(a.weights[i], b.weights[j])
		m.usedA += s * a.weights[i]
		m.usedB += s * b.weights[j]
		if a.Words[i].Kind == Brand && level > m.worst {
			m.worst = level
		}
	}
	for i := range na { // equal words need no looking for the best
		for j := range nb {
			if doneB&(1<<j) == 0 && a.Words[i].Text == b.Words[j].Text {
				take(i, j, 1, Same)
				break
			}
		}
	}
	for {
		best, bi, bj, bl := 0.0, -1, -1, Different
		for i := range na {
			if doneA&(1<<i) != 0 {
				continue
			}
			for j := range nb {
				if doneB&(1<<j) != 0 {
					continue
				}
				if s, l := alike(a.Words[i], b.Words[j]); s > best {
					best, bi, bj, bl = s, i, j, l
				}
			}
		}
		if bi < 0 {
			break
		}
		take(bi, bj, best, bl)
	}
	m.branches = min(unused(a, doneA, na), unused(b, doneB, nb))
	return m
}

// unused is the bits of branch words that found no other.
func unused(n weighed, done uint64, count int) (bits float64) {
	for i := range count {
		if done&(1<<i) == 0 && n.Words[i].Kind == Branch {
			bits += n.weights[i]
		}
	}
	return bits
}

// level names how two names agree, by what was left over.
func (m matched) level(less, more float64) Level {
	switch {
	case m.agreed == 0:
		return Different
	case m.branches > 0:
		return OtherBranch
	case less > 3:
		return Partly
	case more > 3 && m.worst < Shortened:
		return Shortened
	}
	if m.worst == Same {
		return Shortened
	}
	return m.worst
}
