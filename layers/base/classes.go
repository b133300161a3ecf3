package base

// The closed vocabularies of base_landuse, base_water, base_waterway and
// base_building. A style needs an entry for each class here and for no other.

// Classes of base_landuse. Where several keys of an object name one, the first
// in landuseKeys counts: what the ground is used for before what grows on it.
const (
	useResidential  = "residential"  // 居住
	useCommercial   = "commercial"   // 商务
	useRetail       = "retail"       // 商业
	useIndustrial   = "industrial"   // 工业
	useConstruction = "construction" // 在建
	useEducation    = "education"    // 教育
	useHospital     = "hospital"     // 医疗
	useReligious    = "religious"    // 宗教
	useMilitary     = "military"     // 军事
	useTransport    = "transport"    // 交通设施: railway yards, airports, ports, service areas
	useParking      = "parking"      // 停车
	useSquare       = "square"       // 广场: squares and pedestrian areas
	usePark         = "park"         // 公园、花园
	usePlayground   = "playground"   // 游乐
	useSport        = "sport"        // 体育: pitches, stadiums, tracks, golf
	useCemetery     = "cemetery"     // 墓地
	useAllotments   = "allotments"   // 园地
	useFarmland     = "farmland"     // 耕地
	useOrchard      = "orchard"      // 果园、葡萄园、苗圃
	useGrass        = "grass"        // 草地
	useForest       = "forest"       // 林地
	useScrub        = "scrub"        // 灌木
	useWetland      = "wetland"      // 湿地
	useSand         = "sand"         // 沙地、滩
	useRock         = "rock"         // 裸岩
	useIce          = "ice"          // 冰川
	useQuarry       = "quarry"       // 采矿
	useLandfill     = "landfill"     // 填埋
	useReserve      = "reserve"      // 自然保护地
	useTourism      = "tourism"      // 旅游: zoos, theme parks, camp sites
	useOther        = "other"        // a land use that the list does not name
)

var landuseKeys = []struct {
	key     string
	classes map[string]string
	other   bool // values that are not listed are useOther
}{
	{"landuse", map[string]string{
		"residential": useResidential, "commercial": useCommercial, "retail": useRetail, "industrial": useIndustrial,
		"construction": useConstruction, "brownfield": useConstruction, "greenfield": useConstruction,
		"education": useEducation, "school": useEducation, "religious": useReligious, "churchyard": useReligious, "military": useMilitary,
		"railway": useTransport, "port": useTransport, "harbour": useTransport, "depot": useTransport, "highway": useTransport,
		"garages": useParking, "recreation_ground": usePark, "village_green": usePark, "flowerbed": usePark,
		"winter_sports": useSport, "cemetery": useCemetery, "grave_yard": useCemetery, "allotments": useAllotments,
		"farmland": useFarmland, "farmyard": useFarmland, "farm": useFarmland, "field": useFarmland, "greenhouse_horticulture": useFarmland,
		"orchard": useOrchard, "vineyard": useOrchard, "plant_nursery": useOrchard,
		"grass": useGrass, "meadow": useGrass, "pasture": useGrass, "greenery": useGrass, "animal_keeping": useGrass,
		"forest": useForest, "wood": useForest, "conservation": useReserve, "nature_reserve": useReserve,
		"quarry": useQuarry, "landfill": useLandfill, "tourism": useTourism,
		"reservoir": "", "basin": "", "salt_pond": "", "pond": "", // base_water
	}, true},
	{"leisure", map[string]string{
		"park": usePark, "garden": usePark, "common": usePark, "dog_park": usePark, "playground": usePlayground,
		"pitch": useSport, "stadium": useSport, "sports_centre": useSport, "golf_course": useSport, "track": useSport,
		"miniature_golf": useSport, "horse_riding": useSport, "water_park": useSport, "nature_reserve": useReserve,
		"recreation_ground": usePark, "summer_camp": useTourism, "marina": useTransport,
	}, false},
	{"amenity", map[string]string{
		"school": useEducation, "university": useEducation, "college": useEducation, "kindergarten": useEducation,
		"hospital": useHospital, "clinic": useHospital, "parking": useParking, "grave_yard": useCemetery,
		"marketplace": useRetail, "bus_station": useTransport, "ferry_terminal": useTransport, "prison": useOther,
	}, false},
	{"tourism", map[string]string{
		"zoo": useTourism, "theme_park": useTourism, "camp_site": useTourism, "caravan_site": useTourism, "picnic_site": usePark,
	}, false},
	{"aeroway", map[string]string{"aerodrome": useTransport, "apron": useTransport, "heliport": useTransport}, false},
	{"highway", map[string]string{ // areas only
		"pedestrian": useSquare, "footway": useSquare, "rest_area": useTransport, "services": useTransport,
	}, false},
	{"place", map[string]string{"square": useSquare}, false},
	{"military", map[string]string{"base": useMilitary, "barracks": useMilitary, "danger_area": useMilitary, "training_area": useMilitary}, false},
	{"natural", map[string]string{
		"wood": useForest, "scrub": useScrub, "heath": useScrub, "grassland": useGrass, "fell": useGrass, "meadow": useGrass,
		"wetland": useWetland, "marsh": useWetland, "mud": useWetland, "sand": useSand, "beach": useSand, "dune": useSand, "shoal": useSand,
		"bare_rock": useRock, "scree": useRock, "shingle": useRock, "glacier": useIce,
	}, false},
	{"boundary", map[string]string{"national_park": useReserve, "protected_area": useReserve}, false},
}

