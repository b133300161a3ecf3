package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"onemap/layers/cluster"
	"onemap/layers/setup"
	"onemap/layers/vault"
)

type doctorCommand struct {
	Database
	LayerMemory
	SecretKey
	BackupTarget
	PostgresBin  string `help:"Folder of PostgreSQL's programs (default: look for them)." placeholder:"DIR"`
	RestoreDrill string `help:"Restore the newest backup in this folder or s3://BUCKET/PREFIX aside, compare all of it with its manifest, and look at nothing else." placeholder:"DIR"`
	Aside        string `help:"Where a drill makes its city for as long as it takes (default: the folder of temporary files); PostgreSQL must be able to reach it." placeholder:"DIR"`
}

func (doctorCommand) Help() string {
	return `Looks and changes nothing. With --database-url it looks at that database; else at this machine, at the
data folder, and at the database in it while "onemap up" runs. The exit status is 1 if something
is missing that onemap needs.

Example:
  onemap doctor
  onemap doctor --database-url postgres://onemap@db.city.example/onemap --json
  onemap doctor --restore-drill /mnt/backup/city`
}

func (c doctorCommand) Run(ctx context.Context, t terminal, _ *slog.Logger) error {
	if c.RestoreDrill != "" {
		return c.drill(ctx, t)
	}
	found := c.examine(ctx)
	missing := slices.ContainsFunc(found, func(f setup.Finding) bool { return f.Level == setup.Fault })
	err := t.answer(map[string]any{"version": programVersion(), "ok": !missing, "findings": found}, func(w io.Writer) {
		for _, f := range found {
			fmt.Fprintf(w, "%-8s %s: %s\n", f.Level, f.What, f.Found)
			if f.Remedy != "" {
				fmt.Fprintf(w, "%-8s -> %s\n", "", f.Remedy)
			}
		}
	})
	if err == nil && missing {
		return errSaid
	}
	return err
}

func (c doctorCommand) examine(ctx context.Context) []setup.Finding {
	if c.DatabaseURL != "" {
		return append(c.city(ctx, c.DatabaseURL), ogr2ogr(ctx, setup.Warning))
	}
	found := append(postgres(c.PostgresBin), ogr2ogr(ctx, setup.Fault))
	dir := c.folder()
	found = append(found, folderFindings(dir)...)
	url, err := cluster.Running(dir)
	switch {
	case errors.Is(err, cluster.ErrInUse):
		return append(found, setup.Finding{What: "database", Level: setup.Warning, Found: err.Error(), Remedy: "look again in a moment"})
	case err != nil:
		return append(found, setup.Finding{What: "database", Level: setup.Fault, Found: err.Error(), Remedy: "run as the user who runs \"onemap up\", or as root"})
	case url == "":
		return append(found, setup.Finding{What: "database", Level: setup.Good, Found: "not running, so not looked at", Remedy: "onemap up --data " + dir})
	}
	return append(found, c.city(ctx, url)...)
}

// city is what there is to say of the database at url.
func (c doctorCommand) city(ctx context.Context, url string) []setup.Finding {
	found := append(setup.Examine(ctx, url), memoryFindings(ctx, url, c.LayerMemory)...)
	return append(found, secretFindings(ctx, url, c.SecretKey.path(c.folder()))...)
}

// postgres looks for PostgreSQL's programs and the extensions beside them.
func postgres(binDir string) []setup.Finding {
	const all = "apt-get install postgresql-15 postgresql-15-postgis-3 postgresql-15-pgrouting"
	servers := cluster.Found(binDir)
	if len(servers) == 0 {
		return []setup.Finding{{What: "postgres", Level: setup.Fault, Found: "no PostgreSQL 15 or newer on this machine", Remedy: all}}
	}
	best := servers[0]
	found := []setup.Finding{{What: "postgres", Level: setup.Good, Found: fmt.Sprintf("%d in %s", best.Major, best.Dir)}}
	for _, name := range []string{"postgis", "pgrouting"} {
		f := setup.Finding{What: name, Level: setup.Good, Found: "installed"}
		if slices.Contains(best.Missing, name) {
			pkg := map[string]string{"postgis": "postgis-3", "pgrouting": "pgrouting"}[name]
			f.Level, f.Found, f.Remedy = setup.Fault, "not installed", fmt.Sprintf("apt-get install postgresql-%d-%s", best.Major, pkg)
		}
		found = append(found, f)
	}
	return found
}

