package forecast

import (
	"onemap/layers/forecast/hotspot"
	rungs "onemap/layers/forecast/ladder"
)

// ladder is the pool that is shipped, with all models as its parts, for
// forecasts of so many days. extra is what knows the city's map.
func ladder(horizonD float64, seed uint64, extra ...hotspot.Model) hotspot.Pool {
	return rungs.Pool(horizonD, seed, extra...)
}

// titles are the models' names for people.
var titles = map[string]Words{
	"pool": {"加权组合", "Weighted pool"},

	"shrunk":       {"次数向邻近收缩", "Count drawn to its surroundings"},
	"shrunk-t730":  {"次数向邻近收缩,两年衰减", "Count drawn to its surroundings, fading over 2 years"},
	"shrunk-t365":  {"次数向邻近收缩,一年衰减", "Count drawn to its surroundings, fading over a year"},
	"shrunk-t180":  {"次数向邻近收缩,半年衰减", "Count drawn to its surroundings, fading over half a year"},
	"shrunk-t60":   {"次数向邻近收缩,两月衰减", "Count drawn to its surroundings, fading over 2 months"},
	"renewed-365":  {"长期分布按近一年修正", "Long run, corrected by the last year"},
	"renewed-180":  {"长期分布按近半年修正", "Long run, corrected by the last half year"},
	"kde-200-t30":  {"核密度200米,一月衰减", "Density, 200 m, fading over a month"},
	"kde-200-t180": {"核密度200米,半年衰减", "Density, 200 m, fading over half a year"},

	"uniform":   {"平均分布", "Even spread"},
	"count-28":  {"近28天次数", "Count of 28 days"},
	"count-90":  {"近90天次数", "Count of 90 days"},
	"count-365": {"近365天次数", "Count of 365 days"},
	"count-all": {"全部历史次数", "Count of all history"},
	"kde-100":   {"核密度100米", "Density, 100 m"},
	"kde-200":   {"核密度200米", "Density, 200 m"},
	"kde-400":   {"核密度400米", "Density, 400 m"},
	"kde-800":   {"核密度800米", "Density, 800 m"},
	"promap":    {"前瞻热点(ProMap)", "ProMap"},
	"sepp":      {"单元自激过程", "Self-exciting cells (SEPP)"},
	"etas":      {"近重复自激过程(ETAS)", "Near-repeat process (ETAS)"},
	"glm":       {"环境因素回归", "Regression on surroundings"},
}

func titleOfModel(name string) Words {
	if t, ok := titles[name]; ok {
		return t
	}
	return Words{name, name}
}
