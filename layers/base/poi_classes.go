package base

// Classes of base_poi. Each is the name of an icon of the Maki set (CC0) where
// Maki has one that fits; those it lacks are marked. Places (place=*) come as
// city, town, village, suburb, neighbourhood, hamlet and island: their labels.
//
// An object has one class, by the first key here that knows its value.
var poiKeys = []struct {
	key     string
	classes map[string]string
	other   string // for values that are not listed, where the object has a name; "": not taken
}{
	{"place", map[string]string{
		"city": "city", "town": "town", "village": "village", "suburb": "suburb", "quarter": "suburb", "borough": "suburb",
		"neighbourhood": "neighbourhood", "hamlet": "hamlet", "island": "island", // suburb … island: labels, not in Maki
	}, ""},
	{"emergency", map[string]string{"defibrillator": "defibrillator", "phone": "emergency-phone", "assembly_point": "shelter"}, ""},
	{"amenity", map[string]string{
		"police": "police", "fire_station": "fire-station", "hospital": "hospital", "clinic": "doctor", "doctors": "doctor", "dentist": "dentist",
		"pharmacy": "pharmacy", "veterinary": "veterinary", "nursing_home": "residential-community", "social_facility": "residential-community",
		"school": "school", "kindergarten": "school", "music_school": "school", "driving_school": "school", "language_school": "school", "prep_school": "school",
		"university": "college", "college": "college", "library": "library",
		"townhall": "town-hall", "courthouse": "town-hall", "public_building": "town-hall", "community_centre": "town-hall", "embassy": "embassy",
		"post_office": "post", "post_box": "post", "prison": "prison", "bank": "bank", "atm": "bank", "bureau_de_change": "bank",
		"restaurant": "restaurant", "food_court": "restaurant", "fast_food": "fast-food", "cafe": "cafe", "ice_cream": "ice-cream",
		"bar": "bar", "pub": "beer", "biergarten": "beer", "nightclub": "nightclub", "casino": "casino", "gambling": "casino", "karaoke_box": "karaoke",
		"cinema": "cinema", "theatre": "theatre", "arts_centre": "art-gallery", "music_venue": "music", "events_venue": "star", "conference_centre": "star",
		"place_of_worship": "place-of-worship", "monastery": "place-of-worship", "crematorium": "cemetery", "grave_yard": "cemetery",
		"fuel": "fuel", "charging_station": "charging-station", "parking": "parking", "car_rental": "car-rental", "car_wash": "car-repair",
		"taxi": "taxi", "bus_station": "bus", "ferry_terminal": "ferry", "bicycle_rental": "bicycle-share", "bicycle_parking": "bicycle",
		"toilets": "toilet", "drinking_water": "drinking-water", "telephone": "telephone", "recycling": "recycling", "marketplace": "shop",
		"shelter": "shelter", "bbq": "bbq", "public_bath": "swimming", "animal_shelter": "animal-shelter", "waste_transfer_station": "recycling",
		// Street furniture is city assets, not points of interest.
		"bench": "", "waste_basket": "", "waste_disposal": "", "vending_machine": "", "hunting_stand": "", "clock": "", "parking_space": "",
		"parking_entrance": "", "grit_bin": "", "fountain": "", "watering_place": "", "loading_dock": "", "lounger": "", "feeding_place": "",
	}, "marker"},
	{"healthcare", map[string]string{"hospital": "hospital", "doctor": "doctor", "clinic": "doctor", "dentist": "dentist", "pharmacy": "pharmacy",
		"blood_donation": "blood-bank"}, "doctor"},
	{"shop", map[string]string{
		"supermarket": "grocery", "convenience": "convenience", "greengrocer": "grocery", "butcher": "slaughterhouse", "bakery": "bakery",
		"alcohol": "alcohol-shop", "wine": "alcohol-shop", "confectionery": "confectionery", "pastry": "bakery", "tea": "teahouse", "coffee": "cafe",
		"clothes": "clothing-store", "boutique": "clothing-store", "shoes": "shoe", "jewelry": "jewelry-store", "watches": "watch", "optician": "optician",
		"hairdresser": "hairdresser", "beauty": "hairdresser", "laundry": "laundry", "dry_cleaning": "laundry", "chemist": "pharmacy",
		"florist": "florist", "garden_centre": "garden-centre", "furniture": "furniture", "hardware": "hardware", "doityourself": "hardware", "paint": "paint",
		"mobile_phone": "mobile-phone", "gift": "gift", "music": "music", "musical_instrument": "music", "bicycle": "bicycle", "scuba_diving": "swimming",
		"car": "car", "car_repair": "car-repair", "car_parts": "car-repair", "tyres": "car-repair", "motorcycle": "scooter", "ticket": "star",
		"mall": "shop", "department_store": "shop", "books": "library", "art": "art-gallery", "travel_agency": "suitcase", "storage_rental": "warehouse",
		"vacant": "", "no": "",
	}, "shop"},
	{"tourism", map[string]string{
		"hotel": "lodging", "motel": "lodging", "hostel": "lodging", "guest_house": "lodging", "apartment": "lodging", "chalet": "lodging",
		"alpine_hut": "shelter", "wilderness_hut": "shelter", "camp_site": "campsite", "caravan_site": "campsite", "picnic_site": "picnic-site",
		"attraction": "attraction", "artwork": "art-gallery", "gallery": "art-gallery", "museum": "museum", "viewpoint": "viewpoint",
		"zoo": "zoo", "aquarium": "aquarium", "theme_park": "amusement-park", "information": "information",
	}, "attraction"},
	{"leisure", map[string]string{
		"park": "park", "garden": "garden", "playground": "playground", "sports_centre": "fitness-centre", "fitness_centre": "fitness-centre",
		"stadium": "stadium", "golf_course": "golf", "miniature_golf": "golf", "swimming_pool": "", "swimming_area": "swimming", "water_park": "swimming",
		"dog_park": "dog-park", "ice_rink": "skiing", "marina": "harbor", "slipway": "slipway", "bowling_alley": "bowling-alley", "dance": "music",
		"horse_riding": "horse-riding", "nature_reserve": "park-alt1", "amusement_arcade": "gaming", "firepit": "bbq", "picnic_table": "",
	}, ""},
	{"railway", map[string]string{"station": "rail", "halt": "rail", "tram_stop": "rail-light", "subway_entrance": "rail-metro"}, ""},
	{"highway", map[string]string{"bus_stop": "bus", "services": "highway-rest-area", "rest_area": "highway-rest-area"}, ""},
	{"public_transport", map[string]string{"station": "rail"}, ""},
	{"aeroway", map[string]string{"aerodrome": "airport", "heliport": "heliport", "terminal": "airport"}, ""},
	{"aerialway", map[string]string{"station": "aerialway"}, ""},
	{"office", map[string]string{"government": "town-hall", "diplomatic": "embassy", "yes": "commercial"}, "commercial"},
	{"craft", nil, "hardware"},
	{"historic", map[string]string{"castle": "castle", "monument": "monument", "memorial": "monument", "ruins": "historic", "archaeological_site": "historic",
		"wayside_cross": "", "wayside_shrine": "", "boundary_stone": ""}, "historic"},
	{"man_made", map[string]string{"lighthouse": "lighthouse", "windmill": "windmill", "watermill": "watermill", "observatory": "observation-tower",
		"works": "industry", "wastewater_plant": "industry", "water_works": "industry"}, ""},
	{"natural", map[string]string{"peak": "mountain", "volcano": "volcano", "hot_spring": "hot-spring", "beach": "beach", "spring": "water", "cave_entrance": "natural"}, ""},
	{"waterway", map[string]string{"waterfall": "waterfall"}, ""},
	{"landuse", map[string]string{"cemetery": "cemetery"}, ""},
}
