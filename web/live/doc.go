// Package live sends every change of the map to every open screen that may
// see it, over WebSocket (/live) and as server-sent events (/live/sse).
//
// # The stream
//
// Each message of the server is one JSON object with a "type". On a WebSocket
// it is one text message; as a server-sent event the type is the event's name
// and the object its data.
//
//	{"type":"hello","system":"7345…","timeline":1,"lsn":"16B3748","cursor":"7345….1.16B3748",
//	 "heartbeat_s":5,"state":"live"}
//	{"type":"subscribed","id":"a","layer":"incident","stream":"g7","cursor":"…"}
//	{"type":"unsubscribed","id":"a"}
//	{"type":"events","stream":"g7","cursor":"…","events":[CloudEvent, …],"stale":{"layers":{…}}}
//	{"type":"stale","stream":"g7","cursor":"…","layers":{"asset":["14/13653/6796", …]},"areas":{"base_road":[120,29.2,120.2,29.4]}}
//	{"type":"resync","id":"a","cursor":"…","reason":"old"}
//	{"type":"ended","id":"a","reason":"forbidden"}
//	{"type":"heartbeat","cursor":"…","state":"live","lag_s":0}
//	{"type":"error","id":"a","problem":{"type":"/problems/invalid-input","title":"…","status":422,"detail":"…",
//	 "errors":[{"field":"bbox","remedy":"[west, south, east, north] in degrees"}]}}
//	{"type":"close","code":4001,"reason":"signed out"}   (server-sent events only)
//
// state is that of the node's reader of the log: starting, waiting (for the
// database to give it a place in the log), live, or off.
//
// # Events
//
// An event is a CloudEvents 1.0 object in JSON format:
//
//	{"specversion":"1.0","id":"7345….1.16B3748/0","source":"/layers/incident",
//	 "type":"onemap.feature.changed","subject":"incident/42","time":"2026-11-22T08:00:00.123456Z",
//	 "datacontenttype":"application/json","cursor":"7345….1.16B3748",
//	 "data":{"layer":"incident","id":42,"op":"insert",
//	         "geometry":{"type":"Point","coordinates":[120.07,29.3]},
//	         "properties":{"class_code":"01001","severity":2,…}}}
//
//	onemap.feature.changed  a feature is new to the subscription (op "insert": made, or moved into its
//	                        window or right) or changed (op "update"); the whole feature, as far as the
//	                        right of the receiver goes; put it in the place of what you have. One that
//	                        moved has "old_bbox" too: the box of where the subscription showed it before
//	onemap.feature.gone     deleted, or it left the window, the filter or the right: data {layer, id} only
//	onemap.layer.changed    more than 100 features (or 256 KiB) changed in one transaction, or a table was
//	                        replaced: data {layers, bbox} (bbox null: anywhere); load what you show of them anew
//
// A feature that one transaction changed several times is one event.
//
// Of staff on duty (the layer worker), whose positions are written many at a
// time, 5,000 of one transaction come one by one in a subscription to that
// layer alone and without tiles; of those of one frame only the latest event of
// each feature comes, and its op and old_bbox are those of its last step.
//
// Geometry is GeoJSON in longitude and latitude (EPSG:4326), seven decimals.
// Properties hold the registry's fields: text, numbers, booleans, dates as
// YYYY-MM-DD, times as RFC 3339 in UTC; null where empty. Events of one
// stream come in commit order, those of one transaction in one frame: a
// transaction is delivered whole or not at all. What comes within 25 ms comes
// in one frame.
//
// # Stale tiles
//
// A map with tiles open subscribes with their zooms and its window, and is told
// which of them to load anew:
//
//	{"type":"subscribe","id":"base","layer":"base_road,base_poi","bbox":[120.0,29.2,120.2,29.4],
//	 "tiles":{"minzoom":13,"maxzoom":14},"events":false,"cursor":"7345….1.16B3748"}
//
// The tiles are those of these zooms (and of the layer's) that the window meets;
// stale are those of them that show the old or the new place of a feature, the
// buffer of 64/4096 of a tile included, if the caller's right holds for the
// feature there and a field that she sees (or of those she named) or its place
// changed. A change in a tile counts wherever in the tile it is, also outside the
// window. Counted cells are no exception: any visible change in the tile makes it
// stale. Nobody is told of a tile for a feature that her right hides.
//
// layers holds, for each layer with stale tiles, their "z/x/y", each once a
// frame. Where they are more than 256, or a whole table changed, areas has the
// layer instead: every open tile that meets the box is stale (null: every one).
// A client that loads a tile because of a message asks with ?since= and the
// message's cursor: what it gets is as new as that.
//
// With "events":false (tiles alone) the messages are of type "stale", and cost
// little however large the layer is. Otherwise an "events" message has the tiles
// of the same transactions in its member "stale", and what made tiles stale
// outside the window only comes as "stale". Several layers, up to 16, make one
// subscription, as they make one tile; all of them must be allowed.
//
// When the map moves, subscribe with the same id, the new window and the cursor
// that you had before the first tile of it was asked for. What became stale
// since comes first, so that nothing is missed between; a tile may be named
// twice. "resync" means: load all open tiles anew.
//
// # Subscribing
//
// A WebSocket client sends
//
//	{"type":"subscribe","id":"a","layer":"incident","bbox":[120.0,29.2,120.2,29.4],
//	 "grids":["330782001001001"],"classes":["01001"],"severity_max":2,"filter":"state <> 'closed'",
//	 "fields":["severity","state"],
//	 "tiles":{"minzoom":12,"maxzoom":13},"events":true,"cursor":"7345….1.16B3748"}
//	{"type":"unsubscribe","id":"a"}
//
// Only id (1 to 64 characters, the client's own) and layer are required. All
// given conditions must hold; grids matches grid_code, classes the layer's
// class (class_code, class, kind or industry), and severity_max 2 lets severity
// or risk 1 (red) and 2 (orange) through; filter is a condition in CQL2 text, as
// the parameter of that name of the tiles. A condition on a field that the
// caller may not see is an error. A bbox whose west is over its east crosses
// the antimeridian. An id that is in use is replaced. A connection may hold 64
// subscriptions.
//
// A server-sent stream takes the same as query parameters, lists with commas:
// /live/sse?layer=incident,worker&bbox=120,29.2,120.2,29.4&severity_max=2,
// tiles as tiles=12,13 (minzoom,maxzoom) with events=false for tiles alone.
// Each layer becomes one subscription whose id is the layer's name. Its cursor
// is the header Last-Event-ID, or the parameter cursor.
//
// The answer is "subscribed": all that was committed after its cursor will
// come. So: subscribe, wait for "subscribed", load the features, then apply
// the events that came meanwhile and go on. Applying one that the loaded
// state already holds does no harm (the latest quarter of a second comes to a
// new subscription too: a commit can come by the log before a query sees it). stream names the flow of events; people
// with equal rights and equal windows share one, which is why events carry no
// id of a subscription.
//
// # Resuming
//
// Keep a cursor for each subscription: that of "subscribed", then of each
// "events" or "stale" frame of its stream, then of each later "heartbeat" (all that was
// committed up to it was sent to the subscriptions that had been answered). After a lost connection
// wait (1 to 30 s, with jitter), connect to any node, and subscribe with it.
// What was missed comes first. Where the node cannot replay it, "resync" comes
// after "subscribed": load the present state; events after its cursor follow.
// The reasons: "old" (older than what the node remembers, or too much to
// replay), "foreign" (another database, or another timeline of it), "reset"
// (the node lost its place in the log; without id, meaning all subscriptions),
// "right" (what you may see changed: drop what you have and load anew). A cursor
// ahead of the node waits until the node has caught up.
//
// After a change of right "subscribed" comes again for the same id, with a new
// stream, and then "resync". A subscription whose right is gone is "ended". Rights are judged again when
// they change, before any later event is sent, and at least every minute.
//
// # Closing
//
//	code  meaning                                   what a client does
//	1000  the client said goodbye                   nothing
//	1009  a client message over 64 KiB              a bug: do not retry
//	1011  the node failed                           reconnect with the cursors
//	4000  a server-sent stream's parameters are     a bug: do not retry
//	      wrong (an "error" says how)
//	4001  signed out: session ended or revoked      sign in again
//	4003  forbidden: no right to live messages      do not retry
//	4008  too slow: 256 frames or 1 MiB waiting     reconnect with the cursors
//	4010  this node stops                           reconnect with the cursors, at once
//	4011  live is off: the database lets nobody     reload on a timer; try again every minute
//	      follow its log
//	4029  too many messages or connections          wait 30 s, then reconnect
//
// A client that is behind, with 16 frames waiting (of positions 256 KiB), is
// spared what is over: of the layer of staff on duty it gets the latest event of
// each feature only, and of stale tiles one message that says, with areas null, that all are. Of
// everything else it gets each event, or is closed with 4008.
//
// (4009 is kept free: a lost place in the log is a "resync", not a close.)
//
// The server pings every 20 s and gives a client up after two unanswered pings
// (browsers answer by themselves). A client that hears nothing for three
// heartbeats should reconnect.
package live
