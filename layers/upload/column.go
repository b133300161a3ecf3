package upload

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/enterprise"
	"onemap/layers/intake"
)

// A Column is what was found out about one of a sheet's columns.
type Column struct {
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"text,integer,number,boolean,date,time"`
	Formats  []string `json:"formats,omitempty" doc:"How its dates are written: 2006-01-02 15:04:05 stands for the parts"`
	Filled   int      `json:"filled" doc:"Of the rows that were looked at"`
	Distinct int      `json:"distinct"`
	Misfits  int      `json:"misfits,omitempty" doc:"Values that are not of the type"`
	Misfit   string   `json:"misfit,omitempty" doc:"One of them"`
	Samples  []string `json:"samples" nullable:"false"`
	Codes    []Code   `json:"codes,omitempty" doc:"Its values, where they are few" nullable:"false"`
	List     string   `json:"list,omitempty" doc:"The list that its values are codes of: uscc, grid, area, class:STANDARD/KIND"`
	Role     string   `json:"role,omitempty" doc:"What it seems to be" enum:"key,x,y,place,address,name,date,serial,"`
	Personal string   `json:"personal,omitempty" doc:"What it seems to say of a person" enum:"id_number,phone,name,"`
}

// A Code is a value that comes again, with how often it does.
type Code struct {
	Value string `json:"value"`
	N     int    `json:"n"`
}

// tally looks at the values of one column.
type tally struct {
	name   string
	filled int
	values map[string]int
	more   bool // more different values than are kept
	order  []string

	integers, numbers, angles, places, booleans, times int
	notInteger, notNumber, notTime, notBoolean         string
	layouts                                            []string
	leading                                            bool // zeros before digits, or more digits than a number holds
	clock                                              bool // times of day
	uscc, citizens, phones, length                     int
}

const keptValues = 20_000

func newTally(name string) *tally { return &tally{name: name, values: map[string]int{}} }

func (t *tally) add(v string) {
	if v = strings.TrimSpace(v); v == "" || noValue[v] {
		return
	}
	t.filled++
	if n, ok := t.values[v]; ok || len(t.values) < keptValues {
		if n == 0 {
			t.order = append(t.order, v)
		}
		t.values[v] = n + 1
	} else {
		t.more = true
	}
	t.length += len([]rune(v))
	plain := intake.FoldNumber(v)
	if integerForm.MatchString(plain) {
		t.integers++
		digits := strings.TrimLeft(plain, "+-")
		t.leading = t.leading || len(digits) > 1 && digits[0] == '0' || len(digits) > 15
	} else if t.notInteger == "" {
		t.notInteger = v
	}
	if n, err := strconv.ParseFloat(plain, 64); err == nil && !strings.ContainsAny(plain, "xXnNpP_") && n == n {
		t.numbers++
	} else if t.notNumber == "" {
		t.notNumber = v
	}
	if _, ok := intake.Angle(v); ok {
		t.angles++
	}
	if strings.ContainsAny(v, ",;，； (") {
		if _, ok := intake.ParsePlace(v); ok {
			t.places++
		}
	}
	if boolean[strings.ToLower(v)] {
		t.booleans++
	} else if t.notBoolean == "" {
		t.notBoolean = v
	}
	if l, clock := layoutOf(plain); l != "" {
		t.times++
		t.clock = t.clock || clock
		if !slices.Contains(t.layouts, l) {
			t.layouts = append(t.layouts, l)
		}
	} else if t.notTime == "" {
		t.notTime = v
	}
	if len(v) == 18 {
		if enterprise.CheckUSCC(v) == nil {
			t.uscc++
		}
		if citizenNumber(v) {
			t.citizens++
		}
	}
	if phone.MatchString(v) {
		t.phones++
	}
}

var (
	integerForm = regexp.MustCompile(`^[+-]?[0-9]+(\.0*)?$`)
	phone       = regexp.MustCompile(`^(\+?86)?1[3-9][0-9]{9}$|^0[0-9]{2,3}-?[0-9]{7,8}$`)
	boolean     = map[string]bool{"是": true, "否": true, "true": true, "false": true, "yes": true, "no": true, "y": true, "n": true}
	// noValue are texts that stand for none.
	noValue = map[string]bool{"-": true, "—": true, "--": true, "/": true, "\\": true, "无": true, "N/A": true, "n/a": true, "NULL": true, "null": true, "空": true, "#N/A": true}
)

// NoValues are the texts that a plan takes for none if it says nothing else.
var NoValues = []string{"-", "—", "--", "/", "\\", "N/A", "n/a", "NULL", "null", "#N/A"}

// The ways that dates are written, the commonest first.
var dateLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日", "2006-1", "2006/1", "2006年1月", "2006.1", "1/2/2006"}
var clockLayouts = []string{"2006-1-2 15:04:05", "2006/1/2 15:04:05", "2006-1-2 15:04", "2006/1/2 15:04", "2006年1月2日 15:04:05", "2006年1月2日 15:04", "2006年1月2日15时4分", "2006-1-2T15:04:05", "20060102150405"}

// layoutOf returns how a date or time is written, "" if it is none.
func layoutOf(v string) (layout string, clock bool) {
	if len(v) < 6 || len(v) > 40 {
		return "", false
	}
	try := func(layouts []string) string {
		for _, l := range layouts {
			if at, err := time.Parse(l, v); err == nil && at.Year() >= 1900 && at.Year() <= 2100 {
				return l
			}
		}
		return ""
	}
	if l := try(dateLayouts); l != "" {
		return l, false
	}
	if l := try(clockLayouts); l != "" {
		return l, true
	}
	if try([]string{time.RFC3339}) != "" {
		return "YYYY-MM-DDTHH:mm:ssZZ", true
	}
	return "", false
}

// citizenNumber says whether a text is the number of a citizen's identity card
// (GB 11643), so that such a column can be left out.
func citizenNumber(v string) bool {
	if len(v) != 18 {
		return false
	}
	sum := 0
	for i := range 17 {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
		sum += int(v[i]-'0') * (1 << (17 - i) % 11)
	}
	if _, err := time.Parse("20060102", v[6:14]); err != nil {
		return false
	}
	return "10X98765432"[sum%11] == v[17] || v[17] == 'x' && sum%11 == 2
}

var (
	codeName     = regexp.MustCompile(`(?i)(编号|编码|代码|标识|许可证|证号|卡号|统一社会信用|条码|_?id$|^id|code|^no\.?$|number$|guid|uuid|objectid|^fid$)`)
	serialName   = regexp.MustCompile(`(?i)^(序号|序|行号|no\.?|#|fid|objectid|ogc_fid)$`)
	textName     = regexp.MustCompile(`(?i)(编号|编码|代码|号码|电话|手机|邮编|证号|账号|身份证|标识码|code|phone|tel|zip)`)
	xName        = regexp.MustCompile(`(?i)(经度|东经|横坐标|^(.*/)?x$|x坐标|坐标x|^lon|^lng|longitude|easting|point_x|coord_?x|^(.*/)?x[ (（])`)
	yName        = regexp.MustCompile(`(?i)(纬度|北纬|纵坐标|^(.*/)?y$|y坐标|坐标y|^lat|latitude|northing|point_y|coord_?y|^(.*/)?y[ (（])`)
	placeName    = regexp.MustCompile(`(?i)(坐标|经纬度|位置|location|geom|wkt|shape|point)`)
	addressName  = regexp.MustCompile(`(?i)(地址|住址|坐落|地点|位置|address|addr$)`)
	nameName     = regexp.MustCompile(`(?i)(名称|名字|^name$|title|简称)`)
	idNumberName = regexp.MustCompile(`(身份证|公民身份号码)`)
	phoneName    = regexp.MustCompile(`(?i)(电话|手机|联系方式|phone|mobile|^tel)`)
	personName   = regexp.MustCompile(`(姓名|联系人|负责人|法定代表人|法人代表|经办人|填表人|网格员|户主|业主)`)
)

// column says what the values come to.
func (t *tally) column() Column {
	c := Column{Name: t.name, Type: "text", Filled: t.filled, Distinct: len(t.values), Samples: []string{}}
	for _, v := range t.order[:min(5, len(t.order))] {
		c.Samples = append(c.Samples, layers.Short(v))
	}
	if t.filled == 0 {
		return c
	}
	most := func(n int) bool { return n*20 >= t.filled*19 } // 95 %: a few dirty values do not make a text of numbers
	misfit := func(n int, example string) { c.Misfits, c.Misfit = t.filled-n, layers.Short(example) }
	switch {
	case most(t.times) && !textName.MatchString(t.name) && len(t.layouts) <= 4 && !(most(t.integers) && !strings.ContainsAny(t.name, "日期时间年月dateDATEDate")):
		c.Type, c.Formats, c.Role = "date", t.layouts, "date"
		if t.clock {
			c.Type = "time"
		}
		misfit(t.times, t.notTime)
	case most(t.booleans):
		c.Type = "boolean"
		misfit(t.booleans, t.notBoolean)
	case most(t.integers) && !t.leading && !textName.MatchString(t.name):
		c.Type = "integer"
		misfit(t.integers, t.notInteger)
	case most(t.numbers) && !t.leading && !textName.MatchString(t.name):
		c.Type = "number"
		misfit(t.numbers, t.notNumber)
	}
	if !t.more && c.Type != "date" && c.Type != "time" && c.Type != "number" && len(t.values) <= 40 && len(t.values)*3 <= t.filled {
		for v, n := range t.values {
			c.Codes = append(c.Codes, Code{v, n})
		}
		slices.SortFunc(c.Codes, func(a, b Code) int {
			if a.N != b.N {
				return b.N - a.N
			}
			return strings.Compare(a.Value, b.Value)
		})
	}
	switch {
	case most(t.uscc):
		c.List = "uscc"
	case t.citizens*2 >= t.filled || idNumberName.MatchString(t.name):
		c.Personal = "id_number"
	case phoneName.MatchString(t.name) || most(t.phones):
		c.Personal = "phone"
	case personName.MatchString(t.name) && !strings.Contains(t.name, "单位"):
		c.Personal = "name"
	}
	switch angles := t.angles*5 >= t.filled*4; {
	case angles && xName.MatchString(t.name):
		c.Role = "x"
	case angles && yName.MatchString(t.name):
		c.Role = "y"
	case t.places*5 >= t.filled*4 && placeName.MatchString(t.name):
		c.Role = "place"
	case addressName.MatchString(t.name) && c.Type == "text" && t.length >= 4*t.filled:
		c.Role = "address"
	case nameName.MatchString(t.name) && c.Type == "text":
		c.Role = "name"
	}
	return c
}

// unique says whether every row has a value of its own.
func (t *tally) unique(rows int) bool { return t.filled == rows && !t.more && len(t.values) == rows }
