package alert

import "testing"

func TestAreaNames(t *testing.T) {
	type area struct{ zh, en, code string }
	yiwu, town := area{"义乌市", "Yiwu", "330782"}, area{"", "", "330782100"}
	for _, c := range []struct {
		name   string
		areas  []area
		drawn  bool
		zh, en string
	}{
		{"drawn only", nil, true, "见图", "As drawn"},
		{"a division", []area{yiwu}, false, "义乌市", "Yiwu"},
		{"twice the same", []area{yiwu, yiwu}, false, "义乌市", "Yiwu"},
		{"two, one without a name", []area{yiwu, town}, false, "义乌市、330782100", "Yiwu; 330782100"},
		{"a division and more drawn", []area{yiwu}, true, "义乌市、见图", "Yiwu; As drawn"},
	} {
		names := areaNames{drawn: c.drawn}
		for _, a := range c.areas {
			names.add(a.zh, a.en, a.code)
		}
		if zh, en := names.zh(), names.en(); zh != c.zh || en != c.en {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, zh, en, c.zh, c.en)
		}
	}
}
