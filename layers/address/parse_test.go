package address_test

import (
	"testing"

	"onemap/layers/address"
)

func TestParse(t *testing.T) {
	type A = address.Parsed
	for _, tt := range []struct {
		text string
		want A
	}{
		{"浙江省金华市义乌市稠城街道望云社区云栖路12号", A{Province: "浙江省", City: "金华市", County: "义乌市", Town: "稠城街道", Community: "望云社区", Road: "云栖路", Number: "12"}},
		{"浙江金华市婺城区新狮街道青春路8号", A{Province: "浙江", City: "金华市", County: "婺城区", Town: "新狮街道", Road: "青春路", Number: "8"}},
		{"云栖路12号", A{Road: "云栖路", Number: "12"}},
		{"云栖路12", A{Road: "云栖路", Number: "12"}},
		{"云栖路十二号", A{Road: "云栖路", Number: "12"}},
		{"云栖路１２－３号", A{Road: "云栖路", Number: "12-3"}},
		{"云栖路 12 号 3 幢 2 单元 501 室", A{Road: "云栖路", Number: "12", Building: "3", Unit: "2", Room: "501"}},
		{"锦绣花园3幢2单元501", A{Estate: "锦绣花园", Building: "3", Unit: "2", Room: "501"}},
		{"锦绣花园3-2-501", A{Estate: "锦绣花园", Building: "3", Unit: "2", Room: "501"}},
		{"稠城街道锦绣小区二区18幢", A{Town: "稠城街道", Estate: "锦绣小区2区", Building: "18"}},
		{"永胜新村12幢", A{Estate: "永胜新村", Building: "12"}},
		{"上海市浦东新区世纪大道100号", A{Province: "上海市", City: "上海市", County: "浦东新区", Road: "世纪大道", Number: "100"}},
		{"上海市徐汇区漕溪北路45弄3号楼1201室", A{Province: "上海市", City: "上海市", County: "徐汇区", Road: "漕溪北路", Lane: "45弄", Building: "3", Room: "1201"}},
		{"城镇路5号", A{Road: "城镇路", Number: "5"}},
		{"丝路街7号", A{Road: "丝路街", Number: "7"}},
		{"河南路7号", A{Road: "河南路", Number: "7"}},
		{"市场路2号", A{Road: "市场路", Number: "2"}},
		{"枫渡镇望江村18号", A{Town: "枫渡镇", Community: "望江村", Number: "18"}},
		{"枫渡镇望江村委会", A{Town: "枫渡镇", Community: "望江村"}},
		{"稠城街道望云社区第三网格", A{Town: "稠城街道", Community: "望云社区", Grid: "第三网格"}},
		{"云栖路与稠州路交叉口", A{Road: "云栖路", Cross: "稠州路"}},
		{"云栖路国际商贸城大厦A座1201室", A{Road: "云栖路", Estate: "国际商贸城大厦", Building: "A", Room: "1201"}},
		{"云栖路12号(农贸市场对面)", A{Road: "云栖路", Number: "12"}},
		{"望云", A{Rest: "望云"}},
		{"人民医院", A{Rest: "人民医院"}},
		{"", A{}},
		{"北京市朝阳区建国路甲92号", A{Province: "北京市", City: "北京市", County: "朝阳区", Road: "建国路", Number: "甲92"}},
		{"新疆维吾尔自治区伊犁哈萨克自治州伊宁市", A{Province: "新疆维吾尔自治区", City: "伊犁哈萨克自治州", County: "伊宁市"}},
	} {
		if got := address.Parse(tt.text); got != tt.want {
			t.Errorf("%s\n got %+v\nwant %+v", tt.text, got, tt.want)
		}
	}
}

// Whatever is typed is read, and nothing of it is invented.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"浙江省金华市义乌市云栖路12号", "3-2-501", "路路路路", "第第第号", "\x00\xff(((", "一二三四五六七八九十号"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := address.Parse(s)
		if len(p.Rest)+len(p.Road)+len(p.Estate) > 4*len(s)+16 {
			t.Errorf("%q became %+v", s, p)
		}
	})
}
