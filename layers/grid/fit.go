package grid

import "strings"

// fit writes the statement for the kind's table. The three differ in two
// columns: a unit grid names its responsibility grid and its community, a responsibility
// grid its community. Names are of this package only.
func (f File) fit(sql string) string {
	extra := map[string][]string{"grid_unit": {"duty_code", "community_code"}, "grid_duty": {"community_code"}, "grid_community": nil}[f.Layer]
	list := func(prefix string) string {
		var b strings.Builder
		for _, c := range extra {
			b.WriteString(", " + prefix + c)
		}
		return b.String()
	}
	var set strings.Builder
	for _, c := range extra {
		set.WriteString(", " + c + " = i." + c)
	}
	return strings.NewReplacer("map.grid ", "map."+f.Layer+" ", "/*,extra*/", list(""), "/*,t.extra*/", list("t."), "/*,i.extra*/", list("i."), "/*,set extra*/", set.String()).Replace(sql)
}
