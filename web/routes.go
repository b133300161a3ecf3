package web

import (
	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/access"
	"onemap/layers/alert"
	"onemap/layers/catalog"
	"onemap/layers/class"
	"onemap/layers/evaluate"
	"onemap/layers/incident"
	"onemap/layers/task"
	"onemap/layers/upload"
)

// routes is every address that the server answers, and who may call it. The
// tests walk this table with every role.
func (s *Server) routes() []route {
	admins := only(access.Administrator)
	security := only(access.SecurityAdministrator)
	threeAdmins := only(access.Administrator, access.SecurityAdministrator, access.Auditor)
	officers := only(access.DepartmentOfficer)

	return []route{
		// Who is calling.
		{"POST", "/api/v1/session", everybody, "signIn", "session", "Sign in", call(s.signIn), []option{rate(30)}},
		{"GET", "/api/v1/session", anyone, "getSession", "session", "Who am I", call(s.getSession), nil},
		{"DELETE", "/api/v1/session", everybody, "signOut", "session", "Sign out", plain(s.signOut, answers(204, "", "Signed out")), nil},
		{"PUT", "/api/v1/session/password", signedIn, "changePassword", "session", "Change my password", call(s.changePassword), []option{rate(30)}},
		{"GET", "/api/v1/settings", anyone, "getSettings", "session", "The city's name, and where to look first", call(s.settings), nil},

		// The map.
		{"GET", "/api/v1/layers", anyone, "listLayers", "layers", "The layers that I may see", call(s.listLayers), []option{openCORS}},
		{"GET", "/api/v1/layers/{layer}", anyone, "getLayer", "layers", "One layer", call(s.getLayer), []option{openCORS}},
		{"GET", "/api/v1/layers/{layer}/features", anyone, "listFeatures", "layers", "Features of a layer, by id, a page at a time",
			plain(s.listFeatures, inPath("layer", "Name"), filterParams, propertiesParam,
				limitParam, inQuery("after", "Features with larger ids: as the link next has it"),
				answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{openCORS, produces("application/geo+json", "application/json")}},
		{"GET", "/api/v1/layers/{layer}/features/{id}", anyone, "getFeature", "layers", "One feature",
			plain(s.getFeature, inPath("layer", "Name"), inPath("id", "Number"), propertiesParam,
				answers(200, "application/geo+json", "A GeoJSON Feature")), []option{openCORS, produces("application/geo+json", "application/json")}},
		{"GET", "/api/v1/layers/{layer}/export", anyone, "exportLayer", "layers", "A whole layer as a file, by right; who takes it is recorded",
			plain(s.export, inPath("layer", "Name"), filterParams, propertiesParam,
				param("query", "format", "Left out: geojson. gpkg is GeoPackage, fgb FlatGeobuf; pmtiles and mbtiles are archives of vector tiles", "geojson", "ndjson", "csv", "gpkg", "fgb", "pmtiles", "mbtiles"),
				inQuery("minzoom", "Smallest zoom of an archive; left out: the layer's"), inQuery("maxzoom", "Largest zoom of an archive; left out: 14, or from where on the layer shows each feature"),
				exportAnswer), []option{stream, openCORS}},
		{"GET", tilePattern, anyone, "getTile", "tiles", "A Mapbox Vector Tile of one layer or several; of layers of counts (population, population_od) the latest hour, where datetime is left out",
			plain(s.getTile, inPath("layers", "Names, separated by commas"), inPath("z", "Zoom, 0 to 22"), inPath("x", "Column"), inPath("y", "Row, from the north"), filterParams, propertiesParam,
				inQuery("since", "A place in the log, as the header Onemap-Cursor gives it, or a pg_lsn: the tile holds every change up to it"),
				answers(200, "application/vnd.mapbox-vector-tile", "The tile"), answers(204, "", "Nothing is there"), answers(304, "", "As the client has it")), []option{openCORS}},
		{"GET", tileJSONPattern, anyone, "getTileJSON", "tiles", "What the tiles of one layer or several hold (TileJSON 3)",
			plain(s.getTileJSON, inPath("layers", "Names, separated by commas"), filterParams, propertiesParam, answers(200, "application/json", "TileJSON 3.0.0")), []option{openCORS}},
		{"GET", pmtilesPattern, everybody, "getPMTiles", "tiles", "An archive of tiles that are open to the public (PMTiles 3), in ranges of bytes; it may be a little behind the tiles",
			plain(s.getPMTiles, inPath("name", "Name"), answers(200, "application/vnd.pmtiles", "The whole file"), answers(206, "application/vnd.pmtiles", "The bytes that the header Range asks for"),
				answers(304, "", "As the client has it"), answers(416, "", "The file has no such bytes")), []option{stream, openCORS}},
		{"GET", "/api/v1/search", anyone, "search", "map", "Find by name, code or number", call(s.search), nil},
		{"GET", "/api/v1/at", anyone, "whatIsAt", "map", "What is here", call(s.at), nil},
		{"GET", "/api/v1/population/hours", anyone, "listPopulationHours", "map", "Hours that the population layer has", call(s.populationHours), nil},

		// Addresses: text to place and back.
		{"GET", "/api/v1/addresses", anyone, "findAddress", "addresses", "Where an address may be, with confidence; also as it is typed", call(s.findAddress), []option{openCORS}},
		{"GET", "/api/v1/addresses/at", anyone, "addressAt", "addresses", "How a place is called", call(s.addressAt), []option{openCORS}},
		{"POST", "/api/v1/addresses/batch", signedIn, "findAddresses", "addresses", "Many addresses and places at once", call(s.addressBatch), []option{body(256 << 10), rate(60)}},

		// The same for GIS programs, by the standards of the OGC: see ogc.go.
		{"GET", "/ogc", anyone, "ogc.getLandingPage", "ogc", "Landing page", plain(s.ogcGet(s.ogcLanding), answers(200, "application/json", "Links"), formatParam), ogcRead},
		{"GET", "/ogc/api", anyone, "ogc.getAPI", "ogc", "This description as OpenAPI 3.0",
			plain(s.ogcGet(s.ogcAPI), answers(200, openAPIType, "OpenAPI 3.0"), formatParam), ogcRead},
		{"GET", "/ogc/conformance", anyone, "ogc.getConformance", "ogc", "What it conforms to",
			plain(s.ogcGet(s.ogcConformance), answers(200, "application/json", "Conformance classes"), formatParam), ogcRead},
		{"GET", "/ogc/collections", anyone, "ogc.getCollections", "ogc", "The layers as collections",
			plain(s.ogcGet(s.ogcCollections), answers(200, "application/json", "Collections"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}", anyone, "ogc.getCollection", "ogc", "One collection",
			plain(s.ogcGet(s.ogcCollection), inPath("layer", "Name"), answers(200, "application/json", "A collection"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}/items", anyone, "ogc.getFeatures", "ogc", "Features of a collection",
			plain(ogc(s.ogcItems), inPath("layer", "Name"), answers(200, geoJSONType, "A GeoJSON FeatureCollection"), itemsDescribed), ogcRead},
		{"GET", "/ogc/collections/{layer}/items/{id}", anyone, "ogc.getFeature", "ogc", "One feature",
			plain(ogc(s.ogcItem), inPath("layer", "Name"), inPath("id", "Number"), crsParam, answers(200, geoJSONType, "A GeoJSON Feature"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}/queryables", anyone, "ogc.getQueryables", "ogc", "What a filter may ask of a collection's features",
			plain(s.ogcGet(s.ogcQueryables), inPath("layer", "Name"), answers(200, schemaType, "A JSON Schema"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}/schema", anyone, "ogc.getSchema", "ogc", "The fields of a collection's features, and which of them I may write",
			plain(s.ogcGet(s.ogcSchema), inPath("layer", "Name"), answers(200, schemaType, "A JSON Schema"), formatParam), ogcRead},
		{"OPTIONS", "/ogc/collections/{layer}/items", anyone, "ogc.getFeaturesOptions", "ogc", "What I may do with the features of a collection",
			plain(s.ogcOptions, inPath("layer", "Name"), answers(200, "", "See the header Allow")), []option{openCORS}},
		{"OPTIONS", "/ogc/collections/{layer}/items/{id}", anyone, "ogc.getFeatureOptions", "ogc", "What I may do with a feature",
			plain(s.ogcOptions, inPath("layer", "Name"), inPath("id", "Number"), answers(200, "", "See the header Allow")), []option{openCORS}},
		{"POST", "/ogc/collections/{layer}/items", officers, "ogc.createFeature", "ogc", "Make a feature of a layer that one's organisation owns",
			plain(s.ogcCreate, inPath("layer", "Name"), takesFeature(featureTypes...), answers(201, geoJSONType, "Made; the header Location says where")), ogcWrite},
		{"PUT", "/ogc/collections/{layer}/items/{id}", officers, "ogc.replaceFeature", "ogc", "Replace a feature; If-Match has the ETag that was read",
			plain(s.ogcReplace, inPath("layer", "Name"), inPath("id", "Number"), takesFeature(featureTypes...), answers(200, geoJSONType, "Replaced"), answers(204, "", "Replaced"), ifMatchParam), ogcWrite},
		{"PATCH", "/ogc/collections/{layer}/items/{id}", officers, "ogc.updateFeature", "ogc", "Change some fields of a feature: a JSON merge patch (RFC 7396)",
			plain(s.ogcUpdate, inPath("layer", "Name"), inPath("id", "Number"), takesFeature(mergePatch), answers(200, geoJSONType, "Changed"), answers(204, "", "Changed"), ifMatchParam), ogcWrite},
		{"DELETE", "/ogc/collections/{layer}/items/{id}", officers, "ogc.deleteFeature", "ogc", "Delete a feature",
			plain(s.ogcDelete, inPath("layer", "Name"), inPath("id", "Number"), answers(204, "", "Deleted"), ifMatchParam), ogcWrite},

		// Tiles in three tile matrix sets: OGC API Tiles.
		{"GET", "/ogc/tileMatrixSets", anyone, "ogc.getTileMatrixSetsList", "ogc", "Tile matrix sets",
			plain(s.ogcGet(s.ogcMatrixSets), answers(200, "application/json", "Tile matrix sets"), formatParam), ogcRead},
		{"GET", "/ogc/tileMatrixSets/{tms}", anyone, "ogc.getTileMatrixSet", "ogc", "One tile matrix set (17-083r4)",
			plain(s.ogcGet(s.ogcMatrixSet), inPath("tms", "WebMercatorQuad, WorldCRS84Quad or CGCS2000Quad"), answers(200, "application/json", "A tile matrix set"), formatParam), ogcRead},
		{"GET", "/ogc/tiles", anyone, "ogc.dataset.vector.getTileSetsList", "ogc", "Tilesets of the dataset",
			plain(s.ogcGet(s.ogcTilesets, "collections"), collectionsParam, answers(200, "application/json", "Tilesets"), formatParam), ogcRead},
		{"GET", "/ogc/tiles/{tms}", anyone, "ogc.dataset.vector.getTileSet", "ogc", "One tileset of the dataset: of the base library, or of the collections named",
			plain(s.ogcGet(s.ogcTileset, "collections"), inPath("tms", "Tile matrix set"), collectionsParam, answers(200, "application/json", "A tileset"), formatParam), ogcRead},
		{"GET", "/ogc/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}", anyone, "ogc.dataset.vector.getTile", "ogc", "A tile of the dataset",
			plain(ogc(s.ogcTile), inPath("tms", "Tile matrix set"), tileAddressParams, collectionsParam, filterParams, propertiesParam,
				answers(200, "application/vnd.mapbox-vector-tile", "The tile"), answers(204, "", "Nothing is there")), []option{openCORS, tileTypes}},
		{"GET", "/ogc/collections/{layer}/tiles", anyone, "ogc.collection.vector.getTileSetsList", "ogc", "Tilesets of a collection",
			plain(s.ogcGet(s.ogcTilesets), inPath("layer", "Name"), answers(200, "application/json", "Tilesets"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}/tiles/{tms}", anyone, "ogc.collection.vector.getTileSet", "ogc", "One tileset of a collection",
			plain(s.ogcGet(s.ogcTileset), inPath("layer", "Name"), inPath("tms", "Tile matrix set"), answers(200, "application/json", "A tileset"), formatParam), ogcRead},
		{"GET", "/ogc/collections/{layer}/tiles/{tms}/{tileMatrix}/{tileRow}/{tileCol}", anyone, "ogc.collection.vector.getTile", "ogc", "A tile of a collection",
			plain(ogc(s.ogcTile), inPath("layer", "Name"), inPath("tms", "Tile matrix set"), tileAddressParams, filterParams, propertiesParam,
				answers(200, "application/vnd.mapbox-vector-tile", "The tile"), answers(204, "", "Nothing is there")), []option{openCORS, tileTypes}},

		// Styles for MapLibre, QGIS and their like.
		{"GET", "/ogc/styles", anyone, "ogc.getStyles", "ogc", "Styles of the base map and of each layer",
			plain(s.ogcGet(s.ogcStyles), answers(200, "application/json", "Styles"), formatParam), ogcRead},
		{"GET", "/ogc/styles/{style}", anyone, "ogc.getStyle", "ogc", "A MapLibre style with the addresses of its tiles; they take the same key",
			plain(s.ogcGet(s.ogcStyle, "base"), inPath("style", "base, base-dark or the name of a layer"), param("query", "base", "Whether the base map lies under a layer", "true", "false"),
				answers(200, styleType, "A style"), formatParam), ogcRead},

		// Incidents.
		{"POST", "/api/v1/incidents", onlyReporters, "reportIncident", "incidents", "Report an incident; sent again with its uuid, it is the same report",
			call(s.report), []option{created(), also(200, "It was reported before; here is what became of it")}},
		{"GET", "/api/v1/incidents", signedIn, "listIncidents", "incidents", "Incidents, the latest first", call(s.listIncidents), nil},
		{"GET", "/api/v1/incidents/{id}", signedIn, "getIncident", "incidents", "One incident with its flow and photos", call(s.getIncident), nil},
		{"POST", "/api/v1/incidents/{id}/actions", onlyHandlers, "actOnIncident", "incidents", "File, dispatch, accept, return, feed back, close …", call(s.act), nil},
		{"GET", "/api/v1/incidents/{id}/duplicates", signedIn, "listDuplicates", "incidents", "Open cases of the same class near by, that may be the same matter", call(s.getDuplicates), nil},
		{"GET", "/api/v1/incidents/{id}/suggestion", onlyHandlers, "getSuggestion", "incidents", "Whose matter it is by the rules, and which workers are near by road", call(s.getSuggestion), nil},
		{"GET", "/api/v1/flow", anyone, "getFlow", "incidents", "The stages and states of a case, and who may do what in each: the table that the server itself goes by", call(s.getFlow), []option{openCORS}},
		{"GET", "/api/v1/queue", signedIn, "getQueue", "incidents", "How many open cases stand where, with green, yellow and red clocks, and how many wait for the caller", call(s.getQueue), nil},
		{"GET", "/api/v1/stats", signedIn, "getStats", "incidents", "Counts over the list of incidents", call(s.stats), nil},
		{"POST", "/api/v1/photos", onlyReporters, "uploadPhoto", "incidents", "Upload a photo, to be named in a report",
			plain(s.putPhoto, takes(photoTypes...), answersWith[incident.Photo](201, "Kept")), []option{body(incident.MaxPhotoBytes), stream, produces("application/json")}},
		{"GET", "/api/v1/photos/{id}", signedIn, "getPhoto", "incidents", "A photo",
			plain(s.getPhoto, inPath("id", "SHA-256"), param("query", "size", "Left out: full", "full", "thumb"), answers(200, "image/jpeg", "The photo")), nil},

		// Tasks in the field: verify, check, patrol, visit, re-check.
		{"GET", "/api/v1/tasks", onlyField, "listTasks", "tasks", "Tasks that I may see; mine: those that I am to do", call(s.listTasks), nil},
		{"POST", "/api/v1/tasks", onlyPlanners, "createTask", "tasks", "Make a patrol or a visit", call(s.createTask), []option{created(), body(maxTaskBody), also(200, "It was made before; here is what became of it")}},
		{"GET", "/api/v1/tasks/{id}", onlyField, "getTask", "tasks", "One task with what is needed to do it", call(s.getTask), nil},
		{"POST", "/api/v1/tasks/{id}/result", only(access.GridWorker), "finishTask", "tasks", "Finish a task; sent again with its uuid, it is the same result", call(s.finishTask), []option{body(maxTaskBody)}},
		{"POST", "/api/v1/tasks/{id}/points", only(access.GridWorker), "visitPoint", "tasks", "A patrol's point is visited or skipped; the last one finishes the patrol", call(s.visitPoint), nil},
		{"POST", "/api/v1/tasks/{id}/actions", only(access.CommandCentre, access.DepartmentOfficer, access.Planner), "changeTask", "tasks", "Assign a task to somebody else, or cancel it", call(s.changeTask), nil},
		{"GET", "/api/v1/patrol-schedules", onlyPlanners, "listPatrolSchedules", "tasks", "Patrols that come again", call(s.listSchedules), nil},
		{"POST", "/api/v1/patrol-schedules", onlyPlanners, "createPatrolSchedule", "tasks", "Make a patrol that comes again: each of its days gets a task", call(s.createSchedule), []option{created(), body(maxTaskBody)}},
		{"DELETE", "/api/v1/patrol-schedules/{id}", onlyPlanners, "endPatrolSchedule", "tasks", "End a patrol that comes again; tasks made stay", call(s.endSchedule), nil},
		{"GET", "/api/v1/checklists", signedIn, "listChecklists", "tasks", "Checklists of visits, in their current versions", call(s.checklists), nil},
		{"GET", "/api/v1/checklists/{code}", signedIn, "getChecklist", "tasks", "A checklist, in any of its versions", call(s.checklist), nil},
		{"PUT", "/api/v1/checklists/{code}", only(access.Administrator), "putChecklist", "tasks", "Make a new version of a checklist, or a new one; older versions stay", call(s.putChecklist), []option{body(maxTaskBody)}},

		// Hazards.
		{"GET", "/api/v1/hazard-flow", signedIn, "getHazardFlow", "hazards", "What may happen to a hazard, and who may do it", call(s.hazardFlow), nil},
		{"POST", "/api/v1/hazards", onlyHazards, "reportHazard", "hazards", "Report a hazard; sent again with its uuid, it is the same report", call(s.reportHazard),
			[]option{created(), also(200, "It was reported before; here is what became of it")}},
		{"GET", "/api/v1/hazards", signedIn, "listHazards", "hazards", "Hazards, the latest found first", call(s.listHazards), nil},
		{"GET", "/api/v1/hazards/{id}", signedIn, "getHazard", "hazards", "One hazard with its plan, flow and photos", call(s.getHazard), nil},
		{"POST", "/api/v1/hazards/{id}/actions", onlyHazards, "actOnHazard", "hazards", "Register, assess, rectify, check again, close …: see /api/v1/hazard-flow", call(s.actOnHazard), nil},

		// What a worker's phone keeps for working without signal.
		{"GET", "/api/v1/phone", onlyField, "getPhone", "phone", "My grids with outlines, the tiles to keep, checklists, settings",
			plain(s.getPhone, answersWith[task.Pack](200, "What to keep"), answers(304, "", "As the client has it")), []option{produces("application/json")}},
		{"GET", "/api/v1/phone/assets", onlyField, "getPhoneAssets", "phone", "The assets in my grids, compact",
			plain(s.getPhoneAssets, inQuery("after", "Assets with larger ids: as an earlier answer's next has it"), inQuery("limit", "1 to 50,000; left out: 20,000"),
				answersWith[task.PackAssets](200, "A page of assets"), answers(304, "", "As the client has it")), []option{produces("application/json")}},
		{"GET", "/api/v1/assets", signedIn, "findAsset", "phone", "An asset by its code, with the class to report it by and whose it is", call(s.assetByCode), nil},

		// Connected (3): the inbound bridge, Open311 GeoReport v2.
		{"POST", "/api/v1/bridge/{source}", bridgers, "bridgeReceive", "bridge", "Hand in a case of another system, or what became known of it; its id is the key",
			call(s.bridgeReceive), []option{created(), also(200, "It is there already; changed says what the message changed")}},
		{"GET", "/api/v1/bridge/{source}/{external}", bridgers, "bridgeCase", "bridge", "What became of another system's case", call(s.bridgeCase), nil},
		{"GET", "/api/v1/bridges", only(access.Administrator, access.CommandCentre), "listBridges", "bridge", "Bridges", call(s.listBridges), nil},
		{"PUT", "/api/v1/bridges/{source}", admins, "putBridge", "bridge", "Make or change a bridge, and say whose accounts use it", call(s.putBridge), nil},
		{"GET", "/api/v1/bridges/{source}/classes", only(access.Administrator, access.CommandCentre), "bridgeClasses", "bridge", "The other system's words for our classes", call(s.bridgeClasses), nil},
		{"PUT", "/api/v1/bridges/{source}/classes", admins, "putBridgeClasses", "bridge", "Set them, all at once", call(s.putBridgeClasses), []option{body(1 << 20)}},
		{"GET", "/open311/v2/discovery.{format}", openCaller, "open311Discovery", "open311", "Where the service is", plain(s.open311(s.openDiscovery), openFormats), openRead},
		{"GET", "/open311/v2/services.{format}", openCaller, "open311Services", "open311", "What may be reported", plain(s.open311(s.openServices), openFormats), openRead},
		{"GET", "/open311/v2/services/{service_code}.{format}", openCaller, "open311Service", "open311", "What a report of a service may say",
			plain(s.open311(s.openService), inPath("service_code", "Code"), openFormats), openRead},
		{"GET", "/open311/v2/requests.{format}", openCaller, "open311Requests", "open311", "Requests, the latest first",
			plain(s.open311(s.openRequests), openParams, openFormats), openRead},
		{"POST", "/open311/v2/requests.{format}", openCaller, "open311Report", "open311", "Report; by a reporter's api_key or, where the city allows it, by anyone",
			plain(s.open311(s.openReport), takes("application/x-www-form-urlencoded", "multipart/form-data"), openFormats), []option{body(openBodyBytes), writeCORS, rate(300)}},
		{"GET", "/open311/v2/requests/{service_request_id}.{format}", openCaller, "open311Request", "open311", "One request",
			plain(s.open311(s.openRequest), inPath("service_request_id", "Number"), openFormats), openRead},
		{"GET", "/open311/v2/tokens/{token}.{format}", openCaller, "open311Token", "open311", "The number of a request by its token",
			plain(s.open311(s.openToken), inPath("token", "Token"), openFormats), openRead},

		// Connected (2): alerts, CAP 1.2.
		{"GET", "/api/v1/alerts", signedIn, "listAlerts", "alerts", "Alerts, the latest first", call(s.listAlerts), nil},
		{"POST", "/api/v1/alerts", commanders, "issueAlert", "alerts", "Issue an alert", call(s.issueAlert), []option{created(), body(1 << 20)}},
		{"GET", "/api/v1/alerts/{id}", signedIn, "getAlert", "alerts", "One alert", call(s.getAlert), nil},
		{"POST", "/api/v1/alerts/{id}/update", commanders, "updateAlert", "alerts", "Issue another in its place", call(s.updateAlert), []option{created(), body(1 << 20)}},
		{"POST", "/api/v1/alerts/{id}/cancel", commanders, "cancelAlert", "alerts", "Issue its end", call(s.cancelAlert), []option{created()}},
		{"POST", "/cap/alerts", commanders, "receiveAlert", "alerts", "Hand in a CAP 1.2 message of another sender; the same message again is known",
			plain(s.receiveAlert, takes(capTypes...), answersWith[alertInfo](201, "Kept"), answersWith[alertInfo](200, "It was kept before")), []option{body(alert.MaxBytes), produces("application/json")}},
		{"GET", "/cap/alerts.atom", everybody, "getAlertFeed", "alerts", "Alerts in force that are public and actual, as an Atom feed",
			plain(s.getAlertFeed, answers(200, "application/atom+xml", "Atom")), []option{openCORS, rate(120)}},
		{"GET", "/cap/{file}", anyone, "getCAP", "alerts", "An alert as CAP 1.2: identifier.xml; public and actual ones for anyone",
			plain(s.getCAP, inPath("file", "Identifier and .xml"), answers(200, "application/cap+xml", "CAP 1.2")), []option{openCORS, rate(300)}},

		// Connected (1): webhooks.
		{"GET", "/api/v1/webhooks", admins, "listWebhooks", "webhooks", "Webhooks", call(s.listWebhooks), nil},
		{"POST", "/api/v1/webhooks", admins, "createWebhook", "webhooks", "Make a webhook; its secret is shown this once", call(s.createWebhook), []option{created()}},
		{"GET", "/api/v1/webhooks/{id}", admins, "getWebhook", "webhooks", "One webhook", call(s.getWebhook), nil},
		{"PUT", "/api/v1/webhooks/{id}", admins, "changeWebhook", "webhooks", "Change, pause or resume a webhook", call(s.changeWebhook), nil},
		{"DELETE", "/api/v1/webhooks/{id}", admins, "deleteWebhook", "webhooks", "Forget a webhook", call(s.deleteWebhook), nil},
		{"POST", "/api/v1/webhooks/{id}/secret", admins, "newWebhookSecret", "webhooks", "Give it another secret; the old one signs along for a day", call(s.newWebhookSecret), []option{created()}},
		{"GET", "/api/v1/webhooks/{id}/deliveries", admins, "listDeliveries", "webhooks", "What was and is to be sent", call(s.listDeliveries), nil},
		{"POST", "/api/v1/webhooks/{id}/replay", admins, "replayWebhook", "webhooks", "Send again: one delivery, or those of a time", call(s.replayWebhook), nil},
		{"POST", "/api/v1/webhooks/{id}/test", admins, "testWebhook", "webhooks", "Send a word now, and say what became of it", call(s.testWebhook), []option{rate(30)}},

		// Positions of staff on duty, and fences.
		{"PUT", "/api/v1/positions", only(access.GridWorker), "setPosition", "positions", "Where I am: puts me on duty and on the map. The answer comes when it is committed", call(s.setPosition), nil},
		{"POST", "/api/v1/positions", only(access.GridWorker, access.Gateway), "setPositions", "positions", "Positions kept while there was no signal; or, from a gateway, those of many workers. Sent again, they are the same",
			call(s.setPositions), []option{body(512 << 10)}},
		{"DELETE", "/api/v1/positions", only(access.GridWorker), "goOffDuty", "positions", "Off duty: takes me off the map", call(s.offDuty), nil},
		{"GET", "/api/v1/positions/history", only(access.GridWorker, access.CommandCentre), "getPositionHistory", "positions",
			"Where I was on duty, and who looked; or where a worker of the command centre's area was, with a reason that is audited", call(s.positionHistory), nil},
		{"GET", "/api/v1/fences", signedIn, "listFences", "positions", "Fences that were drawn, by right: none for who may not see the layer", call(s.listFences), nil},
		{"POST", "/api/v1/fences", onlyDrawers, "createFence", "positions", "Draw a fence", call(s.createFence), []option{created(), body(256 << 10)}},
		{"PUT", "/api/v1/fences/{id}", onlyDrawers, "updateFence", "positions", "Draw a fence anew", call(s.updateFence), []option{body(256 << 10)}},
		{"DELETE", "/api/v1/fences/{id}", onlyDrawers, "endFence", "positions", "End a fence: who is in it leaves it", call(s.endFence), nil},

		// Evaluation.
		{"GET", "/api/v1/evaluation", evaluators, "getEvaluation", "evaluation", "How cases were handled: counts, rates, grades and scores of areas, departments or posts in a period, beside the period before and a year ago",
			plain(s.getEvaluation, evaluationParams, param("query", "compare", "Whether other periods are counted too. Left out: true", "true", "false"),
				answersWith[evaluate.Report](200, "The report"), sheetAnswers), []option{producesSheets}},
		{"GET", "/api/v1/evaluation/cases", evaluators, "listEvaluationCases", "evaluation", "The cases behind a number of a report: as many as it says",
			plain(s.getEvaluationCases, evaluationParams, inQuery("count", "The count's name, as in the report's definitions"), inQuery("key", "Of the row. Left out: of the total"),
				inQuery("until", "period.until of the report, where the period has not ended"), inQuery("page", "What an earlier answer called next"), limitParam,
				answersWith[evaluationCases](200, "The cases"), sheetAnswers), []option{producesSheets}},
		{"GET", "/api/v1/evaluation/rules", signedIn, "getEvaluationRules", "evaluation", "The grades and the weights of the scores, all versions", call(s.getEvaluationRules), nil},
		{"PUT", "/api/v1/evaluation/rules", admins, "setEvaluationRules", "evaluation", "New grades and weights, from a date on that has not passed", call(s.setEvaluationRules), nil},
		{"GET", "/api/v1/incidents/export", signedIn, "exportIncidents", "incidents", "The list of incidents for Excel, by right; who takes it is recorded",
			plain(s.exportIncidents, filterParams, param("query", "mine", "The caller's own reports", "true", "false"), inQuery("q", "A number, or words of the description or the place"),
				param("query", "format", "Left out: xlsx", "xlsx", "csv"), param("query", "lang", "Of the headings. Left out: zh", "zh", "en"),
				answers(200, sheetTypes["xlsx"], "The sheet"), func(op *huma.Operation) {
					op.Responses["200"].Content[sheetTypes["csv"]] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
				}), []option{stream}},

		// Classes, conditions, rules, calendar.
		{"GET", "/api/v1/classes", anyone, "listClasses", "classes", "Classes of components and matters that are in use", call(s.classes), []option{openCORS}},
		{"GET", "/api/v1/class-editions", anyone, "listEditions", "classes", "The lists that there are, and how far to trust them", call(s.editions), []option{openCORS}},
		{"PUT", "/api/v1/class-editions/{standard}", classEditors, "putEdition", "classes", "Say whether new cases may be of a list", call(s.putEdition), nil},
		{"POST", "/api/v1/classes", classEditors, "extendClasses", "classes", "Add a class of the city's own to a national list; it gets the next code from the top down", call(s.extendClasses), []option{created()}},
		{"GET", "/api/v1/classes/{standard}/{kind}/{code}", signedIn, "getClass", "classes", "One class with its conditions, limits, rules and crosswalk", call(s.getClass), nil},
		{"PUT", "/api/v1/classes/{standard}/{kind}/{code}", classEditors, "putClass", "classes", "Change a class", call(s.putClass), nil},
		{"PUT", "/api/v1/classes/{standard}/{kind}/{code}/conditions/{condition}", classEditors, "putCondition", "classes", "Make or change a filing condition and its limits", call(s.putCondition), nil},
		{"GET", "/api/v1/class-conditions", signedIn, "getConditions", "classes", "The filing conditions and limits as CSV",
			plain(s.getConditions, inQuery("edition", "A list by its standard; left out: all"), answers(200, "text/csv", "UTF-8 with a byte order mark")), []option{produces("text/csv")}},
		{"POST", "/api/v1/class-conditions", classEditors, "putConditions", "classes", "Take a CSV of filing conditions, as it is given out; wrong lines are rejected one by one",
			plain(s.putConditions, takes("text/csv"), param("query", "try", "true: write nothing, only say what would be", "true", "false"), inQuery("reason", "Why, for the record"),
				answersWith[class.FileTaken](200, "What became of the lines")), []option{body(maxConditionFile), produces("application/json")}},
		{"GET", "/api/v1/class-rules", signedIn, "listRules", "classes", "Whose matter what is", call(s.listRules), nil},
		{"POST", "/api/v1/class-rules", classEditors, "addRule", "classes", "Set whose matter a class is, in a grid, a division or everywhere", call(s.addRule), []option{created()}},
		{"DELETE", "/api/v1/class-rules/{id}", classEditors, "endRule", "classes", "Take a rule out of force", call(s.endRule), nil},
		{"GET", "/api/v1/responsible", signedIn, "getResponsible", "classes", "Whose matter a class is at a place, and by what", call(s.responsible), nil},
		{"GET", "/api/v1/class-crosswalk", anyone, "getCrosswalk", "classes", "What classes of older lists became, with how sure that is", call(s.crosswalk), []option{openCORS}},
		{"GET", "/api/v1/class-history", signedIn, "getClassHistory", "classes", "What administrators changed, with what was there before", call(s.classHistory), nil},
		{"POST", "/api/v1/class-history/{id}/restore", classEditors, "restoreClass", "classes", "Put back what was there before a change", call(s.restoreClass), nil},
		{"GET", "/api/v1/calendar", signedIn, "getCalendar", "classes", "Office hours, holidays and made-up days of a year", call(s.getCalendar), nil},
		{"PUT", "/api/v1/calendar", classEditors, "putCalendar", "classes", "Set the holidays and made-up days of a year", call(s.putCalendar), nil},

		// Grids by date, and drafts of grids: see grids.go.
		{"GET", "/api/v1/grids", anyone, "listGrids", "grids", "The governance grids that were in force on a day",
			plain(s.gridsByDate, inQuery("date", "The day, YYYY-MM-DD; left out: today"), param("query", "layer", "Left out: grid_unit", "grid_unit", "grid_duty", "grid_community"),
				inQuery("bbox", "west,south,east,north in degrees"), inQuery("area", "The first digits of an administrative division's code"), limitParam,
				inQuery("after", "Grids with larger ids: as the link next has it"), answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{openCORS, produces("application/geo+json", "application/json")}},
		{"GET", "/api/v1/grids/{layer}/{code}", anyone, "getGridVersions", "grids", "The versions of one grid",
			plain(s.gridVersions, inPath("layer", "grid_unit, grid_duty or grid_community"), inPath("code", "Code"), limitParam,
				inQuery("after", "Versions with larger ids: as the link next has it"), answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{openCORS, produces("application/geo+json", "application/json")}},
		{"POST", "/api/v1/grids/check", admins, "checkGrids", "grids", "Check the grids that are, or were, in force", call(s.checkGrids), []option{stream}},
		{"GET", "/api/v1/grid-drafts", signedIn, "listGridDrafts", "grids", "Drafts of grids", call(s.listGridDrafts), nil},
		{"POST", "/api/v1/grid-drafts", admins, "createGridDraft", "grids", "Draw unit grids, or take over what is in force, as a draft; it is made in the background", call(s.createGridDraft), []option{accepted()}},
		{"GET", "/api/v1/grid-drafts/{id}", signedIn, "getGridDraft", "grids", "One draft with its report and progress", call(s.getGridDraft), nil},
		{"DELETE", "/api/v1/grid-drafts/{id}", admins, "deleteGridDraft", "grids", "Throw a draft away; what was published of it stays", call(s.deleteGridDraft), nil},
		{"GET", "/api/v1/grid-drafts/{id}/cells", signedIn, "listGridDraftCells", "grids", "The cells of a draft",
			plain(s.gridDraftCells, inPath("id", "Number"), inQuery("bbox", "west,south,east,north in degrees"), inQuery("limit", "Left out, and at most: 10,000"),
				answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{produces("application/geo+json", "application/json")}},
		{"GET", "/api/v1/grid-drafts/{id}/lines", signedIn, "listGridDraftLines", "grids", "Roads, water and borders that an edge may snap to",
			plain(s.gridDraftLines, inPath("id", "Number"), inQuery("bbox", "west,south,east,north in degrees, at most 0.0025 square degrees; it is needed"),
				answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{produces("application/geo+json", "application/json")}},
		{"GET", "/api/v1/grid-drafts/{id}/operations", signedIn, "listGridDraftOperations", "grids", "What was done to a draft, by whom and why", call(s.gridDraftHistory), nil},
		{"POST", "/api/v1/grid-drafts/{id}/operations", admins, "editGridDraft", "grids", "Split, merge, move, remove, shift, assign or set; refused with the place where the cells would not fit", call(s.editGridDraft), []option{body(256 << 10)}},
		{"POST", "/api/v1/grid-drafts/{id}/undo", admins, "undoGridDraft", "grids", "Take back what was done last", call(s.undoGridDraft), nil},
		{"POST", "/api/v1/grid-drafts/{id}/redo", admins, "redoGridDraft", "grids", "Do again what was taken back last", call(s.redoGridDraft), nil},
		{"POST", "/api/v1/grid-drafts/{id}/check", admins, "checkGridDraft", "grids", "Check a draft", call(s.checkGridDraft), []option{stream}},
		{"POST", "/api/v1/grid-drafts/{id}/publish", admins, "publishGridDraft", "grids", "Make a draft the version in force", call(s.publishGridDraft), []option{stream}},

		// The catalogue of information resources.
		{"GET", "/api/v1/catalogue", anyone, "searchCatalogue", "catalogue", "Resources that I may know of: by words, pinyin, code, department, place and time, with counts by facet", call(s.searchCatalogue), []option{openCORS}},
		{"POST", "/api/v1/catalogue", onlyCataloguers, "createResource", "catalogue", "Describe a resource of my organisation", call(s.createResource), []option{body(1 << 20), created()}},
		{"GET", "/api/v1/catalogue/classes", anyone, "listResourceClasses", "catalogue", "类, 项, 目 and 细目", call(s.resourceClasses), []option{openCORS}},
		{"GET", "/api/v1/catalogue/export", anyone, "exportCatalogue", "catalogue", "What a search finds as the customary table (政务信息资源目录)", plain(s.exportCatalogue, catalogueFileParams,
			param("query", "format", "Left out: xlsx", "xlsx", "csv"), param("query", "lang", "Of the headings; left out: zh", "zh", "en"), answers(200, sheetTypes["xlsx"], "A table, a row an item")), []option{stream}},
		{"GET", "/api/v1/catalogue.jsonld", anyone, "getDCAT", "catalogue", "What a search finds as DCAT 3 in JSON-LD",
			plain(s.getDCAT, catalogueFileParams, answers(200, "application/ld+json", "A dcat:Catalog")), []option{stream, openCORS, produces("application/ld+json", "application/json")}},
		{"POST", "/api/v1/catalogue/import", onlyCataloguers, "importCatalogue", "catalogue", "Take a file of resources in as one change, or only say what it would do", plain(s.importCatalogue,
			param("query", "format", "Of the body; left out: xlsx", "xlsx", "csv", "jsonld"), param("query", "apply", "Left out: only say what it would do", "true", "false"), inQuery("name", "Of the file, for the audit"), inQuery("reason", "For the audit"),
			answersWith[catalog.Report](200, "What it does")), []option{stream, body(maxCatalogueFile)}},
		{"GET", "/api/v1/catalogue/{class}/{number}", anyone, "getResource", "catalogue", "One resource that I may know of", call(s.getResource), []option{openCORS}},
		{"PUT", "/api/v1/catalogue/{class}/{number}", onlyCataloguers, "putResource", "catalogue", "Change a resource of my organisation: all of it", call(s.putResource), []option{body(1 << 20)}},
		{"GET", "/api/v1/catalogue/{class}/{number}/versions", signedIn, "listResourceVersions", "catalogue", "What a resource was", call(s.resourceVersions), nil},
		{"POST", "/api/v1/catalogue/{class}/{number}/withdrawal", onlyCataloguers, "withdrawResource", "catalogue", "Take a resource out of the catalogue, or put it back", call(s.withdrawResource), nil},
		{"PUT", "/api/v1/catalogue/{class}/{number}/layer", onlyCataloguers, "bindResource", "catalogue", "Mount a resource on a layer (挂接)", call(s.bindResource), nil},
		{"POST", "/api/v1/catalogue/{class}/{number}/files", onlyCataloguers, "addResourceFile", "catalogue", "Add a file to a resource that is no layer",
			plain(s.addResourceFile, inPath("class", "What is before the slash of its code"), inPath("number", "What is after it"), inQuery("name", "Of the file"), inQuery("reason", "For the audit"),
				answersWith[catalog.Resource](201, "The resource")), []option{stream, body(catalog.MaxFileBytes)}},
		{"GET", "/api/v1/catalogue/{class}/{number}/files/{file}", anyone, "getResourceFile", "catalogue", "A file, for whoever may see all of its items; who takes it is recorded",
			plain(s.getResourceFile, inPath("class", "What is before the slash of its code"), inPath("number", "What is after it"), inPath("file", "Number"), inQuery("reason", "For the audit"),
				answers(200, "application/octet-stream", "The file")), []option{stream}},
		{"DELETE", "/api/v1/catalogue/{class}/{number}/files/{file}", onlyCataloguers, "removeResourceFile", "catalogue", "Take a file away", call(s.removeResourceFile), nil},

		// Changes as they happen.
		{"GET", "/live", anyone, "live", "live", "Changes as they happen, over WebSocket; see /api/asyncapi.yaml",
			plain(s.socket, answers(101, "", "A WebSocket")), []option{stream}},
		{"GET", "/live/sse", anyone, "liveEvents", "live", "The same as server-sent events",
			plain(s.events, answers(200, "text/event-stream", "Events")), []option{stream}},

		// Asking for data of other departments, and granting it.
		{"GET", "/api/v1/requests", onlyRequests, "listRequests", "sharing", "Requests that my organisation made, has to answer, or oversees", call(s.listRequests), nil},
		{"POST", "/api/v1/requests", onlyAskers, "askForResource", "sharing", "Ask for a resource in the name of my organisation; sent again with its uuid, it is the same request",
			call(s.askFor), []option{created(), also(200, "It was asked before; here is what became of it")}},
		{"GET", "/api/v1/requests/rules", signedIn, "getSharingRules", "sharing", "What may happen to a request, and the limits of each step", call(s.sharingRules), nil},
		{"GET", "/api/v1/requests/{id}", onlyRequests, "getRequest", "sharing", "One request with its steps", call(s.getRequest), nil},
		{"POST", "/api/v1/requests/{id}/actions", onlyRequests, "actOnRequest", "sharing", "Grant, refuse, ask back, supplement, dispute, withdraw …", call(s.actOnRequest), nil},
		{"GET", "/api/v1/grants", onlyRequests, "listGrants", "sharing", "The register of grants: given by my organisation and to it; overseers see all", call(s.listGrants), nil},
		{"POST", "/api/v1/grants/{kind}/{id}/withdrawal", onlyRequests, "withdrawGrant", "sharing", "End a grant, with its basis: for the next request and for open live connections", call(s.withdrawGrant), nil},

		// Administration.
		{"GET", "/api/v1/people", threeAdmins, "listPeople", "administration", "Accounts", call(s.listPeople), nil},
		{"POST", "/api/v1/people", admins, "createPerson", "administration", "Make an account, without roles", call(s.createPerson), []option{created()}},
		{"PUT", "/api/v1/people/{login}/roles", security, "setRoles", "administration", "Give and take roles", call(s.setRoles), nil},
		{"PUT", "/api/v1/people/{login}/grids", admins, "setGrids", "administration", "Say which grids a worker answers for", call(s.setGrids), nil},
		{"PUT", "/api/v1/people/{login}/active", admins, "setActive", "administration", "Close or open an account", call(s.setActive), nil},
		{"GET", "/api/v1/organisations", signedIn, "listOrganisations", "administration", "Organisations", call(s.listOrganisations), nil},
		{"POST", "/api/v1/organisations", admins, "createOrganisation", "administration", "Make an organisation", call(s.createOrganisation), []option{created()}},
		{"GET", "/api/v1/keys", signedIn, "listKeys", "administration", "API keys", call(s.listKeys), nil},
		{"POST", "/api/v1/keys", signedIn, "createKey", "administration", "Make an API key of one's own; needs a session, a key makes no keys", call(s.createKey), []option{created()}},
		{"DELETE", "/api/v1/keys/{prefix}", signedIn, "revokeKey", "administration", "Revoke an API key", call(s.revokeKey), nil},
		{"GET", "/api/v1/audit", only(access.Auditor), "searchAudit", "administration", "Who did what", call(s.searchAudit), nil},

		// The API's description.
		// Matching registers of legal persons and places; never of people.
		{"GET", "/api/v1/matching", signedIn, "listMatchPlans", "matching", "Plans of matching whose two layers I see", call(s.listMatchPlans), nil},
		{"GET", "/api/v1/matching/{plan}", signedIn, "getMatchPlan", "matching", "One plan", call(s.getMatchPlan), nil},
		{"PUT", "/api/v1/matching/{plan}", officers, "putMatchPlan", "matching", "Make or change a plan: which columns of two registers are compared as what, and who is authoritative; registers of persons are refused", call(s.putMatchPlan), nil},
		{"DELETE", "/api/v1/matching/{plan}", officers, "dropMatchPlan", "matching", "Drop a plan and what its runs found; decisions of people stay", call(s.dropMatchPlan), nil},
		{"GET", "/api/v1/matching/{plan}/runs", signedIn, "listMatchRuns", "matching", "Its runs, the latest first", call(s.listMatchRuns), nil},
		{"POST", "/api/v1/matching/{plan}/runs", officers, "runMatchPlan", "matching", "Compare the two registers anew, in the background", call(s.runMatchPlan), []option{accepted()}},
		{"GET", "/api/v1/matching/{plan}/pairs", signedIn, "listMatchPairs", "matching", "Pairs to review, links that hold, pairs that people refused; with reasons", call(s.listMatchPairs), nil},
		{"POST", "/api/v1/matching/{plan}/decisions", officers, "decideMatch", "matching", "Say that two rows are the same, or not: for this and all later runs", call(s.decideMatch), nil},
		{"GET", "/api/v1/matching/{plan}/conflicts", signedIn, "listMatchConflicts", "matching", "Where linked rows contradict each other, and which register is authoritative", call(s.listMatchConflicts), nil},

		// Bringing data in.
		{"POST", "/api/v1/uploads", onlyImporters, "putUpload", "uploads", "Bring a file: CSV, XLSX, a Shapefile in a zip, GeoPackage, GeoJSON, KML, FlatGeobuf, DXF; the answer says what is in it and how it might be read",
			plain(s.putUpload, named, answersWith[upload.Upload](201, "Kept, and looked at")), []option{body(maxUploadBytes), stream, produces("application/json")}},
		{"GET", "/api/v1/uploads", onlyImporters, "listUploads", "uploads", "Files of my organisation that are kept", call(s.listUploads), nil},
		{"GET", "/api/v1/uploads/{id}", onlyImporters, "getUpload", "uploads", "A file, and what is in it", call(s.getUpload), nil},
		{"DELETE", "/api/v1/uploads/{id}", onlyImporters, "deleteUpload", "uploads", "Erase a file, and its previews that were not applied", call(s.deleteUpload), nil},
		{"GET", "/api/v1/uploads/{id}/sheet", onlyImporters, "lookAtSheet", "uploads", "Look at a sheet again, with its header where I say", call(s.lookAtSheet), []option{stream}},
		{"GET", "/api/v1/uploads/{id}/plan", onlyImporters, "planUpload", "uploads", "How a sheet might become rows of a layer that is there", call(s.planUpload), nil},
		{"POST", "/api/v1/uploads/{id}/crs", onlyImporters, "judgeUpload", "uploads", "In which system the coordinates seem to be, with the candidates' places", call(s.judgeUpload), []option{body(maxPlanBytes), stream}},
		{"POST", "/api/v1/uploads/{id}/preview", onlyImporters, "previewUpload", "uploads", "Read the file by a plan into a batch, which changes nothing until it is applied", call(s.stageUpload), []option{body(maxPlanBytes), created(), stream}},
		{"GET", "/api/v1/batches", onlyImporters, "listBatches", "uploads", "What my organisation brought in", call(s.listBatches), nil},
		{"GET", "/api/v1/batches/{id}", onlyImporters, "getBatch", "uploads", "A batch: what it is for its layer, what was rejected, what the quality rules found", call(s.getBatch), nil},
		{"GET", "/api/v1/batches/{id}/rejects", onlyImporters, "listRejects", "uploads", "Rows that did not come in, and why", call(s.listRejects), nil},
		{"GET", "/api/v1/batches/{id}/features", onlyImporters, "listBatchFeatures", "uploads", "Where the rows of a preview would be: some of them, from all over it",
			plain(s.batchFeatures, inPath("id", "Number"), inQuery("limit", "1 to 5000; left out: 1000"), answers(200, "application/geo+json", "A GeoJSON FeatureCollection")), []option{produces("application/geo+json", "application/json")}},
		{"POST", "/api/v1/batches/{id}/apply", onlyImporters, "applyBatch", "uploads", "Take a batch over into its layer, all or nothing", call(s.applyBatch), []option{stream}},
		{"POST", "/api/v1/batches/{id}/undo", onlyImporters, "undoBatch", "uploads", "Put back what was there before a batch, as one change", call(s.undoBatch), []option{stream}},
		{"DELETE", "/api/v1/batches/{id}", onlyImporters, "dropBatch", "uploads", "Throw a preview away", call(s.dropBatch), nil},

		{"GET", "/api/openapi.json", everybody, "getOpenAPI", "description", "This description", plain(s.getOpenAPI, answers(200, "application/openapi+json", "OpenAPI 3.1")), nil},
		{"GET", "/api/asyncapi.yaml", everybody, "getAsyncAPI", "description", "The live connections", plain(s.getAsyncAPI, answers(200, "application/yaml", "AsyncAPI 3")), nil},
		{"GET", "/api/docs", everybody, "", "", "", plain(s.getDocs), []option{hidden}},
		{"GET", "/api/docs/start.js", everybody, "", "", "", plain(s.docsScript), []option{hidden}},

		// For those who run it.
		{"GET", "/livez", everybody, "livez", "operation", "The process answers", plain(s.livez, answers(200, "text/plain", "ok")), nil},
		{"GET", "/readyz", everybody, "readyz", "operation", "Requests can be served", plain(s.readyz, answersWith[readiness](200, "Ready"), answersWith[readiness](503, "Not ready")), nil},
		{"GET", "/metrics", only(access.Administrator), "metrics", "operation", "Prometheus metrics; from this machine without signing in",
			plain(s.getMetrics, answers(200, "text/plain", "Metrics")), []option{loopback}},

		// The pages.
		{"GET", "/", everybody, "", "", "", plain(s.page("index.html")), []option{hidden}},
		{"GET", "/m", everybody, "", "", "", plain(s.page("m.html")), []option{hidden}},
		{"GET", "/desk", everybody, "", "", "", plain(s.page("desk.html")), []option{hidden}},
		{"GET", "/*", everybody, "", "", "", plain(s.asset), []option{hidden}},
	}
}
