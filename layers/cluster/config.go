package cluster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// confNames are our files in PostgreSQL's folder. They are written anew at
// each start; an operator's own settings go to local.conf, which wins.
const (
	confName  = "onemap.conf"
	hbaName   = "onemap_hba.conf"
	identName = "onemap_ident.conf"
)

// configure writes the configuration for this machine and this start.
func (c *Cluster) configure() error {
	c.port = c.choosePort()
	files := []struct{ name, text string }{
		{"postgresql.conf", "# Written by onemap. Your own settings go to local.conf, which wins.\n" +
			"include = '" + confName + "'\ninclude_if_exists = 'local.conf'\n"},
		{confName, c.conf()},
		{hbaName, c.hba()},
		{identName, c.ident()},
	}
	for _, f := range files {
		path := filepath.Join(c.data, f.name)
		// The folder is PostgreSQL's: do not write through a link laid in it.
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		if err := os.WriteFile(path, []byte(f.text), 0o600); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		if err := c.give(path, 0o600); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "port"), fmt.Appendln(nil, c.port), 0o600); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}

func (c *Cluster) conf() string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	all := append(settings(machine(c.dir)),
		setting{"port", strconv.Itoa(c.port), "also in the socket's name"},
		setting{"listen_addresses", "127.0.0.1", "loopback, with a password"},
		setting{"unix_socket_directories", c.run, ""},
		setting{"unix_socket_permissions", "0700", ""},
		setting{"hba_file", filepath.Join(c.data, hbaName), ""},
		setting{"ident_file", filepath.Join(c.data, identName), ""},
		setting{"wal_level", "logical", "onemap follows the log"},
		setting{"max_wal_senders", "32", ""},
		setting{"max_replication_slots", "32", ""},
		setting{"password_encryption", "scram-sha-256", ""},
		setting{"timezone", "UTC", ""},
		setting{"log_timezone", "UTC", ""},
		setting{"lc_messages", "C", ""},
		setting{"cluster_name", "onemap", "in the process list"},
		setting{"logging_collector", "on", "a week of logs in log/"},
		setting{"log_filename", "postgresql-%a.log", ""},
		setting{"log_truncate_on_rotation", "on", ""},
		setting{"log_rotation_size", "0", "by day only: a rotation by size would empty the day's file"},
		setting{"log_lock_waits", "on", ""},
	)
	if c.opts.Fast {
		all = append(all, // the last of two lines with one name counts
			setting{"listen_addresses", "", "tests use the socket"},
			setting{"logging_collector", "off", ""},
			setting{"fsync", "off", "tests need no crash safety"},
			setting{"full_page_writes", "off", ""},
			setting{"shared_buffers", "256MB", ""},
			setting{"work_mem", "16MB", ""},
			setting{"maintenance_work_mem", "128MB", ""},
			setting{"max_connections", "300", "packages are tested at the same time"},
			setting{"max_wal_senders", "64", "each test's feed takes one"},
			setting{"max_replication_slots", "64", ""},
			setting{"max_wal_size", "2GB", ""},
			setting{"autovacuum_naptime", "10min", ""},
		)
	}
	var b strings.Builder
	b.WriteString("# Written by onemap at each start. Your own settings go to local.conf, which wins.\n")
	for _, s := range all {
		fmt.Fprintf(&b, "%s = %s", s.name, quote(s.value))
		if s.why != "" {
			fmt.Fprintf(&b, "  # %s", s.why)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// hba lets the user that runs onemap in over the socket, and whoever knows the
// password over loopback. There, the superuser never comes in. Replication is
// named by itself, since "all" leaves out its physical kind.
func (c *Cluster) hba() string {
	socket := "peer map=onemap"
	if c.opts.Fast {
		socket = "trust" // tests make roles of their own
	}
	return fmt.Sprintf(`# Written by onemap at each start.
local all         all                %[1]s
local replication all                %[1]s
host  all         %[2]s 127.0.0.1/32 reject
host  all         all   127.0.0.1/32 scram-sha-256
host  replication all   127.0.0.1/32 scram-sha-256
`, socket, adminRole)
}

// ident says which roles the users of this machine who may open the socket's
// folder can take: root, and the one who runs PostgreSQL.
func (c *Cluster) ident() string {
	var b strings.Builder
	b.WriteString("# Written by onemap at each start.\n")
	for _, role := range []string{adminRole, AppRole} {
		fmt.Fprintf(&b, "onemap root %s\n", role)
		if uid := c.ownerUID(); uid != 0 {
			fmt.Fprintf(&b, "onemap %q %s\n", userName(uid), role)
		}
	}
	return b.String()
}

// choosePort keeps the folder's port, so that a saved QGIS connection stays
// good, unless something else listens there now.
func (c *Cluster) choosePort() int {
	if c.opts.Fast {
		return 5432 // in the socket's name only
	}
	if b, err := os.ReadFile(filepath.Join(c.dir, "port")); err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && port > 0 && portFree(port) {
			return port
		}
	}
	for _, port := range []int{54320, 54321, 54322} {
		if portFree(port) {
			return port
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 54323 // the server's start will say what is wrong
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func portFree(port int) bool {
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	ln.Close()
	return true
}