// Classes of base_water: water, river, canal, lake, pond, reservoir, basin,
// lagoon, dock, pool.
func waterClass(get func(string) string) string {
	switch get("natural") {
	case "water":
		switch v := get("water"); v {
		case "river", "canal", "lake", "pond", "reservoir", "basin", "lagoon":
			return v
		case "oxbow":
			return "lake"
		case "stream", "rapids", "ditch", "drain":
			return "river"
		case "moat", "fishpond", "fish_pond", "reflecting_pool", "wastewater":
			return "pond"
		case "harbour", "lock":
			return "canal"
		}
		return "water"
	case "lake":
		return "lake"
	}
	switch get("waterway") {
	case "riverbank":
		return "river"
	case "dock", "boatyard":
		return "dock"
	}
	switch get("landuse") {
	case "reservoir":
		return "reservoir"
	case "basin", "salt_pond":
		return "basin"
	case "pond":
		return "pond"
	}
	if get("leisure") == "swimming_pool" || get("amenity") == "swimming_pool" {
		return "pool"
	}
	return ""
}

// waterwayClasses are the lines that water flows along. Dams, weirs, locks and
// the like are works in the water, not waterways.
var waterwayClasses = map[string]string{
	"river": "river", "stream": "stream", "brook": "stream", "tidal_channel": "stream", "wadi": "stream", "flowline": "stream",
	"canal": "canal", "drain": "drain", "ditch": "ditch",
}

// buildingClasses maps the values of building=*; what is not listed, "yes"
// above all, is a "building".
var buildingClasses = map[string]string{
	"house": "residential", "detached": "residential", "residential": "residential", "apartments": "residential", "terrace": "residential",
	"semidetached_house": "residential", "semi": "residential", "bungalow": "residential", "dormitory": "residential", "cabin": "residential",
	"farm": "residential", "static_caravan": "residential", "ger": "residential", "houseboat": "residential", "annexe": "residential",
	"commercial": "commercial", "office": "commercial", "retail": "commercial", "supermarket": "commercial", "shop": "commercial",
	"hotel": "commercial", "kiosk": "commercial", "mall": "commercial",
	"industrial": "industrial", "warehouse": "industrial", "factory": "industrial", "manufacture": "industrial", "storage_tank": "industrial",
	"silo": "industrial", "hangar": "industrial", "works": "industrial",
	"school": "public", "university": "public", "college": "public", "kindergarten": "public", "hospital": "public", "clinic": "public",
	"public": "public", "civic": "public", "government": "public", "fire_station": "public", "townhall": "public", "train_station": "public",
	"transportation": "public", "museum": "public", "library": "public", "stadium": "public", "grandstand": "public", "sports_hall": "public",
	"sports_centre": "public", "service": "public",
	"church": "religious", "chapel": "religious", "cathedral": "religious", "mosque": "religious", "temple": "religious",
	"synagogue": "religious", "shrine": "religious", "monastery": "religious", "pagoda": "religious",
	"barn": "agricultural", "cowshed": "agricultural", "farm_auxiliary": "agricultural", "greenhouse": "agricultural", "stable": "agricultural",
	"sty": "agricultural", "glasshouse": "agricultural",
	"garage": "garage", "garages": "garage", "parking": "garage", "carport": "garage", "shed": "garage",
	"roof": "roof", "construction": "construction", "ruins": "ruins", "collapsed": "ruins",
}
