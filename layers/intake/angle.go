package intake

import (
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// Angle reads a coordinate as people write it: 120.0745, 120°04′28.2″E,
// 东经120度4分28秒, N29.3068. Degrees, minutes and seconds become decimal
// degrees; south and west are negative. Metres are plain numbers.
func Angle(v string) (float64, bool) {
	v = strings.TrimSpace(v)
	if n, err := number(v); err == nil {
		return n, true
	}
	v = strings.ToUpper(width.Fold.String(v))
	sign := 1.0
	for _, word := range []struct {
		text string
		sign float64
	}{{"东经", 1}, {"西经", -1}, {"北纬", 1}, {"南纬", -1}, {"E", 1}, {"W", -1}, {"N", 1}, {"S", -1}} {
		if rest, ok := strings.CutPrefix(v, word.text); ok {
			v, sign = rest, word.sign
			break
		}
		if rest, ok := strings.CutSuffix(v, word.text); ok {
			v, sign = rest, word.sign
			break
		}
	}
	v = strings.NewReplacer("度", " d ", "°", " d ", "º", " d ", "˚", " d ", "分", " m ", "′", " m ", "’", " m ", "'", " m ", "秒", " s ", "″", " s ", "”", " s ", "\"", " s ").Replace(strings.TrimLeft(v, ":： "))
	v = strings.ReplaceAll(v, " m  m ", " s ") // two single marks are one double
	words := strings.Fields(v)
	if len(words) == 0 || len(words) > 6 {
		return 0, false
	}
	total, unit, last := 0.0, 1.0, -1
	for i := 0; i < len(words); i++ {
		n, err := number(words[i])
		if err != nil {
			return 0, false
		}
		at := last + 1
		if i+1 < len(words) {
			if k := strings.Index("dms", words[i+1]); k >= 0 && len(words[i+1]) == 1 {
				at = k
				i++
			}
		}
		if at <= last || at > 2 || at > 0 && (n < 0 || n >= 60+1e-6) {
			return 0, false
		}
		unit = 1
		for range at {
			unit *= 60
		}
		if n < 0 {
			sign, n = -sign, -n
		}
		total += n / unit
		last = at
	}
	return sign * total, true
}

// angleText says whether a text is an angle in degrees, minutes and seconds.
func angleText(v string) bool {
	if _, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
		return false
	}
	_, ok := Angle(v)
	return ok
}
