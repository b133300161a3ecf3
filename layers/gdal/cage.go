// Package gdal has the programs of GDAL (Debian's gdal-bin) read and write
// files in formats that are theirs: in a cage, because they are a million lines
// of C that opens whatever a file names.
package gdal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrMissing: the programs are not installed.
var ErrMissing = errors.New("ogr2ogr is missing: apt-get install gdal-bin")

// A Failure is what a program said before it ended badly.
type Failure struct{ Program, Said string }

func (f *Failure) Error() string { return f.Program + ": " + f.Said }

// A Cage is where GDAL's programs run: a working folder of its own, no
// environment of ours (passwords are in it), no network where the kernel lets
// us take it away and no proxy to it where not, limits on memory, time, open
// files and what it may write, only some drivers. Every other driver is
// switched off, because some (VRT above all) open other files and addresses
// that a file names.
type Cage struct {
	Dir string // theirs to write in

	skip    string // the drivers that are switched off
	timeout time.Duration
	bytes   int64 // a file may have
}

// Installed says whether GDAL's programs are there.
func Installed() bool {
	for _, program := range []string{"ogr2ogr", "ogrinfo"} {
		if _, err := exec.LookPath(program); err != nil {
			return false
		}
	}
	return true
}

// NewCage makes a cage in a new folder of parent, "" for the system's, with
// these drivers only. One program may run for so long and write files of so
// many bytes. It returns [ErrMissing] where GDAL is not installed.
func NewCage(ctx context.Context, parent string, timeout time.Duration, fileBytes int64, drivers ...string) (*Cage, error) {
	if !Installed() {
		return nil, ErrMissing
	}
	dir, err := os.MkdirTemp(parent, ".onemap-gdal-")
	if err != nil {
		return nil, fmt.Errorf("a folder for GDAL: %w", err)
	}
	c := &Cage{Dir: dir, timeout: timeout, bytes: fileBytes}
	if c.skip, err = c.others(ctx, drivers); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

// Remove removes the folder and all that is in it.
func (c *Cage) Remove() { os.RemoveAll(c.Dir) }

// driverLine is one line of ogrinfo --formats: "  GPKG -raster,vector- (rw+vs): GeoPackage".
var driverLine = regexp.MustCompile(`(?m)^  (.+?) -[a-z,]+- \(`)

// others lists all drivers but these, as GDAL's OGR_SKIP wants it. GDAL 3.6
// has no option that names the drivers to use (-if came later).
func (c *Cage) others(ctx context.Context, drivers []string) (string, error) {
	said, err := c.formats(ctx)
	if err != nil {
		return "", fmt.Errorf("list GDAL's drivers: %w", err)
	}
	var skip, have []string
	for _, m := range driverLine.FindAllStringSubmatch(said, -1) {
		if slices.Contains(drivers, m[1]) {
			have = append(have, m[1])
		} else {
			skip = append(skip, m[1])
		}
	}
	for _, d := range drivers {
		if !slices.Contains(have, d) {
			return "", fmt.Errorf("this GDAL has no driver %s: install Debian's gdal-bin", d)
		}
	}
	return strings.Join(skip, ","), nil
}

// known is what ogrinfo --formats said: the programs do not change while we run,
// and asking costs a second on a busy machine.
var known struct {
	sync.Mutex
	formats string
}

func (c *Cage) formats(ctx context.Context) (string, error) {
	known.Lock()
	defer known.Unlock()
	if known.formats == "" {
		var out bytes.Buffer
		if err := c.Run(ctx, nil, &out, "ogrinfo", "--formats"); err != nil {
			return "", err
		}
		known.formats = out.String()
	}
	return known.formats, nil
}

// Run runs one of GDAL's programs; stdin and stdout may be nil. What it says
// when it fails is a [Failure].
func (c *Cage) Run(ctx context.Context, stdin *os.File, stdout io.Writer, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	limited := []string{"--as=8589934592", fmt.Sprintf("--cpu=%d", int(c.timeout.Seconds())), fmt.Sprintf("--fsize=%d", c.bytes),
		"--nofile=256", "--core=0", "--nproc=4096", program}
	if c.skip != "" {
		limited = append(limited, "--config", "OGR_SKIP", c.skip)
	}
	limited = append(limited, args...)
	var stderr tail
	for _, flags := range []uintptr{syscall.CLONE_NEWNET, syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER, 0} {
		cmd := exec.CommandContext(ctx, "prlimit", limited...)
		cmd.Dir = c.Dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir, "TMPDIR=" + c.Dir, "CPL_TMPDIR=" + c.Dir, "LC_ALL=C.UTF-8",
			"PROJ_NETWORK=OFF", "GDAL_HTTP_TIMEOUT=1", "GDAL_HTTP_MAX_RETRY=0", "GDAL_HTTP_PROXY=127.0.0.1:9", "GDAL_HTTPS_PROXY=127.0.0.1:9",
			"CPL_VSIL_CURL_ALLOWED_EXTENSIONS={none}", "GML_SKIP_RESOLVE_ELEMS=ALL", "GML_GFS_TEMPLATE=", "GML_SAVE_RESOLVED_TO=",
			"OGR_SQLITE_LOAD_EXTENSIONS=", "OGR_GEOJSON_MAX_OBJ_SIZE=200", "DXF_INLINE_BLOCKS=TRUE"}
		cmd.Stdout, cmd.Stderr = stdout, &stderr
		if stdin != nil {
			cmd.Stdin = stdin
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: flags}
		if flags&syscall.CLONE_NEWUSER != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
		cmd.WaitDelay = 10 * time.Second
		if err := cmd.Start(); err != nil {
			if flags != 0 && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC)) {
				continue // this kernel or container does not let us
			}
			return fmt.Errorf("start %s: %w", program, err)
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", program, ctx.Err())
		case errors.As(err, &exit):
			return &Failure{program, stderr.words(c.Dir)}
		case err != nil:
			return fmt.Errorf("%s: %w", program, err)
		}
		return nil
	}
	return nil // the last round always returns
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.b = append(t.b, p...)
	if len(t.b) > most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}

// words is what a program said, without our folder, shortened.
func (t *tail) words(dir string) string {
	s := strings.ReplaceAll(string(t.b), dir, "")
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if s == "" {
		return "it stopped without a word"
	}
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
