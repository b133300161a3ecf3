package catalog

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

type reading struct {
	word      string
	syllables []string
}

// readings are words whose characters are read otherwise than go-pinyin takes
// them alone, with their syllables. Longer ones stand first.
var readings = []reading{
	{"给排水", []string{"ji", "pai", "shui"}},
	{"空调", []string{"kong", "tiao"}}, {"调解", []string{"tiao", "jie"}}, {"调整", []string{"tiao", "zheng"}}, {"调节", []string{"tiao", "jie"}},
	{"调控", []string{"tiao", "kong"}}, {"调压", []string{"tiao", "ya"}}, {"调蓄", []string{"tiao", "xu"}}, {"协调", []string{"xie", "tiao"}},
	{"重复", []string{"chong", "fu"}}, {"重建", []string{"chong", "jian"}}, {"重新", []string{"chong", "xin"}}, {"重庆", []string{"chong", "qing"}},
	{"长江", []string{"chang", "jiang"}}, {"长期", []string{"chang", "qi"}}, {"长度", []string{"chang", "du"}}, {"长途", []string{"chang", "tu"}},
	{"长效", []string{"chang", "xiao"}}, {"延长", []string{"yan", "chang"}}, {"特长", []string{"te", "chang"}}, {"全长", []string{"quan", "chang"}},
	{"银行", []string{"yin", "hang"}}, {"行业", []string{"hang", "ye"}}, {"商行", []string{"shang", "hang"}}, {"央行", []string{"yang", "hang"}},
	{"都市", []string{"du", "shi"}}, {"首都", []string{"shou", "du"}}, {"成都", []string{"cheng", "du"}},
	{"音乐", []string{"yin", "yue"}}, {"会计", []string{"kuai", "ji"}}, {"厦门", []string{"xia", "men"}},
	{"供给", []string{"gong", "ji"}}, {"给水", []string{"ji", "shui"}}, {"补给", []string{"bu", "ji"}},
	{"校对", []string{"jiao", "dui"}}, {"校验", []string{"jiao", "yan"}}, {"校核", []string{"jiao", "he"}}, {"校准", []string{"jiao", "zhun"}},
	{"归还", []string{"gui", "huan"}}, {"返还", []string{"fan", "huan"}}, {"还款", []string{"huan", "kuan"}}, {"偿还", []string{"chang", "huan"}},
	{"薄弱", []string{"bo", "ruo"}}, {"模具", []string{"mu", "ju"}}, {"没收", []string{"mo", "shou"}}, {"宝藏", []string{"bao", "zang"}},
	{"传记", []string{"zhuan", "ji"}}, {"投降", []string{"tou", "xiang"}}, {"单县", []string{"shan", "xian"}}, {"差旅", []string{"chai", "lv"}},
	{"出差", []string{"chu", "chai"}}, {"参差", []string{"cen", "ci"}}, {"率先", []string{"shuai", "xian"}}, {"曝光", []string{"bao", "guang"}},
}

var single = pinyin.NewArgs()

// A speller writes texts in pinyin, each once: names of items come again and again.
type speller struct {
	texts map[string]spelling
	signs map[rune]string
}

func newSpeller() *speller { return &speller{map[string]spelling{}, map[rune]string{}} }

// spell writes a normalised text (see fold) in pinyin.
func (s *speller) spell(text string) spelling {
	out, ok := s.texts[text]
	if !ok {
		out = s.write(text)
		s.texts[text] = out
	}
	return out
}

// sound is the syllable of a Chinese character alone.
func (s *speller) sound(r rune) string {
	out, ok := s.signs[r]
	if !ok {
		if p := pinyin.SinglePinyin(r, single); len(p) > 0 {
			out = p[0]
		}
		s.signs[r] = out
	}
	return out
}

// beginnings are the characters with which the readings begin.
var beginnings = func() map[rune]bool {
	out := map[rune]bool{}
	for _, w := range readings {
		for _, r := range w.word {
			out[r] = true
			break
		}
	}
	return out
}()

// A spelling is how a text is typed in pinyin: its syllables joined, where each
// of them begins, and their first letters. Latin letters and digits are as they
// are, each a syllable; what has no pinyin is a gap.
type spelling struct {
	full     string
	starts   string // a byte for each of full: 1 where a syllable begins
	initials string
}

// gap parts what is not typed in one go.
const gap = "\n"

func (s *speller) write(text string) spelling {
	var full, starts, initials strings.Builder
	add := func(syllable string) {
		for i := range len(syllable) {
			full.WriteByte(syllable[i])
			starts.WriteByte(byte(b2i(i == 0)))
		}
		initials.WriteByte(syllable[0])
	}
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if beginnings[r] {
			if i := slices.IndexFunc(readings, func(w reading) bool { return strings.HasPrefix(text, w.word) }); i >= 0 {
				for _, syllable := range readings[i].syllables {
					add(syllable)
				}
				text = text[len(readings[i].word):]
				continue
			}
		}
		text = text[size:]
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			add(string(r))
		case unicode.Is(unicode.Han, r) && s.sound(r) != "":
			add(s.sound(r))
		default:
			add(gap)
		}
	}
	return spelling{full.String(), starts.String(), initials.String()}
}

// holds says how a word of Latin letters stands in the spelling: as all of it
// (3), at its beginning (2), within (1), or not (0); in full syllables or in
// first letters.
func (s spelling) holds(word string) int {
	best := place(s.initials, word, "")
	if best == 3 {
		return best
	}
	return max(best, place(s.full, word, s.starts))
}

// place says where a word stands in a text; where starts is given, only where
// it has a 1.
func place(text, word, starts string) int {
	if text == word {
		return 3
	}
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return 0
		}
		i += at
		if starts == "" || starts[i] == 1 {
			if i == 0 {
				return 2
			}
			return 1
		}
		at = i + 1
	}
}
