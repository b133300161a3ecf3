package forecast

import (
	"fmt"

	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// repeatWords say whether incidents bring others near by, which the self-exciting
// models rest on, and so whether the forecast listens to them.
func repeatWords(f *hotspot.Finding) []Words {
	if f == nil {
		return nil
	}
	var at etas.Band
	p := 2.0
	for _, b := range etas.Bands {
		if v, ok := f.Told[b.Key()+" p"]; ok && v < p {
			at, p = b, v
		}
	}
	ratio := f.Told[at.Key()+" ratio"]
	switch {
	case f.Holds:
		return []Words{{fmt.Sprintf("存在近重复(Knox 检验):%g 天、%g 米内成对的案件是时间打乱后的 %.2f 倍(p = %.3f),自激模型参与组合。", at.Days, at.Metres, ratio, p),
			fmt.Sprintf("There are near repeats (Knox's test): pairs within %g days and %g m are %.2f times as many as with shuffled times (p = %.3f). The self-exciting models take part.", at.Days, at.Metres, ratio, p)}}
	case ratio == 0:
		return []Words{{"案件太少,看不出近重复,自激模型不参与组合。", "There are too few incidents to see near repeats: the self-exciting models have no weight."}}
	}
	return []Words{{fmt.Sprintf("未发现近重复(Knox 检验):%g 天、%g 米内成对的案件是时间打乱后的 %.2f 倍(p = %.3f),自激模型不参与组合。", at.Days, at.Metres, ratio, p),
		fmt.Sprintf("No near repeats were found (Knox's test): pairs within %g days and %g m are %.2f times as many as with shuffled times (p = %.3f). The self-exciting models have no weight.", at.Days, at.Metres, ratio, p)}}
}
