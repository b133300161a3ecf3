package forecast

import (
	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// ladder is the pool that is shipped, with all models as its parts, for
// forecasts of so many days.
func ladder(horizonD float64, seed uint64) hotspot.Pool {
	all := func() hotspot.Weighing { return hotspot.Weighing{} }
	return hotspot.Pool{Label: "pool", HorizonD: horizonD, Windows: 12, Steps: 300, Prior: 12, Parts: []hotspot.Model{
		hotspot.Uniform{},
		hotspot.Count{Label: "count-28", Weighing: hotspot.Weighing{WindowD: 28}},
		hotspot.Count{Label: "count-90", Weighing: hotspot.Weighing{WindowD: 90}},
		hotspot.Count{Label: "count-365", Weighing: hotspot.Weighing{WindowD: 365}},
		hotspot.Count{Label: "count-all", Weighing: all()},
		hotspot.KDE{Label: "kde-200", BandwidthM: 200, Weighing: all()},
		hotspot.KDE{Label: "kde-400", BandwidthM: 400, Weighing: all()},
		hotspot.ProMap{Weeks: 8, ReachM: 400},
		etas.Model{Seed: seed},
	}}
}

// titles are the models' names for people.
var titles = map[string]Words{
	"pool":      {"加权组合", "Weighted pool"},
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
