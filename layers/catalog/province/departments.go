package province

import "strings"

// departments are the 87 of the made-up province: name, English name, and what
// they keep, of which the names of their resources are made.
var departments = parse(`
发展和改革委员会|Development and Reform Commission|投资项目 重大工程 能源消费 固定资产投资 价格监测 公共资源交易
经济和信息化厅|Economy and Information Technology|工业企业 技术改造项目 产业园区 中小企业 软件企业 工业用电
教育厅|Education|学校 幼儿园 教师资格 学籍 校舍 校外培训机构 助学贷款
科学技术厅|Science and Technology|科技项目 高新技术企业 重点实验室 科技成果 技术合同
民族宗教事务委员会|Ethnic and Religious Affairs|宗教活动场所 民族乡 宗教教职机构 少数民族特色村寨
公安厅|Public Security|门牌地址 机动车 道路监控 警务站点 特种行业单位 剧毒化学品从业单位
民政厅|Civil Affairs|社会组织 养老机构 殡葬设施 行政区划 地名 社区服务站 婚姻登记机构
司法厅|Justice|律师事务所 公证机构 司法鉴定机构 基层法律服务所 行政复议案件
财政厅|Finance|财政预算 政府采购 非税收入 国有资产 代理记账机构
人力资源和社会保障厅|Human Resources and Social Security|社保经办机构 技工院校 人力资源服务机构 职业资格 劳动监察案件 就业见习基地
自然资源厅|Natural Resources|土地供应 不动产登记 矿业权 地质灾害点 测绘资质单位 基准地价 耕地保护
生态环境厅|Ecology and Environment|排污许可 空气质量监测 水质监测断面 危险废物经营单位 环境影响评价 辐射安全许可 噪声监测
住房和城乡建设厅|Housing and Urban-Rural Development|建筑业企业 施工许可 房屋建筑 商品房预售 燃气经营单位 城镇污水处理厂 保障性住房
交通运输厅|Transport|公路 桥梁 隧道 道路运输企业 营运车辆 港口码头 公交线路 客运站
水利厅|Water Resources|水库 堤防 河道 取水许可 水文站 水土保持项目 山洪灾害点 农村供水工程
农业农村厅|Agriculture and Rural Affairs|农民合作社 家庭农场 高标准农田 农药经营 兽药经营 动物防疫 农产品检测
商务厅|Commerce|外资企业 对外贸易 成品油经营 商业网点 拍卖企业 家政服务企业
文化和旅游厅|Culture and Tourism|文化场馆 旅行社 景区 星级饭店 文物保护单位 非物质文化遗产 娱乐场所
卫生健康委员会|Health|医疗机构 执业资格 公共场所卫生许可 传染病统计 疫苗接种单位 饮用水卫生监测 托育机构
退役军人事务厅|Veterans Affairs|烈士纪念设施 退役军人服务站 军休机构 优抚医院
应急管理厅|Emergency Management|危险化学品企业 安全生产许可 应急避难场所 应急物资储备 应急救援队伍 尾矿库 烟花爆竹经营 事故统计
审计厅|Audit|审计项目 审计公告 整改台账
外事办公室|Foreign Affairs|友好城市 外事活动 驻华机构
国有资产监督管理委员会|State-owned Assets|国有企业 产权登记 企业财务快报
市场监督管理局|Market Regulation|企业登记 个体工商户 食品经营许可 食品生产许可 特种设备 计量器具 认证机构 广告监测 投诉举报 行政处罚
广播电视局|Radio and Television|广播电视台 有线电视网络 网络视听单位 发射台站
体育局|Sports|体育场馆 体育社会组织 健身设施 高危险性体育项目 赛事
统计局|Statistics|国民经济核算 人口普查 经济普查 工业统计 价格指数 居民收支
医疗保障局|Healthcare Security|定点医疗机构 定点零售药店 医保目录 医保基金
地方金融监督管理局|Local Finance|小额贷款公司 融资担保公司 典当行 地方金融组织
机关事务管理局|Government Offices Administration|办公用房 公务用车 公共机构能耗
人民防空办公室|Civil Air Defence|人防工程 警报设施 疏散基地
粮食和物资储备局|Grain and Reserves|粮食仓库 粮食收购 储备物资
林业局|Forestry|林地 古树名木 自然保护地 森林防火设施 木材经营
药品监督管理局|Drug Administration|药品生产 药品经营 医疗器械 化妆品生产
知识产权局|Intellectual Property|专利 商标 地理标志 代理机构
监狱管理局|Prison Administration|监管场所 安防设施
能源局|Energy|发电厂 变电站 充电设施 油气管道 煤矿
海洋与渔业局|Ocean and Fisheries|海域使用 渔船 渔港 养殖证
文物局|Cultural Relics|博物馆 考古工地 馆藏文物
中医药管理局|Traditional Chinese Medicine|中医医疗机构 中药材基地 中医诊所备案
疾病预防控制局|Disease Control|病媒监测 消毒产品 卫生监督
信访局|Petitions|信访事项 接待场所
大数据发展管理局|Big Data|政务云资源 电子证照 共享接口 数据目录 政务外网
公共资源交易中心|Public Resources Exchange|招标公告 中标结果 土地交易 评标场所
住房公积金管理中心|Housing Fund|缴存单位 业务网点 贷款项目
气象局|Meteorology|气象站 天气预报 雷电防护 气象灾害预警 气候公报
地震局|Earthquake|地震台站 活动断层 地震目录 抗震设防要求
通信管理局|Communications|通信基站 光缆线路 增值电信业务 网站备案
邮政管理局|Postal|邮政局所 快递企业 智能快件箱
烟草专卖局|Tobacco|烟草零售许可 卷烟物流
税务局|Taxation|纳税信用 欠税公告 重大税收违法 发票领用
海关|Customs|报关单位 进出口统计 检验检疫场所
人民银行分行|Central Bank Branch|支付机构 存款准备金 银行网点
金融监管局|Financial Regulation|银行业机构 保险机构 保险中介
证监局|Securities Regulation|上市公司 证券营业部 私募机构
海事局|Maritime Safety|船舶 航道 航标 水上交通事故
铁路局|Railway|铁路线路 车站 铁路道口
民航监管局|Civil Aviation|机场 航线 通用航空企业
消防救援总队|Fire and Rescue|消防站 消火栓 消防安全重点单位 火灾统计 消防车辆 微型消防站
供电公司|Power Supply|输电线路 配电房 用电负荷 停电计划
供水集团|Water Supply|供水管网 水厂 二次供水设施 停水计划
燃气集团|Gas|燃气管网 调压站 加气站 瓶装气站点
热力公司|Heat|换热站 供热管网
城市轨道交通集团|Urban Rail|轨道站点 轨道线路 客流统计
公交集团|Public Transport|公交站点 公交车辆 公交到站
机场集团|Airports|航班动态 航站楼设施
港口集团|Ports|泊位 集装箱吞吐 港区设施
铁塔公司|Telecom Towers|铁塔站址 机房
残疾人联合会|Disabled Persons' Federation|无障碍设施 康复机构 辅助器具站
总工会|Trade Unions|基层工会 户外劳动者服务站 职工书屋
共青团委|Youth League|青少年活动中心 志愿服务站
妇女联合会|Women's Federation|妇女儿童之家 家庭教育指导站
红十字会|Red Cross|救护站 应急物资 自动体外除颤器
科学技术协会|Science Association|科普场馆 科普基地
工商业联合会|Federation of Industry and Commerce|商会 民营企业
贸易促进委员会|Trade Promotion|展会 原产地证
地方志办公室|Local Chronicles|方志馆 年鉴
档案局|Archives|档案馆 开放档案
机构编制委员会办公室|Public Sector Reform|机关单位 事业单位 权责清单
网络安全和信息化办公室|Cyberspace Affairs|等级保护备案 新闻信息服务单位
政务服务管理办公室|Government Services|政务服务事项 办事大厅 好差评 办件
城市管理局|Urban Management|环卫设施 公共厕所 户外广告 路灯 垃圾转运站 停车场 违法建设 井盖
园林绿化局|Parks and Greening|公园 绿地 行道树
供销合作社|Supply and Marketing|农资网点 再生资源回收站
农业科学院|Academy of Agriculture|试验基地 种质资源
社会科学院|Academy of Social Sciences|研究课题 图书文献
`)

