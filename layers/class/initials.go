package class

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// polyphones are words whose characters are read otherwise than go-pinyin
// takes them alone, with the first letters as they are read. Longer ones
// stand first.
var polyphones = strings.NewReplacer(
	"空调", "kt", "调压", "ty", "调解", "tj", "调整", "tz", "调蓄", "tx", "调头", "dt",
	"重复", "cf", "重建", "cj", "重新", "cx", "长江", "cj", "长期", "cq", "长度", "cd", "长椅", "cy", "长廊", "cl", "超长", "cc",
	"银行", "yh", "行业", "hy", "单行", "dx", "商行", "sh",
	"音乐", "yy", "娱乐", "yl", "便宜", "py", "参差", "cc", "折断", "zd", "折叠", "zd", "弹跳", "tt", "子弹", "zd",
	"盛放", "cf", "宿舍", "ss", "传记", "zj", "厦门", "xm", "大厦", "ds", "乘降", "cj", "会计", "kj", "供给", "gj",
	"地壳", "dq", "吊车", "dc", "仓储", "cc", "储藏", "cc", "宝藏", "bz", "降水", "js", "投降", "tx", "曝光", "bg", "曝晒", "ps",
	"校对", "jd", "校准", "jz", "血管", "xg", "石阶", "sj", "万石", "wd", "占卜", "zb", "种植", "zz", "朝向", "cx", "单县", "sx",
	"薄弱", "br", "薄板", "bb", "剥落", "bl", "剥离", "bl", "模具", "mj", "率先", "sx", "效率", "xl", "还原", "hy", "归还", "gh",
	"沉没", "cm", "淹没", "ym", "埋怨", "my", "隧洞", "sd", "隔扇", "gs", "似的", "sd", "伺候", "ch", "绿林", "ll",
)

// Initials returns the first letters of a Chinese name's pinyin, lower case,
// with its Latin letters and digits as they are: 暴露垃圾 is bllj. Workers search
// by them. Characters without pinyin and signs are left out.
func Initials(name string) string {
	var b strings.Builder
	args := pinyin.NewArgs()
	args.Style = pinyin.FirstLetter
	for _, r := range polyphones.Replace(strings.ToLower(name)) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case unicode.Is(unicode.Han, r):
			if p := pinyin.SinglePinyin(r, args); len(p) > 0 {
				b.WriteString(p[0])
			}
		}
	}
	return b.String()
}
