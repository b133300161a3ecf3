package city

// A group of incident classes shares a rhythm, a background and a tendency to
// repeat near by: a self-exciting point process with known parameters. What a
// forecast finds can be held against them.
type group struct {
	name   string
	peaks  [][3]float64 // of the day: hour, width in hours, weight
	flat   float64      // weight of all hours alike
	week   [7]float64   // Sunday first
	season [12]float64  // January first
	uses   map[string]float64
	theta  float64 // mean number of incidents that one triggers directly
	tauD   float64 // mean delay of those, in days (exponential)
	sigmaM float64 // their distance, standard deviation on each axis, in metres
}

var (
	even     = [12]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	office   = [7]float64{0.7, 1.12, 1.1, 1.1, 1.08, 1.1, 0.8}
	weekends = [7]float64{1.25, 0.8, 0.82, 0.85, 0.95, 1.2, 1.45}
)

var groups = []group{
	{"appearance", [][3]float64{{9.5, 1.8, 1}, {15.3, 2, 0.8}}, 0.05, office, [12]float64{0.9, 0.8, 0.95, 1, 1.05, 1.05, 1.1, 1.1, 1.05, 1.05, 1, 0.95},
		map[string]float64{"lanes": 3, "slabs": 1.6, "towers": 0.8, "shops": 3, "market": 4, "industry": 0.8, "village": 1.2, "park": 0.8, "construction": 1.2, "school": 1.2, "station": 3, "hospital": 1.5, "offices": 0.9, "logistics": 1}, 0.22, 3, 150},
	{"order", [][3]float64{{8.2, 1.2, 0.8}, {17.8, 1.8, 1}, {20, 1.5, 0.6}}, 0.05, [7]float64{1.05, 1, 0.95, 0.95, 1, 1.05, 1.1}, even,
		map[string]float64{"shops": 5, "market": 7, "lanes": 2.2, "school": 3.5, "hospital": 4, "station": 5, "slabs": 0.9, "towers": 0.6, "offices": 1, "park": 0.8, "industry": 0.3, "village": 0.3}, 0.30, 2, 110},
	{"nuisance", [][3]float64{{21.5, 2, 1}, {13, 2.5, 0.3}, {23.8, 1.2, 0.4}}, 0.06, weekends, [12]float64{0.7, 0.7, 0.85, 1, 1.1, 1.2, 1.35, 1.35, 1.15, 1, 0.85, 0.75},
		map[string]float64{"shops": 3.5, "lanes": 2.6, "slabs": 1.8, "towers": 1.6, "construction": 3, "market": 1, "industry": 0.6, "park": 0.8, "village": 0.5}, 0.35, 4, 90},
	{"facilities", [][3]float64{{9, 2.5, 1}, {16, 3, 0.8}}, 0.15, office, [12]float64{0.9, 0.8, 0.95, 1, 1.1, 1.5, 1.35, 1.2, 1, 0.85, 0.8, 0.85},
		map[string]float64{"lanes": 1.6, "slabs": 1.3, "towers": 1, "shops": 1.6, "market": 1.2, "industry": 1, "village": 0.8, "park": 0.8, "offices": 1, "construction": 1, "school": 1, "logistics": 0.8, "farm": 0.05}, 0.08, 5, 200},
	{"theft", [][3]float64{{10.5, 2.2, 0.7}, {15, 2.5, 0.6}, {2.5, 1.6, 0.8}, {19.5, 2, 0.5}}, 0.15, [7]float64{0.95, 1, 0.98, 0.98, 1, 1.06, 1.03}, [12]float64{1.15, 1.1, 0.95, 0.9, 0.95, 1, 1, 1, 0.95, 0.95, 1, 1.1},
		map[string]float64{"lanes": 4, "slabs": 2.2, "towers": 0.7, "village": 1, "shops": 2, "market": 2.5, "industry": 0.8, "station": 3, "logistics": 0.6, "hospital": 1.5}, 0.42, 7, 120},
	{"disorder", [][3]float64{{21.8, 2, 1}, {0.8, 1.6, 0.7}, {13, 3, 0.3}}, 0.08, weekends, [12]float64{0.9, 0.95, 0.95, 1, 1.05, 1.1, 1.15, 1.15, 1.05, 1, 0.9, 0.9},
		map[string]float64{"shops": 4, "lanes": 2.5, "market": 1.6, "station": 3, "slabs": 1, "towers": 0.8, "industry": 0.7, "hospital": 1, "village": 0.6}, 0.25, 3, 160},
	{"traffic", [][3]float64{{8, 1.1, 1}, {17.8, 1.6, 1}, {13, 3, 0.5}}, 0.1, [7]float64{0.8, 1.08, 1.02, 1.02, 1.05, 1.15, 0.9}, even,
		map[string]float64{"shops": 2, "lanes": 1, "slabs": 0.8, "towers": 0.8, "industry": 0.8, "offices": 1.2, "market": 2, "logistics": 1.5, "farm": 0.08, "village": 0.4, "station": 2, "school": 1.3}, 0.05, 0.1, 250},
	{"fire", [][3]float64{{12, 2.5, 0.6}, {18.8, 2.5, 1}, {2, 2, 0.3}}, 0.15, [7]float64{1.05, 1, 0.98, 0.98, 1, 1, 1.05}, [12]float64{1.5, 1.6, 1.2, 1.1, 0.8, 0.7, 0.9, 1, 0.8, 0.9, 1.1, 1.4},
		map[string]float64{"lanes": 3, "slabs": 1.2, "towers": 0.6, "industry": 2.6, "logistics": 2, "shops": 1.8, "market": 1.8, "village": 1.2, "farm": 0.15, "construction": 1, "wood": 0.02, "orchard": 0.05}, 0.06, 10, 200},
}

