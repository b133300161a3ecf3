package setup

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// Levels of a [Finding].
const (
	Good    = "ok"
	Warning = "warning" // onemap runs, and something is lost
	Fault   = "missing" // onemap does not run
)

// A Finding is one thing that was looked at.
type Finding struct {
	What   string `json:"what"`
	Level  string `json:"level"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"` // what to do, as exactly as can be said
}

//go:embed sql/examine.sql
var examineSQL string

// server is what examine.sql tells.
type server struct {
	Version      int // 150020
	Database     string
	Role         string
	Encoding     string
	Ctype        string
	Superuser    bool
	Replication  bool
	Owner        bool // of the database, or superuser: may migrate
	WALLevel     string
	Slots        int // in all
	SlotsUsed    int
	Senders      int
	SendersUsed  int
	Installed    []string // extensions that are needed and installed
	Available    []string // extensions that are needed and could be
	Publication  bool
	Connections  int
	Used         int
	BlockerPID   *int
	BlockerAge   *float64 // seconds
	BlockerWhat  *string
	Prepared     int     // prepared transactions, which block a slot for good
	RetainedMB   float64 // WAL that an inactive slot holds back
	RetainedSlot *string
}

// needed are the extensions of migration 1.
var needed = []string{"postgis", "pgrouting", "btree_gist"}

// Examine looks at the database at url. It changes nothing.
func Examine(ctx context.Context, url string) []Finding {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	s, err := ask(ctx, url)
	if err != nil {
		return []Finding{{"database", Fault, err.Error(), "check that PostgreSQL runs and that host, role, password and database are right"}}
	}
	all := []Finding{s.version(), s.encoding(), s.extensions(), s.walLevel(), s.replication(), s.slots(), s.senders(), s.connections(), s.blocker(), s.retained()}
	have, want, err := layers.SchemaVersion(ctx, url)
	return append(all, schema(have, want, err, s), jobsFinding(ctx, url), calendarFinding(ctx, url), auditFinding(ctx, url), qualityFinding(ctx, url))
}

