package hazard

import (
	"time"

	"github.com/google/uuid"

	"onemap/layers/incident"
	"onemap/layers/locate"
)

// A Report is what whoever finds a hazard sends.
type Report struct {
	UUID        uuid.UUID // made by the client: sent again, it is the same report
	Level       string    // as the finder sees it; "": general
	Kind        string
	Title       string
	Description string
	At          *locate.Place // nil: the enterprise's
	Place       string        // in words
	Enterprise  int64         // map.enterprise.id; 0: none. Its place is taken where At is not given
	Incident    int64
	FoundAt     time.Time // by the finder's clock, kept and not counted with; zero: now
	Photos      []incident.Shown
	Address     string // the finder's IP address, for the audit
}

// An Action is what someone does to a hazard.
type Action struct {
	UUID        uuid.UUID // made by the client, may be uuid.Nil; sent again, it is the same action
	Name        string    // an action of [Transitions]
	Version     int       // of the hazard that the caller looked at
	Opinion     string    // the reason, in words
	Dept        string
	Worker      string // login; "": any worker of the grid
	Level       string
	Measure     string
	Responsible string
	MoneyYuan   *float64
	Term        time.Time // until when
	Contingency string
	Result      string // of a re-check: passed, failed
	Photos      []incident.Shown
	ClientAt    time.Time // by the client's clock, kept and not counted with
	Address     string    // the caller's IP address, for the audit
}