// ogr2ogr reads Shapefiles, GeoPackages and the like for imports; a node that
// only serves does without.
func ogr2ogr(ctx context.Context, absent string) setup.Finding {
	path, err := exec.LookPath("ogr2ogr")
	if err != nil {
		return setup.Finding{What: "ogr2ogr", Level: absent, Found: "not installed: Shapefile, GeoPackage, KML and the like cannot be imported", Remedy: "apt-get install gdal-bin"}
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return setup.Finding{What: "ogr2ogr", Level: absent, Found: fmt.Sprintf("%s does not run: %v", path, err), Remedy: "apt-get install --reinstall gdal-bin"}
	}
	version, _, _ := strings.Cut(string(out), ",")
	return setup.Finding{What: "ogr2ogr", Level: setup.Good, Found: version}
}

// diskNeededMB: the demo city takes about 500 MB with its log.
const diskNeededMB = 2048

func folderFindings(dir string) []setup.Finding {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return []setup.Finding{{What: "data folder", Level: setup.Fault, Found: err.Error()}}
	}
	// The disk is that of the nearest folder that is there.
	at := abs
	for at != "/" {
		if _, err := os.Stat(at); err == nil {
			break
		}
		at = filepath.Dir(at)
	}
	disk := setup.Finding{What: "disk", Level: setup.Good}
	var st syscall.Statfs_t
	if err := syscall.Statfs(at, &st); err == nil {
		mb := int64(st.Bavail) * st.Bsize >> 20
		disk.Found = fmt.Sprintf("%d MB free at %s", mb, at)
		if mb < diskNeededMB {
			disk.Level, disk.Remedy = setup.Warning, fmt.Sprintf("the demo city and its log take up to %d MB: free some, or choose another folder with --data", diskNeededMB)
		}
	} else {
		disk.Level, disk.Found = setup.Warning, err.Error()
	}
	return []setup.Finding{folderRights(abs), disk, {What: "machine", Level: setup.Good, Found: fmt.Sprintf("%d cores", runtime.GOMAXPROCS(0))}}
}

// folderRights looks whether others could read what is in the data folder.
func folderRights(dir string) setup.Finding {
	f := setup.Finding{What: "data folder", Level: setup.Good, Found: dir}
	if err := cluster.Reachable(dir); err != nil && !errors.Is(err, cluster.ErrMissing) { // what is missing is said elsewhere
		f.Level, f.Found, f.Remedy = setup.Fault, err.Error(), "onemap up --data /var/lib/onemap"
		return f
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Found += ", not made yet"
		return f
	case err != nil:
		f.Level, f.Found, f.Remedy = setup.Fault, err.Error(), "run as the user who owns it, or as root"
		return f
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != os.Geteuid() {
		f.Level, f.Remedy = setup.Warning, fmt.Sprintf("it belongs to user number %d: run onemap as that user", owner)
	}
	for name, most := range map[string]fs.FileMode{".": 0o710, "pg": 0o700, "run": 0o700, "pgpass": 0o600, "demo-users.txt": 0o600, vault.FileName: 0o600, "photos": 0o700} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&^most != 0 {
			f.Level, f.Found = setup.Warning, fmt.Sprintf("%s has mode %o", path, info.Mode().Perm())
			f.Remedy = fmt.Sprintf("others could read it: chmod %o %s", most, path)
		}
	}
	return f
}