func ask(ctx context.Context, url string) (server, error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return server{}, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	rows, err := c.Query(ctx, examineSQL, pgx.NamedArgs{"needed": needed})
	if err != nil {
		return server{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[server])
}

func (s server) version() Finding {
	f := Finding{"PostgreSQL", Good, fmt.Sprintf("%d.%d, database %s as %s", s.Version/10000, s.Version%10000, s.Database, s.Role), ""}
	if s.Version < 150000 {
		f.Level, f.Remedy = Fault, "onemap needs PostgreSQL 15 or newer"
	}
	return f
}

func (s server) encoding() Finding {
	f := Finding{"encoding", Good, s.Encoding + ", " + s.Ctype, ""}
	switch {
	case s.Encoding != "UTF8":
		f.Level, f.Remedy = Fault, "create the database anew: CREATE DATABASE "+s.Database+" ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
	case s.Ctype == "C" || s.Ctype == "POSIX":
		f.Level, f.Remedy = Warning, "text search finds no Chinese under LC_CTYPE "+s.Ctype+"; create the database anew with LOCALE 'C.UTF-8'"
	}
	return f
}

func (s server) extensions() Finding {
	f := Finding{"extensions", Good, strings.Join(s.Installed, ", "), ""}
	var absent, creatable []string
	for _, name := range needed {
		switch {
		case slices.Contains(s.Installed, name):
		case slices.Contains(s.Available, name):
			creatable = append(creatable, name)
		default:
			absent = append(absent, name)
		}
	}
	major := strconv.Itoa(s.Version / 10000)
	if len(absent) > 0 {
		return Finding{"extensions", Fault, "not on the server: " + strings.Join(absent, ", "),
			"on the database's machine: apt-get install postgresql-" + major + "-postgis-3 postgresql-" + major + "-pgrouting"}
	}
	if len(creatable) > 0 && !s.Superuser {
		f.Level, f.Found = Fault, "not in the database: "+strings.Join(creatable, ", ")
		f.Remedy = "as superuser, in " + s.Database + ": CREATE EXTENSION " + strings.Join(creatable, "; CREATE EXTENSION ")
	} else if len(creatable) > 0 {
		f.Found = "to be made by onemap migrate: " + strings.Join(creatable, ", ")
	}
	return f
}

// lost is what onemap does without when it cannot follow the log.
const lost = "live screens are off, pages reload on a timer, tiles come from PostGIS"

func (s server) walLevel() Finding {
	f := Finding{"wal_level", Good, s.WALLevel, ""}
	if s.WALLevel != "logical" {
		f.Level, f.Remedy = Warning, lost+"; as superuser: ALTER SYSTEM SET wal_level = 'logical', then restart PostgreSQL"
	}
	return f
}

func (s server) replication() Finding {
	switch {
	case !s.Replication && !s.Superuser:
		return Finding{"replication right", Warning, s.Role + " has not", lost + "; as superuser: ALTER ROLE " + pgx.Identifier{s.Role}.Sanitize() + " REPLICATION"}
	case !s.Publication:
		return Finding{"replication right", Good, s.Role + " has it; the publication comes with the schema", ""}
	}
	return Finding{"replication right", Good, s.Role + " has it, and the publication is there", ""}
}

func (s server) slots() Finding {
	return free("replication slots", s.SlotsUsed, s.Slots, "max_replication_slots")
}

func (s server) senders() Finding {
	return free("walsenders", s.SendersUsed, s.Senders, "max_wal_senders")
}

// free: each node takes one.
func free(what string, used, all int, setting string) Finding {
	f := Finding{what, Good, fmt.Sprintf("%d of %d free", all-used, all), ""}
	if used >= all {
		f.Level = Warning
		f.Remedy = fmt.Sprintf("%s; as superuser: ALTER SYSTEM SET %s = %d, then restart PostgreSQL", lost, setting, max(2*all, 10))
	}
	return f
}

func (s server) connections() Finding {
	f := Finding{"connections", Good, fmt.Sprintf("%d of %d free", s.Connections-s.Used, s.Connections), ""}
	if s.Connections-s.Used < 20 {
		f.Level, f.Remedy = Warning, fmt.Sprintf("a node takes up to 20; as superuser: ALTER SYSTEM SET max_connections = %d, then restart PostgreSQL", s.Connections+50)
	}
	return f
}

// blockedAfter is how old a write transaction is when it is worth a word: as
// long as one from before its start is open, a node cannot follow the log.
const blockedAfter = time.Minute

func (s server) blocker() Finding {
	switch {
	case s.Prepared > 0:
		return Finding{"oldest write transaction", Warning, fmt.Sprintf("%d prepared transactions", s.Prepared),
			"a starting node waits for them: COMMIT PREPARED or ROLLBACK PREPARED what pg_prepared_xacts lists"}
	case s.BlockerPID == nil:
		return Finding{"oldest write transaction", Good, "none open", ""}
	}
	age := time.Duration(*s.BlockerAge * float64(time.Second)).Round(time.Second)
	f := Finding{"oldest write transaction", Good, fmt.Sprintf("open for %s: %s", age, *s.BlockerWhat), ""}
	if age > blockedAfter {
		f.Level = Warning
		f.Remedy = fmt.Sprintf("a starting node waits for it; to end it: SELECT pg_terminate_backend(%d)", *s.BlockerPID)
	}
	return f
}

func (s server) retained() Finding {
	f := Finding{"log held back", Good, "none", ""}
	if s.RetainedSlot != nil {
		f.Found = fmt.Sprintf("%.0f MB by the slot %s, which nobody reads", s.RetainedMB, *s.RetainedSlot)
		if strings.HasPrefix(*s.RetainedSlot, "onemap_backup_") {
			f.Found = fmt.Sprintf("%.0f MB for the next backup", s.RetainedMB)
			if s.RetainedMB > 4096 {
				f.Level = Warning
				f.Remedy = fmt.Sprintf("take it: onemap backup; or, if no more are to come: SELECT pg_drop_replication_slot('%s')", *s.RetainedSlot)
			}
			return f
		}
		if s.RetainedMB > 1024 {
			f.Level = Warning
			f.Remedy = fmt.Sprintf("it fills the disk and is none of onemap's; if nobody needs it: SELECT pg_drop_replication_slot('%s')", *s.RetainedSlot)
		}
	}
	return f
}

func schema(have, want int64, err error, s server) Finding {
	f := Finding{"schema", Good, fmt.Sprint(have), ""}
	switch {
	case err != nil:
		f.Level, f.Found, f.Remedy = Fault, err.Error(), "the role must be able to read the database"
	case have > want:
		f.Level, f.Remedy = Fault, fmt.Sprintf("this program knows up to %d: run the newer onemap", want)
	case have < want:
		f.Level, f.Found, f.Remedy = Fault, fmt.Sprintf("%d, this program needs %d", have, want), "onemap migrate"
		if !s.Owner {
			f.Remedy += fmt.Sprintf(" (as the owner of %s: %s is not)", s.Database, s.Role)
		}
	}
	return f
}
