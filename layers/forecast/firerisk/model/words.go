package model

import "fmt"

// houses are the classes of buildings in the base library.
var houses = map[string][2]string{
	"residential": {"住宅", "residential"}, "commercial": {"商业建筑", "commercial"}, "industrial": {"工业建筑", "industrial"}, "public": {"公共建筑", "public"},
	"religious": {"宗教建筑", "religious"}, "agricultural": {"农业建筑", "agricultural"}, "garage": {"车库", "garage"}, "roof": {"棚", "roof"},
	"construction": {"在建建筑", "under construction"}, "ruins": {"废墟", "ruins"}, "building": {"建筑", "building"},
}

// UseWords says a use in Chinese and English: the class of a building is a code,
// the industry of an enterprise stands as its department wrote it.
func UseWords(use string) (zh, en string) {
	if w, ok := houses[use]; ok {
		return w[0], w[1]
	}
	return use, use
}

// Words says a driver in Chinese and English, with the place's value beside
// the mean of all places. It says what goes together, not what causes what.
func (d Driver) Words() (zh, en string) {
	times := fmt.Sprintf("×%.1f", d.Times)
	if d.Times < 1.15 {
		times = fmt.Sprintf("×%.2f", d.Times)
	}
	switch d.Factor {
	case Use:
		zh, en := UseWords(d.Name)
		return fmt.Sprintf("用途：%s（%s）", zh, times), fmt.Sprintf("use: %s (%s)", en, times)
	case Grade:
		zhs, ens := [5]string{"未评", "红（重大）", "橙（较大）", "黄（一般）", "蓝（低）"}, [5]string{"none", "red", "orange", "yellow", "blue"}
		g := min(max(int(d.Value), 0), 4)
		return fmt.Sprintf("主管部门风险等级%s（%s）", zhs[g], times), fmt.Sprintf("graded %s by its department (%s)", ens[g], times)
	case Size:
		return fmt.Sprintf("占地 %.0f 平方米，平均 %.0f（%s）", d.Value, d.Typical, times), fmt.Sprintf("ground of %.0f m², mean %.0f (%s)", d.Value, d.Typical, times)
	case Height:
		return fmt.Sprintf("%.0f 层，平均 %.0f 层（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.0f storeys, mean %.0f (%s)", d.Value, d.Typical, times)
	case Age:
		return fmt.Sprintf("建成 %.0f 年，平均 %.0f 年（%s）", d.Value, d.Typical, times), fmt.Sprintf("built %.0f years ago, mean %.0f (%s)", d.Value, d.Typical, times)
	case Water:
		return fmt.Sprintf("距最近可用消火栓 %.0f 米（直线），平均 %.0f 米（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.0f m straight to the nearest hydrant in use, mean %.0f m (%s)", d.Value, d.Typical, times)
	case FiresHere:
		return fmt.Sprintf("本处近三年有火灾（按时间折算 %.1f 起，%s）", d.Value, times), fmt.Sprintf("fires here in three years (%.1f, older ones count less; %s)", d.Value, times)
	case FiresNear:
		return fmt.Sprintf("150 米内近三年火灾折算 %.1f 起，平均 %.1f 起（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.1f fires within 150 m in three years, older ones count less; mean %.1f (%s)", d.Value, d.Typical, times)
	case FiresArea:
		return fmt.Sprintf("500 米内近三年火灾折算 %.1f 起，平均 %.1f 起（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.1f fires within 500 m in three years, older ones count less; mean %.1f (%s)", d.Value, d.Typical, times)
	case Findings:
		return fmt.Sprintf("最近两次检查发现问题 %.0f 分，平均 %.1f 分（%s）", d.Value, d.Typical, times), fmt.Sprintf("findings of the last two inspections: %.0f points, mean %.1f (%s)", d.Value, d.Typical, times)
	case Unvisited:
		if d.Value >= longestUnvisited {
			return fmt.Sprintf("三年内没有检查记录（%s）", times), fmt.Sprintf("no inspection in three years (%s)", times)
		}
		return fmt.Sprintf("距上次检查 %.0f 天，平均 %.0f 天（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.0f days since the last inspection, mean %.0f (%s)", d.Value, d.Typical, times)
	case Hazards:
		return fmt.Sprintf("有未整改的隐患（%.0f 分，%s）", d.Value, times), fmt.Sprintf("hazards that are not rectified (%.0f points; %s)", d.Value, times)
	case Density:
		return fmt.Sprintf("100 米内有 %.0f 处，平均 %.0f 处（%s）", d.Value, d.Typical, times), fmt.Sprintf("%.0f places within 100 m, mean %.0f (%s)", d.Value, d.Typical, times)
	}
	return d.Factor, d.Factor
}
