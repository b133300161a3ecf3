package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"onemap/layers"
	"onemap/layers/match/linkage"
)

// Words of columns, in titles or names, that only a register of persons has.
var personWords = []string{
	"身份证", "公民身份", "证件号", "护照", "姓名", "性别", "出生", "民族", "户籍", "户口", "婚姻", "政治面貌", "人脸", "指纹",
	"id_card", "idcard", "identity_no", "identity_number", "id_number", "passport", "person_name", "full_name", "first_name", "last_name", "surname", "given_name",
	"gender", "birth", "ethnic", "household_reg", "marital", "citizen", "date of birth", "identity card",
}

// Columns of persons by their whole name.
var personNames = map[string]bool{"sex": true, "person": true, "persons": true, "xm": true, "xb": true, "sfzh": true, "sfzhm": true, "csrq": true, "mz": true, "nation": true, "worker": true}

// Words of columns about those who stand for an establishment. A register may
// have them; they are no ground for a link.
var contactWords = []string{
	"法定代表", "法人代表", "法人姓名", "负责人", "联系人", "联系方式", "电话", "手机", "经营者", "业主", "股东", "邮箱", "微信",
	"legal_rep", "representative", "contact", "phone", "mobile", "telephone", "email", "owner_name", "manager", "shareholder",
}

// CheckRegister refuses a layer that is a register of persons. It returns a
// [layers.InputError] that names the column and says why.
func CheckRegister(field string, l layers.Layer) error {
	if l.Subject == "population" || l.Name == "worker" {
		return &layers.InputError{Field: field, Value: l.Name, Remedy: "a register of legal persons or places: people are never matched"}
	}
	for _, f := range l.Fields {
		if personColumn(f) {
			return &layers.InputError{Field: field, Value: l.Name, Remedy: "a register of legal persons or places: its column " + f.Name + " (" + f.TitleZH + ") is about persons, and people are never matched"}
		}
	}
	return nil
}

func personColumn(f layers.Field) bool { return personNames[f.Name] || names(f, personWords) }

// contactColumn says whether a column is about somebody who stands for an
// establishment.
func contactColumn(f layers.Field) bool { return names(f, contactWords) }

// names says whether a column's name or title has one of the words. In English
// titles and names a word begins at a boundary: "nation" is not in "destination".
func names(f layers.Field, words []string) bool {
	latin := "_" + strings.ToLower(f.Name) + " " + strings.ToLower(f.TitleEN)
	for _, w := range words {
		if w[0] >= utf8.RuneSelf {
			// 法人 is the legal person itself; 法人姓名 is not.
			if strings.Contains(f.TitleZH, w) {
				return true
			}
		} else if i := strings.Index(latin, w); i > 0 && !unicode.IsLetter(rune(latin[i-1])) {
			return true
		}
	}
	return false
}

// identityWeights are of GB 11643-1999, for the check digit of a citizen's number.
var identityWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// isIdentityNumber says whether a value is a citizen's number: 17 digits with
// a date in them, and the right check digit.
func isIdentityNumber(s string) bool {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 18 {
		return false
	}
	sum := 0
	for i := range 17 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * identityWeights[i]
	}
	year, month, day := s[6:10], s[10:12], s[12:14]
	return "10X98765432"[sum%11] == s[17] && year >= "1900" && year < "2100" && month >= "01" && month <= "12" && day >= "01" && day <= "31"
}

// surnames are the hundred or so commonest, which some nine in ten people have.
const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤楼虞"

// looksLikePerson says whether a name is that of a person and of nothing else:
// two or three Chinese characters, a surname first.
func looksLikePerson(name string) bool {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	if n != 2 && n != 3 {
		return false
	}
	for _, r := range name {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	first, _ := utf8.DecodeRuneInString(name)
	parsed := linkage.ParseName(name, nil)
	return strings.ContainsRune(surnames, first) && len(parsed.Words) == 1 && parsed.Words[0].Kind == linkage.Brand
}

// Shares of rows above which a register is one of persons, whatever its
// columns are called.
const (
	mostIdentityNumbers = 0.01
	mostPersonNames     = 0.3
)

// A census counts what values look like while a register is read.
type census struct{ rows, identities, persons int }

func (c *census) add(names []string, values ...string) {
	c.rows++
	if len(names) > 0 && looksLikePerson(names[0]) {
		c.persons++
	}
	if slices.ContainsFunc(names, isIdentityNumber) || slices.ContainsFunc(values, isIdentityNumber) {
		c.identities++
	}
}

// verdict refuses what the values show to be a register of persons.
func (c *census) verdict(l layers.Layer) error {
	say := func(what string) error {
		return &layers.InputError{Field: "layer", Value: l.Name, Remedy: "a register of legal persons or places: " + what + ", and people are never matched"}
	}
	switch rows := float64(c.rows); {
	case float64(c.identities) > mostIdentityNumbers*rows:
		return say("its values are citizens' numbers")
	case c.rows >= 20 && float64(c.persons) > mostPersonNames*rows:
		return say("its names are persons' names")
	}
	return nil
}