// A kind of incident: its class, its share of all incidents and what reporters
// write. Shares are heavy-tailed as in real months: a few matters make most of
// the cases, defects of components a few percent.
type incidentKind struct {
	standard, code string
	group          string
	weight         float64
	dept           string
	severity       int
	source         string // who reports it most: patrol, public, call
	texts          []string
}

const (
	gb    = "GB/T 47678.5-2026"
	calls = "onemap-calls"
)

var incidentKinds = []incidentKind{
	{gb, "09010", "order", 120, "urban", 4, "patrol", []string{"人行道上非机动车乱停放,影响通行", "电动车堆满出入口", "共享单车与电动车占盲道停放"}},
	{gb, "06010", "appearance", 95, "urban", 3, "both", []string{"路边有暴露垃圾,无人清理", "垃圾袋散落在绿化带旁", "巷口堆放生活垃圾,有异味"}},
	{gb, "06036", "appearance", 88, "urban", 4, "patrol", []string{"楼道口乱堆杂物", "沿街堆放纸箱货物", "消防通道旁堆放杂物"}},
	{gb, "07001", "appearance", 85, "urban", 4, "patrol", []string{"墙面张贴小广告", "电线杆上有非法小广告"}},
	{gb, "09009", "order", 70, "police", 3, "both", []string{"车辆停在人行道上", "路口违停,影响视线", "货车长时间占道装卸"}},
	{gb, "09001", "order", 48, "urban", 3, "patrol", []string{"流动摊贩占道叫卖", "学校门口有无照游商"}},
	{gb, "07007", "appearance", 40, "urban", 4, "patrol", []string{"违规悬挂横幅", "店门口违规摆放宣传品"}},
	{gb, "06007", "appearance", 36, "urban", 4, "patrol", []string{"行道树间拉绳晾晒衣物", "护栏上晾挂被褥"}},
	{gb, "09005", "order", 36, "urban", 4, "patrol", []string{"店铺将货物摆到门外经营", "餐饮店在人行道摆放桌椅"}},
	{gb, "06028", "nuisance", 34, "urban", 3, "public", []string{"夜间音响声音很大,无法休息", "广场舞音量过大", "店铺外放喇叭循环叫卖"}},
	{gb, "06012", "appearance", 30, "urban", 4, "patrol", []string{"路面有污渍和落叶", "道路不洁,灰尘较多"}},
	{gb, "06042", "appearance", 26, "urban", 3, "both", []string{"垃圾桶满溢,垃圾掉落在地", "垃圾站未及时清运"}},
	{gb, "08001", "nuisance", 18, "urban", 3, "public", []string{"工地夜间施工,噪声扰民", "凌晨仍在打桩"}},
	{gb, "06013", "facilities", 17, "transport", 3, "both", []string{"路面有坑洞,约半米宽", "沥青开裂下沉,骑车颠簸"}},
	{gb, "09012", "order", 15, "fire", 1, "both", []string{"消防通道被车辆堵塞", "小区消防通道停满车辆"}},
	{gb, "06027", "nuisance", 13, "ecology", 3, "public", []string{"餐馆油烟直排居民楼", "烧烤油烟呛人"}},
	{gb, "06029", "nuisance", 11, "urban", 3, "both", []string{"路边露天烧烤,烟雾很大"}},
	{gb, "09006", "order", 14, "urban", 3, "patrol", []string{"占用机动车道摆摊"}},
	{gb, "06017", "appearance", 12, "urban", 4, "patrol", []string{"绿地内有垃圾和枯枝"}},
	{gb, "09011", "order", 12, "transport", 4, "both", []string{"共享单车成片倒伏", "共享单车堆放在公交站"}},
	{gb, "06020", "appearance", 6, "ecology", 2, "both", []string{"有人焚烧垃圾,烟味很重", "田边焚烧树叶秸秆"}},
	{gb, "08004", "appearance", 7, "housing", 3, "both", []string{"工地扬尘大,未见喷淋", "渣土裸露未覆盖"}},
	{gb, "06014", "appearance", 6, "urban", 3, "both", []string{"渣土车沿路遗撒", "路面有大片水泥浆"}},
	{gb, "06026", "facilities", 4, "water", 2, "public", []string{"河水发黑有异味", "排口流出带颜色的污水"}},
	{gb, "06030", "facilities", 4, "ecology", 2, "public", []string{"店铺将污水倒入雨水井"}},
	{gb, "06045", "appearance", 4, "urban", 3, "patrol", []string{"绿地被占用种菜", "车辆碾压绿地"}},
	{gb, "06001", "appearance", 6, "urban", 3, "public", []string{"楼顶正在搭建彩钢棚", "院内新建砖房,疑似违建"}},
	{gb, "06034", "appearance", 4, "urban", 4, "patrol", []string{"废弃车辆长期停放"}},
	{gb, "06050", "facilities", 4, "urban", 4, "patrol", []string{"路缘石断裂缺失"}},
	{gb, "06051", "facilities", 4, "urban", 3, "both", []string{"盲道砖破损翘起"}},
	{gb, "10002", "facilities", 3, "telecom", 1, "both", []string{"架空线缆脱落,垂到路面", "通信线断落挂在树上"}},
	{gb, "01002", "facilities", 4, "water", 2, "both", []string{"污水井盖破损,车辆经过异响", "污水井盖缺失,非常危险"}},
	{gb, "01003", "facilities", 3.5, "water", 2, "both", []string{"雨水井盖松动跳响", "雨水井盖下沉"}},
	{gb, "01004", "facilities", 3, "water", 2, "both", []string{"雨水箅子堵塞,路面积水", "雨水箅子断裂"}},
	{gb, "01037", "facilities", 6, "urban", 3, "both", []string{"路灯连续几晚不亮", "一排路灯不亮,路口很暗"}},
	{gb, "01007", "facilities", 2, "telecom", 2, "patrol", []string{"通信井盖翘起"}},
	{gb, "01005", "facilities", 1.5, "power", 2, "patrol", []string{"电力井盖破损"}},
	{gb, "01011", "facilities", 0.8, "gas", 1, "public", []string{"燃气井盖处有气味"}},
	{gb, "02010", "facilities", 2, "police", 3, "patrol", []string{"标志牌被树枝遮挡", "标线磨损看不清"}},
	{gb, "02014", "facilities", 2, "police", 2, "both", []string{"信号灯不亮", "信号灯倒计时异常"}},
	{gb, "02017", "facilities", 2.5, "police", 3, "both", []string{"护栏被撞倒", "隔离护栏移位"}},
	{gb, "04002", "facilities", 3, "urban", 3, "both", []string{"行道树倾斜,有倒伏危险", "行道树枯死"}},
	{gb, "03005", "facilities", 2, "urban", 4, "patrol", []string{"垃圾箱破损"}},
	{gb, "01013", "facilities", 1, "fire", 2, "both", []string{"消火栓漏水", "消火栓被遮挡"}},
	{calls, "110-101", "theft", 9, "police", 2, "call", []string{"报警称家中被撬门入室,物品被盗"}},
	{calls, "110-102", "theft", 24, "police", 3, "call", []string{"报警称停在楼下的电动车被盗", "电动车电瓶被盗"}},
	{calls, "110-103", "theft", 9, "police", 3, "call", []string{"报警称车窗被砸,车内财物丢失"}},
	{calls, "110-104", "theft", 6, "police", 3, "call", []string{"报警称在市场内手机被扒"}},
	{calls, "110-201", "disorder", 10, "police", 2, "call", []string{"有人打架,请求处理"}},
	{calls, "110-202", "disorder", 7, "police", 3, "call", []string{"醉酒人员在店内滋事"}},
	{calls, "110-402", "disorder", 9, "police", 3, "call", []string{"邻里因停车发生纠纷"}},
	{calls, "110-401", "disorder", 8, "police", 3, "call", []string{"因货款发生纠纷"}},
	{calls, "110-203", "disorder", 1.5, "police", 4, "sensor", []string{"巡查中查获赌博"}},
	{calls, "110-601", "nuisance", 12, "police", 4, "call", []string{"楼上噪音扰民报警"}},
	{calls, "110-301", "traffic", 30, "police", 2, "call", []string{"两车碰撞,无人员受伤", "电动车与小车相撞,有人受伤", "追尾事故,占用一条车道"}},
	{calls, "119-101", "fire", 2.2, "fire", 1, "call", []string{"居民楼厨房起火", "住宅冒烟,可能有人被困"}},
	{calls, "119-102", "fire", 1.6, "fire", 1, "call", []string{"厂房冒烟起火", "仓库货物起火"}},
	{calls, "119-103", "fire", 1.2, "fire", 1, "call", []string{"商铺电线起火"}},
	{calls, "119-104", "fire", 2.0, "fire", 1, "call", []string{"电动自行车充电时起火"}},
	{calls, "119-105", "traffic", 1.2, "fire", 2, "call", []string{"车辆自燃"}},
	{calls, "119-107", "fire", 2.5, "fire", 3, "call", []string{"垃圾堆起火"}},
	{calls, "119-203", "disorder", 3, "fire", 3, "call", []string{"电梯故障,有人被困"}},
	{calls, "119-205", "facilities", 3, "fire", 4, "call", []string{"屋檐下有马蜂窝,请求摘除"}},
	{calls, "119-301", "fire", 1, "fire", 4, "call", []string{"误报火警"}},
}

