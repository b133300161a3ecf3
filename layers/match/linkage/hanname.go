package linkage

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// hanWords reads 浙江省义乌市宏达饰品(集团)有限公司北苑分公司: areas, brand, trades,
// form, and the branch after it or in brackets.
func hanWords(run string, areas, branches map[string]bool) []Word {
	run, inBrackets := takeBrackets(run)
	run = strings.ReplaceAll(run, " ", "")
	var out, tail []Word
	for _, s := range inBrackets {
		tail = append(tail, bracketWord(s, areas))
	}
	if branch, rest, ok := cutBranch(run, branches); ok {
		tail, run = append(tail, Word{branch, Branch}), rest
	}
	for {
		area, rest := cutArea(run, areas)
		if area == "" {
			break
		}
		out, run = append(out, Word{area, Area}), rest
	}
	var ends []Word // from the last to the first
	if form, rest := cutEnd(run, hanForms); form != "" {
		ends, run = append(ends, Word{form, Form}), rest
	}
	for range 3 {
		trade, rest := cutEnd(run, hanTrades)
		if trade == "" {
			break
		}
		ends, run = append(ends, Word{trade, Trade}), rest
	}
	if run != "" {
		out = append(out, Word{run, Brand})
	}
	for i := len(ends) - 1; i >= 0; i-- {
		out = append(out, ends[i])
	}
	return append(out, tail...)
}

// takeBrackets takes what stands in brackets out of a name. A bracket that is
// not closed reaches to the end.
func takeBrackets(s string) (rest string, inside []string) {
	var b strings.Builder
	for {
		open := strings.IndexByte(s, '(')
		if open < 0 {
			b.WriteString(s)
			return strings.ReplaceAll(b.String(), ")", ""), inside
		}
		b.WriteString(s[:open])
		s = s[open+1:]
		in := s
		if end := strings.IndexByte(s, ')'); end >= 0 {
			in, s = s[:end], s[end+1:]
		} else {
			s = ""
		}
		if in = strings.TrimSpace(in); in != "" {
			inside = append(inside, in)
		}
	}
}

// bracketWord tells what a bracket holds: a form 集团, an area 义乌, or a branch 绣湖店.
func bracketWord(s string, areas map[string]bool) Word {
	if form, rest := cutEnd(s, hanForms); form != "" && rest == "" {
		return Word{s, Form}
	}
	if area, rest := cutArea(s, areas); area != "" && rest == "" {
		return Word{s, Area}
	}
	return Word{strings.ReplaceAll(s, " ", ""), Branch}
}

// cutBranch cuts what follows the form of a company, if it ends like a branch. Of a
// name without the form (东方医药北苑分店) it cuts a branch that is known.
func cutBranch(s string, branches map[string]bool) (branch, rest string, ok bool) {
	for _, form := range companyForms {
		i := strings.Index(s, form)
		if i <= 0 || i+len(form) == len(s) {
			continue
		}
		after := s[i+len(form):]
		for _, end := range branchEnds {
			if strings.HasSuffix(after, end) {
				return after, s[:i+len(form)], true
			}
		}
	}
	// Without a form the number tells: 宏达饰品第二分公司.
	if m := numberedBranch.FindString(s); m != "" && len(m) < len(s) {
		return m, s[:len(s)-len(m)], true
	}
	if !branchy(s) {
		return "", s, false
	}
	for i, n := 0, 0; i < len(s); n++ { // the longest that leaves a brand
		if n >= 2 && branches[s[i:]] {
			return s[i:], s[:i], true
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return "", s, false
}

// branchy says whether a name ends as only a branch's does: a 店 may be a whole business.
func branchy(s string) bool {
	return strings.HasSuffix(s, "分店") || strings.HasSuffix(s, "分公司") || strings.HasSuffix(s, "分厂")
}

// learnBranches finds how branches are called: what stands after the form of a
// company in some name of the registers. Two characters at least come before 分.
func learnBranches(registers ...[]Record) map[string]bool {
	branches := map[string]bool{}
	for _, records := range registers {
		for _, r := range records {
			for _, name := range r.Names {
				s := strings.ReplaceAll(Fold(name), " ", "")
				if !branchy(s) {
					continue
				}
				if b, _, ok := cutBranch(s, nil); ok && utf8.RuneCountInString(b) >= 4 {
					branches[b] = true
				}
			}
		}
	}
	return branches
}

var numberedBranch = regexp.MustCompile(`第[一二三四五六七八九十0-9]+(?:分公司|分店|分厂|门市部|营业部|经营部|门店|店)$`)

// notAreas end in the last character of an area and are none.
var notAreas = []string{"超市", "夜市", "菜市", "城市", "门市", "花市", "街区", "小区", "社区", "园区", "厂区", "校区", "景区", "市区", "专区"}

// cutArea cuts one division off the front of a name or an address: 义乌市,
// 浙江省, or a known name with its last character or without. A district (区) has
// to be known: 青口南区 is a housing estate. One character is never left alone.
func cutArea(s string, areas map[string]bool) (area, rest string) {
	at, n := 0, 0
	for i, r := range s {
		n++
		if n >= 3 && n <= 5 && strings.ContainsRune("省市县", r) {
			head := s[:i+utf8.RuneLen(r)]
			if !hasSuffixOf(head, notAreas) && (n <= 4 || r != '市') {
				return head, s[len(head):]
			}
		}
		if n == 5 {
			break
		}
		at = i + utf8.RuneLen(r)
		if n >= 2 && areas[s[:at]] && utf8.RuneCountInString(s[at:]) != 1 {
			if after, _ := utf8.DecodeRuneInString(s[at:]); strings.ContainsRune("省市县区", after) {
				at += utf8.RuneLen(after)
			}
			return s[:at], s[at:]
		}
	}
	return "", s
}

// cutEnd cuts the longest of ends off the end of a name.
func cutEnd(s string, ends []string) (end, rest string) {
	for _, e := range ends {
		if strings.HasSuffix(s, e) {
			return e, s[:len(s)-len(e)]
		}
	}
	return "", s
}

func hasSuffixOf(s string, ends []string) bool {
	end, _ := cutEnd(s, ends)
	return end != ""
}