type department struct {
	zh, en string
	topics []string
}

func parse(table string) []department {
	var out []department
	for line := range strings.Lines(table) {
		if parts := strings.Split(strings.TrimSpace(line), "|"); len(parts) == 3 {
			out = append(out, department{parts[0], parts[1], strings.Fields(parts[2])})
		}
	}
	return out
}

// kinds of resource, by which a topic becomes a name, with what their items are
// beyond those that all have.
var kinds = []struct {
	suffix, format, cycle string
	items                 []string
}{
	{"基本信息", "database", "monthly", []string{"成立日期", "法定代表单位", "联系电话", "规模", "类别"}},
	{"空间分布", "database", "quarterly", []string{"经度", "纬度", "坐标系", "所在网格编码", "占地面积"}},
	{"登记信息", "database", "daily", []string{"登记编号", "登记日期", "登记机关", "有效期至", "登记状态"}},
	{"许可信息", "database", "daily", []string{"许可证号", "许可事项", "许可机关", "发证日期", "有效期至", "许可状态"}},
	{"年度统计", "spreadsheet", "yearly", []string{"统计年度", "数量", "同比增长", "单位", "指标名称"}},
	{"月度统计", "spreadsheet", "monthly", []string{"统计月份", "数量", "环比增长", "单位", "指标名称"}},
	{"监督检查记录", "database", "weekly", []string{"检查日期", "检查机关", "检查结果", "问题描述", "整改期限"}},
	{"行政处罚信息", "database", "weekly", []string{"处罚决定书文号", "违法事实", "处罚依据", "处罚结果", "处罚日期"}},
	{"名录", "spreadsheet", "quarterly", []string{"等级", "认定日期", "认定文号"}},
	{"实时监测", "stream", "real_time", []string{"监测时间", "监测值", "监测指标", "设备编号", "告警状态"}},
	{"巡查养护台账", "database", "weekly", []string{"巡查日期", "巡查单位", "养护内容", "养护结果"}},
	{"变更信息", "database", "daily", []string{"变更事项", "变更前内容", "变更后内容", "变更日期"}},
	{"信用评价", "database", "yearly", []string{"评价等级", "评价得分", "评价年度", "评价机关"}},
	{"电子证照", "self_describing", "daily", []string{"证照编号", "证照名称", "颁发机关", "颁发日期", "证照状态"}},
	{"影像资料", "image", "irregular", []string{"拍摄日期", "拍摄地点", "影像编号", "分辨率"}},
	{"规划文本", "document", "irregular", []string{"规划期限", "批复文号", "批复日期"}},
	{"应急预案", "document", "yearly", []string{"预案名称", "预案等级", "发布日期", "修订日期"}},
	{"投诉举报信息", "database", "weekly", []string{"受理编号", "受理日期", "诉求类别", "办理结果", "办结日期"}},
}

// common items, which most resources have some of.
var common = []string{"名称", "统一社会信用代码", "地址", "行政区划代码", "主管部门", "数据更新时间", "状态", "备注", "网格编码", "联系单位"}