// tailMatters are the matters that are seldom reported: each gets a small
// share, falling along the list. The last column: whether the public reports it.
var tailMatters = []struct {
	code, dept string
	severity   int
	public     bool
}{
	{"06002", "urban", 4, false},
	{"06003", "urban", 4, false},
	{"06004", "urban", 4, true},
	{"06005", "urban", 4, false},
	{"06006", "urban", 4, false},
	{"06008", "urban", 3, true},
	{"06009", "urban", 4, false},
	{"06011", "urban", 3, true},
	{"06015", "urban", 4, true},
	{"06016", "police", 4, true},
	{"06018", "urban", 4, false},
	{"06019", "urban", 4, false},
	{"06021", "urban", 4, false},
	{"06022", "urban", 3, true},
	{"06023", "water", 2, true},
	{"06024", "water", 3, true},
	{"06025", "water", 4, true},
	{"06032", "ecology", 3, true},
	{"06033", "ecology", 2, true},
	{"06035", "urban", 4, true},
	{"06037", "urban", 3, true},
	{"06038", "urban", 4, true},
	{"06039", "urban", 4, false},
	{"06040", "urban", 4, true},
	{"06041", "urban", 4, false},
	{"06043", "urban", 4, false},
	{"06044", "urban", 4, false},
	{"06046", "water", 3, true},
	{"06047", "urban", 4, true},
	{"06048", "natural", 2, true},
	{"06049", "urban", 3, true},
	{"06052", "urban", 3, true},
	{"07002", "urban", 4, false},
	{"07003", "urban", 4, false},
	{"07004", "urban", 4, false},
	{"07006", "urban", 4, false},
	{"07008", "urban", 4, false},
	{"08002", "housing", 3, true},
	{"08003", "housing", 3, false},
	{"08005", "housing", 3, true},
	{"08006", "housing", 4, false},
	{"08007", "housing", 3, true},
	{"08008", "housing", 4, false},
	{"08009", "housing", 4, false},
	{"08010", "housing", 4, false},
	{"08011", "housing", 3, true},
	{"08012", "housing", 3, true},
	{"08013", "housing", 2, true},
	{"08014", "housing", 3, false},
	{"08015", "housing", 4, false},
	{"08016", "natural", 3, false},
	{"09002", "urban", 4, false},
	{"09003", "civil", 4, false},
	{"09004", "urban", 4, false},
	{"09008", "urban", 4, false},
	{"09013", "urban", 3, true},
	{"09014", "police", 4, false},
	{"09015", "market", 3, false},
	{"09016", "urban", 4, false},
	{"09017", "urban", 3, false},
	{"09018", "police", 3, true},
	{"09019", "urban", 3, true},
	{"09020", "market", 4, false},
	{"09021", "urban", 4, false},
	{"09022", "urban", 4, false},
	{"10001", "transport", 2, true},
}
