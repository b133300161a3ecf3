package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// installHint is what gets everything on Debian 12.
const installHint = "apt-get install postgresql-15 postgresql-15-postgis-3 postgresql-15-pgrouting"

// oldest is the oldest major version of PostgreSQL that onemap is tested with.
const oldest = 15

// extensions that the schema needs.
var extensions = []string{"postgis", "pgrouting", "btree_gist"}

// Binaries is one installed PostgreSQL.
type Binaries struct {
	Dir     string   // of initdb and postgres
	Major   int      // 15
	Missing []string // extensions that the schema needs and this server has not
}

// Found returns the PostgreSQL servers of this machine, best first: those
// with all extensions, of these the oldest that onemap is tested with. binDir
// alone is looked at where it is not empty.
func Found(binDir string) []Binaries {
	dirs := []string{binDir}
	if binDir == "" {
		dirs, _ = filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is right, so there is no error
		if p, err := exec.LookPath("postgres"); err == nil {
			if p, err = filepath.EvalSymlinks(p); err == nil {
				dirs = append(dirs, filepath.Dir(p))
			}
		}
	}
	var found []Binaries
	for _, dir := range dirs {
		if b, ok := look(dir); ok && !slices.ContainsFunc(found, func(o Binaries) bool { return o.Dir == b.Dir }) {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int {
		return cmp.Or(cmp.Compare(len(a.Missing), len(b.Missing)), cmp.Compare(a.Major, b.Major))
	})
	return found
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func look(dir string) (Binaries, bool) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, false
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, false
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return Binaries{}, false
	}
	b := Binaries{Dir: dir}
	if b.Major, err = strconv.Atoi(string(m[1])); err != nil || b.Major < oldest {
		return Binaries{}, false
	}
	share := shareDir(dir, b.Major)
	for _, name := range extensions {
		if _, err := os.Stat(filepath.Join(share, "extension", name+".control")); err != nil {
			b.Missing = append(b.Missing, name)
		}
	}
	return b, true
}

// shareDir finds the folder of extensions. Debian's server package has no
// pg_config of its own; its layout is known.
func shareDir(bin string, major int) string {
	if out, err := exec.Command(filepath.Join(bin, "pg_config"), "--sharedir").Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("/usr/share/postgresql/%d", major)
}

// findBinaries chooses the programs: those of the version that made the data
// folder, or for a new one the best of this machine.
func (c *Cluster) findBinaries() (Binaries, error) {
	found := Found(c.opts.BinDir)
	if len(found) == 0 {
		return Binaries{}, fmt.Errorf("PostgreSQL %d or newer: %w: %s", oldest, ErrMissing, installHint)
	}
	best := found[0]
	made, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	switch {
	case err == nil:
		major := strings.TrimSpace(string(made))
		i := slices.IndexFunc(found, func(b Binaries) bool { return strconv.Itoa(b.Major) == major })
		if i < 0 {
			return Binaries{}, fmt.Errorf("PostgreSQL %s, which made %s: %w: %s", major, c.data, ErrMissing,
				strings.ReplaceAll(installHint, "-15", "-"+major))
		}
		best = found[i]
	case !errors.Is(err, fs.ErrNotExist):
		return Binaries{}, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if len(best.Missing) > 0 {
		return Binaries{}, fmt.Errorf("%s for PostgreSQL %d: %w: %s", strings.Join(best.Missing, ", "), best.Major, ErrMissing,
			strings.ReplaceAll(installHint, "-15", "-"+strconv.Itoa(best.Major)))
	}
	return best, nil
}
