package live

// Close codes of the WebSocket, and of the server-sent "close" message. The
// package documentation says what a client does about each.
const (
	CloseFailed    = 1011 // the node failed
	CloseInvalid   = 4000 // a server-sent stream's parameters are wrong
	CloseSignedOut = 4001 // the session ended or was revoked
	CloseForbidden = 4003 // no right to live messages
	CloseSlow      = 4008 // too much was waiting for the client
	CloseStopping  = 4010 // this node stops
	CloseOff       = 4011 // the log cannot be followed
	CloseTooMany   = 4029 // too many messages or connections
)

// Types of messages.
const (
	TypeHello        = "hello"
	TypeSubscribed   = "subscribed"
	TypeUnsubscribed = "unsubscribed"
	TypeEvents       = "events"
	TypeStale        = "stale"
	TypeResync       = "resync"
	TypeEnded        = "ended"
	TypeHeartbeat    = "heartbeat"
	TypeError        = "error"
	TypeClose        = "close" // server-sent events only

	TypeSubscribe   = "subscribe"   // from the client
	TypeUnsubscribe = "unsubscribe" // from the client
)

// Types of events.
const (
	FeatureChanged = "onemap.feature.changed"
	FeatureGone    = "onemap.feature.gone"
	LayerChanged   = "onemap.layer.changed"
)

// Reasons of a resync.
const (
	ReasonOld     = "old"     // the cursor is older than what the node remembers, or too much came since
	ReasonForeign = "foreign" // the cursor is of another database or timeline, or never came to be
	ReasonReset   = "reset"   // the node lost its place in the log
	ReasonRight   = "right"   // what the caller may see changed
)
