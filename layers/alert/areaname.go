package alert

import (
	"cmp"
	"slices"
	"strings"
)

// areaNames say where an alert is in force, for those who do not see its
// outline: the divisions it was issued for, and that more of it is drawn.
type areaNames struct {
	inZH, inEN []string
	drawn      bool
}

func (a *areaNames) add(zh, en, code string) {
	zh = cmp.Or(zh, en, code)
	if en = cmp.Or(en, zh); slices.Contains(a.inZH, zh) && slices.Contains(a.inEN, en) {
		return
	}
	a.inZH, a.inEN = append(a.inZH, zh), append(a.inEN, en)
}

func (a areaNames) zh() string { return a.in(a.inZH, "见图", "、") }
func (a areaNames) en() string { return a.in(a.inEN, "As drawn", "; ") }

func (a areaNames) in(names []string, drawn, between string) string {
	if a.drawn || len(names) == 0 {
		names = append(slices.Clone(names), drawn)
	}
	return strings.Join(names, between)
}
