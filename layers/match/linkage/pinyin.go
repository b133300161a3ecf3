package linkage

import (
	"strings"
	"sync"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// readings is what each character met so far sounds like.
var readings sync.Map // rune -> string

// syllable is the pinyin of one character without its tone, capitals, "" if it
// has none. Of several readings it is the commonest.
func syllable(r rune) string {
	if s, ok := readings.Load(r); ok {
		return s.(string)
	}
	s := ""
	if all := pinyin.SinglePinyin(r, pinyin.NewArgs()); len(all) > 0 {
		s = strings.ToUpper(strings.ReplaceAll(all[0], "ü", "V"))
	}
	readings.Store(r, s)
	return s
}

// Pinyin writes the Han characters of a text as pinyin without tones, in
// capitals and without spaces, the rest as it is: 宏达 is HONGDA.
func Pinyin(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			b.WriteString(syllable(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// southern folds what speakers of many regions do not tell apart, so that a
// name taken down by ear is found: zh-z, ch-c, sh-s, n-l at the start, -ng -n.
var southern = strings.NewReplacer("ZH", "Z", "CH", "C", "SH", "S", "ANG", "AN", "ENG", "EN", "ING", "IN")

// byEar is the pronunciation of a name as somebody may have heard it.
func byEar(s string) string { return southern.Replace(Pinyin(s)) }
