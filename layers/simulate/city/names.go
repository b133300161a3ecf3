package city

import (
	"fmt"
	"slices"
	"strings"
)

// A name is Chinese with its English.
type name struct{ zh, en string }

// Made-up names are put together from characters that place names like, with
// their pinyin.
var (
	firstChars = strings.Fields(`望Wang 云Yun 锦Jin 青Qing 凤Feng 龙Long 稠Chou 松Song 梅Mei 桂Gui 兰Lan 竹Zhu 枫Feng 荷He 柳Liu 银Yin 福Fu 长Chang 清Qing 和He 新Xin 文Wen 宝Bao 丹Dan 鹤He 翠Cui 朝Chao 明Ming 雅Ya 嘉Jia 瑞Rui 春Chun 晓Xiao 晨Chen 星Xing 玉Yu 画Hua 书Shu 琴Qin 秀Xiu`)
	lastChars  = strings.Fields(`江Jiang 山Shan 溪Xi 桥Qiao 湖Hu 岭Ling 塘Tang 园Yuan 林Lin 峰Feng 泉Quan 洲Zhou 月Yue 安An 宁Ning 兴Xing 德De 康Kang 岩Yan 池Chi 湾Wan 坡Po 坞Wu 畈Fan 渡Du 台Tai 石Shi 亭Ting`)
	// Real places near by, or too well known to be taken for made-up ones.
	realNames = strings.Fields(`兰溪 松溪 清江 清溪 新安 龙泉 长兴 长江 长安 嘉兴 新兴 明德 玉泉 青山 宝山 龙山 新林 玉林 桂林 瑞安 德清 福安 文山 长岭 长宁 银川 丹江 青岭 梅江 柳林 玉山 青田 龙岩 龙江 新泉 锦江 松江 和平 福山 松山 新德 新洲 长洲 龙湾 青岩 长康 明溪 明山 和林 文安 文德 文园 书山 春江 玉溪 柳江 新宁 福泉 清泉 望江 瑞安 秀山 凤山 长德 青石 文成`)
)

// names returns every combination in an order drawn from the stream.
func (c *City) names(subject string) []name {
	var out []name
	for _, f := range firstChars {
		for _, l := range lastChars {
			zf, zl := []rune(f)[:1], []rune(l)[:1]
			zh := string(zf) + string(zl)
			if slices.Contains(realNames, zh) {
				continue
			}
			out = append(out, name{zh, string([]rune(f)[1:]) + strings.ToLower(string([]rune(l)[1:]))})
		}
	}
	r := c.stream("names "+subject, 0)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// townNames names towns; the first two are the old town and the new district.
func (c *City) townNames(n int) []name {
	out := []name{{"稠岩", "Chouyan"}, {"云栖", "Yunqi"}, {"枫渡", "Fengdu"}}
	for i, x := range c.names("towns") {
		if len(out) >= n {
			break
		}
		if i%2 == 0 && x.zh != "稠岩" {
			out = append(out, x)
		}
	}
	return out
}

// communityName names the n-th community: in the city a 社区, outside a 村.
func (c *City) communityName(n int, used map[string]bool, blocks []int) name {
	if c.communityNames == nil {
		c.communityNames = c.names("communities")
	}
	kind := name{"村", " Village"}
	people, built := 0, 0.0
	for _, b := range blocks {
		people += c.blocks[b].people
		built += c.blocks[b].built
	}
	if built/float64(len(blocks)) > 0.4 {
		kind = name{"社区", " Community"}
	}
	for i := 0; ; i++ {
		x := c.communityNames[(n*7+i)%len(c.communityNames)]
		if round := (n*7 + i) / len(c.communityNames); i >= len(c.communityNames) {
			x = name{fmt.Sprintf("%s%s", x.zh, []string{"东", "西", "南", "北"}[round%4]), fmt.Sprintf("%s %s", x.en, []string{"East", "West", "South", "North"}[round%4])}
		}
		if !used[x.zh] {
			used[x.zh] = true
			return name{x.zh + kind.zh, x.en + kind.en}
		}
	}
}

// streetSuffix is how a street of a class is called, by its direction.
func streetSuffix(class string, eastWest bool) name {
	switch class {
	case "primary", "trunk":
		return name{"大道", " Avenue"}
	case "secondary", "tertiary":
		if eastWest {
			return name{"街", " Street"}
		}
		return name{"路", " Road"}
	case "residential":
		if eastWest {
			return name{"巷", " Lane"}
		}
		return name{"弄", " Alley"}
	case "unclassified":
		return name{"路", " Road"}
	}
	return name{"小路", " Path"}
}

// surnames and given names for made-up staff.
var (
	surnames = strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余", "")
	given    = strings.Split("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红娥玲芬燕彬凤洁梅琳素云莲真环雪荣爱妹霞香月莺媛", "")
)
