package city

// A rule says where components of a class stand and how common they are.
// weight is their share of all components, in 1/1000; min is how many there
// are in the smallest city.
type assetRule struct {
	class  string
	name   string
	weight float64
	where  string  // street, main, corner, block, home, shop, works, green, bank, bridge, road
	offM   float64 // from the street's middle
	dept   string
}

// assetRules cover all 153 classes of GB/T 47678.5-2026. Shares follow what
// surveys count most: covers, lamps, trees, signs (domain knowledge, not data).
var assetRules = []assetRule{
	{"01001", "供水井盖", 58, "street", 4, "water"}, {"01002", "污水井盖", 60, "street", 3, "water"}, {"01003", "雨水井盖", 58, "street", 5, "water"},
	{"01004", "雨水箅子", 66, "street", 7, "water"}, {"01005", "电力井盖", 40, "street", 8, "power"}, {"01006", "路灯井盖", 26, "street", 8.5, "urban"},
	{"01007", "通信井盖", 44, "street", 9, "telecom"}, {"01008", "电视井盖", 9, "street", 9, "telecom"}, {"01009", "网络井盖", 8, "street", 9.5, "telecom"},
	{"01010", "热力井盖", 2, "works", 6, "gas"}, {"01011", "燃气井盖", 24, "street", 6, "gas"}, {"01012", "公安井盖", 5, "corner", 9, "police"},
	{"01013", "消防设施", 12, "street", 7, "fire"}, {"01014", "园林井盖", 6, "green", 0, "urban"}, {"01015", "信号灯电源井盖", 4, "corner", 9, "police"},
	{"01017", "电缆井盖", 14, "street", 8, "power"}, {"01018", "化粪池井盖", 18, "home", 0, "housing"}, {"01019", "中水井盖", 2, "main", 6, "water"},
	{"01020", "公交井盖", 1, "main", 8, "transport"}, {"01021", "输油(气)井盖", 0.5, "road", 12, "gas"}, {"01022", "特殊井盖", 1, "street", 5, "urban"},
	{"01023", "不明井盖", 5, "street", 6, "urban"}, {"01024", "水井", 1, "block", 0, "water"}, {"01025", "供水器", 1, "shop", 0, "water"},
	{"01026", "沟槽盖板", 8, "street", 9, "urban"}, {"01027", "通信交接箱", 7, "street", 10, "telecom"}, {"01028", "电力设施", 6, "street", 10, "power"},
	{"01029", "电力设施标识牌", 4, "street", 10, "power"}, {"01030", "电力立杆", 16, "street", 9, "power"}, {"01031", "通信立杆", 12, "street", 9, "telecom"},
	{"01032", "公交立杆", 2, "main", 8, "transport"}, {"01033", "特殊立杆", 1, "street", 9, "urban"}, {"01034", "不明立杆", 1, "street", 9, "urban"},
	{"01035", "旗杆", 0.6, "shop", 0, "urban"}, {"01036", "输油(气)标志", 0.6, "road", 14, "gas"}, {"01037", "路灯", 72, "street", 8.5, "urban"},
	{"01038", "地灯", 5, "green", 0, "urban"}, {"01039", "景观灯", 8, "green", 0, "urban"}, {"01040", "报刊亭", 0.3, "shop", 0, "urban"},
	{"01041", "电话亭", 0.2, "main", 10, "telecom"}, {"01042", "邮筒", 0.4, "main", 10, "urban"}, {"01043", "信息亭", 0.2, "shop", 0, "urban"},
	{"01044", "售货亭", 0.3, "shop", 0, "urban"}, {"01045", "自动售货机", 1.2, "shop", 0, "market"}, {"01046", "户外健身设施", 5, "home", 0, "urban"},
	{"01047", "高压线铁塔", 0.6, "block", 0, "power"}, {"01048", "变压器(箱)", 5, "home", 0, "power"}, {"01049", "燃气调压站(箱)", 2.5, "home", 0, "gas"},
	{"01050", "监控电子眼设施", 9, "corner", 9, "police"}, {"01051", "治安岗亭", 0.5, "corner", 11, "police"}, {"01052", "休息亭", 0.7, "green", 0, "urban"},
	{"01053", "自助缴费机", 0.5, "shop", 0, "power"}, {"01054", "充电桩", 8, "home", 0, "power"}, {"01055", "防蚊闸", 0.4, "street", 7, "water"},
	{"01056", "跨河管道", 0.1, "bridge", 6, "water"}, {"01057", "露天燃气管道", 0.7, "home", 0, "gas"}, {"01058", "晒衣架", 2, "home", 0, "housing"},
	{"01059", "旧衣物回收箱", 1, "home", 0, "urban"}, {"01060", "路灯配电箱", 2.5, "street", 10, "urban"}, {"01061", "露天供热管道", 0.3, "works", 0, "gas"},
	{"01062", "通信基站", 1.2, "shop", 0, "telecom"}, {"01063", "水塔", 0.1, "block", 0, "water"}, {"01064", "牌楼(门楼)", 0.2, "block", 0, "urban"},
	{"01065", "管理责任公示牌", 1.4, "home", 0, "urban"}, {"01066", "紧急报警点SOS", 0.5, "green", 0, "police"}, {"01067", "防汛监测设施", 0.4, "bank", 4, "water"},
	{"01068", "水鹤", 0.2, "main", 8, "fire"}, {"01069", "水域附属设施", 0.8, "bank", 5, "water"}, {"01070", "水域护栏", 2.2, "bank", 3, "water"},
	{"01071", "防汛墙", 0.5, "bank", 3, "water"}, {"01072", "排水泵站", 0.2, "bank", 8, "water"}, {"01073", "雨污水排放口", 0.8, "bank", 3, "water"},
	{"01074", "综合管廊附属设施", 0.4, "main", 8, "housing"}, {"01075", "快递柜", 3, "home", 0, "market"}, {"01076", "公用电梯", 0.3, "shop", 0, "market"},
	{"01077", "综合杆", 3, "corner", 9, "urban"},
	{"02001", "停车场", 2, "shop", 0, "urban"}, {"02002", "立体车库", 0.2, "shop", 0, "urban"}, {"02003", "停车计费设备", 2, "shop", 0, "urban"},
	{"02004", "公交站设施", 3, "main", 10, "transport"}, {"02005", "出租车停靠站", 0.5, "main", 10, "transport"}, {"02006", "过街天桥", 0.2, "main", 0.5, "transport"},
	{"02007", "地下通道", 0.1, "main", 0.5, "transport"}, {"02008", "立交桥", 0.1, "corner", 1, "transport"}, {"02009", "跨河桥", 0.1, "bridge", 1, "transport"},
	{"02010", "交通标志牌及标线", 34, "street", 8, "police"}, {"02011", "限高架标志", 0.5, "road", 6, "transport"}, {"02012", "路名牌", 9, "corner", 9, "urban"},
	{"02013", "地名牌", 2, "home", 0, "urban"}, {"02014", "交通信号灯", 8, "corner", 8, "police"}, {"02015", "交通信号设施", 3, "corner", 10, "police"},
	{"02016", "交通岗亭", 0.3, "corner", 10, "police"}, {"02017", "交通护栏", 12, "main", 1, "police"}, {"02018", "防撞桶", 2, "corner", 6, "police"},
	{"02019", "安全岛", 1, "corner", 2, "police"}, {"02020", "人行横道桩", 4, "corner", 9, "urban"}, {"02021", "便道桩", 8, "street", 9, "urban"},
	{"02022", "柔性隔离体", 3, "main", 2, "police"}, {"02023", "道路信息显示屏", 0.5, "main", 8, "police"}, {"02024", "道路隔音屏", 0.5, "road", 12, "transport"},
	{"02025", "非机动车停放点", 5, "shop", 0, "urban"}, {"02026", "自行车租赁点", 1.2, "main", 11, "transport"}, {"02027", "存车支架", 1, "main", 11, "transport"},
	{"02028", "铁道口设施", 0.05, "works", 0, "transport"}, {"02029", "栈桥", 0.1, "bank", 5, "water"}, {"02030", "水域标示牌", 0.6, "bank", 5, "water"},
	{"02031", "港监设施", 0.05, "bank", 6, "transport"}, {"02032", "轨道交通设施", 0.1, "main", 10, "transport"}, {"02033", "交通反视镜", 2, "corner", 8, "police"},
	{"02034", "无障碍设施", 4, "street", 9, "urban"}, {"02035", "应急避难指示牌", 0.6, "green", 0, "emergency"}, {"02036", "救助站指示牌", 0.1, "main", 9, "urban"},
	{"02037", "文物建筑标志牌", 0.2, "block", 0, "urban"}, {"02038", "门(楼号)牌", 48, "door", 0, "police"}, {"02039", "公安指示牌", 1, "corner", 9, "police"},
	{"02040", "景区标识牌", 0.4, "green", 0, "urban"}, {"02041", "停车信息显示屏", 0.4, "main", 9, "urban"}, {"02042", "铁路桥涵", 0.05, "road", 1, "transport"},
	{"02043", "减速带", 4, "street", 1, "police"}, {"02044", "公路隧道", 0.05, "road", 1, "transport"},
	{"03001", "公共厕所", 0.8, "shop", 0, "urban"}, {"03002", "公厕指示牌", 1.5, "main", 9, "urban"}, {"03003", "化粪池", 4, "home", 0, "housing"},
	{"03004", "垃圾间(楼)", 0.8, "home", 0, "urban"}, {"03005", "垃圾箱", 16, "street", 9, "urban"}, {"03006", "户外广告", 9, "shop", 0, "urban"},
	{"03007", "牌匾标识", 34, "shopdoor", 0, "urban"}, {"03008", "宣传栏", 3, "home", 0, "urban"}, {"03009", "气象监测站", 0.05, "green", 0, "natural"},
	{"03010", "环保监测站", 0.06, "green", 0, "ecology"}, {"03011", "污水口监测站", 0.06, "bank", 6, "ecology"}, {"03012", "污水监测器", 0.1, "works", 0, "ecology"},
	{"03013", "噪声显示屏", 0.1, "main", 10, "ecology"}, {"03014", "环卫工具间(箱)", 0.8, "street", 11, "urban"}, {"03015", "宠物拾便纸箱", 0.6, "green", 0, "urban"},
	{"03016", "烟头收集器或灭烟处", 1.5, "shop", 0, "urban"},
	{"04001", "古树名木", 0.3, "block", 0, "urban"}, {"04002", "行道树", 88, "street", 7.5, "urban"}, {"04003", "独立树", 9, "green", 0, "urban"},
	{"04004", "护树设施", 10, "street", 7.5, "urban"}, {"04005", "花架花钵", 6, "main", 9, "urban"}, {"04006", "雕塑", 0.3, "green", 0, "urban"},
	{"04007", "街头座椅", 7, "green", 0, "urban"}, {"04008", "绿地护栏", 5, "green", 0, "urban"}, {"04009", "绿地附属设施", 2, "green", 0, "urban"},
	{"04010", "喷泉", 0.1, "green", 0, "urban"}, {"04011", "树池树穴", 56, "street", 7.6, "urban"}, {"04012", "高架挂箱", 1.5, "road", 5, "urban"},
	{"04013", "绿地", 4, "green", 0, "urban"}, {"04014", "林地及林地管护设施", 0.4, "wood", 0, "natural"},
	{"05002", "公房地下室", 0.3, "home", 0, "housing"}, {"05003", "车辆加油(气、电)站", 0.2, "main", 16, "emergency"}, {"05009", "文物古迹", 0.15, "block", 0, "urban"},
}
