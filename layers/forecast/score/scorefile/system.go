package scorefile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/gdal"
)

// systemOf returns the coordinate system of a sheet: what was declared, else
// what the file says. A file of texts says nothing, and is not guessed at,
// unless its columns are named longitude and latitude.
func systemOf(s datafile.Sheet, option, declared string, lonLat bool) (crs.CRS, error) {
	name := declared
	if name == "" {
		name = s.CRS
	}
	if name == "" && lonLat {
		return crs.WGS84, nil
	}
	if name == "" {
		remedy := "the coordinate system of the file, which does not say it: " + crs.Names
		if s.CRSName != "" {
			remedy = fmt.Sprintf("the coordinate system of the file, which calls it %q, a name without a code: %s", s.CRSName, crs.Names)
		}
		return crs.CRS{}, &layers.InputError{Field: option, Remedy: remedy}
	}
	c, err := crs.Parse(name)
	if err != nil {
		return crs.CRS{}, &layers.InputError{Field: option, Value: layers.Short(name), Remedy: err.Error()}
	}
	return c, nil
}

// toLonLat brings points to longitude and latitude of WGS 84, in place. What
// onemap cannot compute itself GDAL's gdaltransform does, in a cage.
func toLonLat(ctx context.Context, c crs.CRS, option string, points []orb.Point) error {
	if plane, ok := crs.PlaneOf(c); ok {
		for i, p := range points {
			q, ok := plane.Inverse(p)
			if !ok {
				return beyond(option, c, p)
			}
			points[i] = q
		}
	} else if c.NeedsPROJ() {
		if err := byGDAL(ctx, c, option, points); err != nil {
			return err
		}
	} else {
		for i, p := range points {
			q, err := c.ToWGS84(p)
			if err != nil {
				return beyond(option, c, p)
			}
			points[i] = q
		}
	}
	for _, p := range points {
		if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
			return beyond(option, c, p)
		}
	}
	return nil
}

func beyond(option string, c crs.CRS, p orb.Point) error {
	return &layers.InputError{Field: option, Value: c.String(), Remedy: fmt.Sprintf("the coordinate system that the file is in: %g, %g is no place in this one", p[0], p[1])}
}

func byGDAL(ctx context.Context, c crs.CRS, option string, points []orb.Point) error {
	cage, err := gdal.NewCage(ctx, "", 5*time.Minute, 1<<30)
	if err != nil {
		return fmt.Errorf("coordinates of %v: %w", c, err)
	}
	defer cage.Remove()
	name := filepath.Join(cage.Dir, "in.txt")
	var in bytes.Buffer
	for _, p := range points {
		fmt.Fprintf(&in, "%.17g %.17g\n", p[0], p[1])
	}
	if err := os.WriteFile(name, in.Bytes(), 0o600); err != nil {
		return fmt.Errorf("coordinates of %v: %w", c, err)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("coordinates of %v: %w", c, err)
	}
	defer f.Close()
	var out bytes.Buffer
	err = cage.Run(ctx, f, &out, "gdaltransform", "-s_srs", c.String(), "-t_srs", "OGC:CRS84", "-output_xy")
	var failed *gdal.Failure
	if errors.As(err, &failed) {
		return &layers.InputError{Field: option, Value: c.String(), Remedy: "a coordinate system that PROJ knows, and coordinates that lie in it"}
	}
	if err != nil {
		return fmt.Errorf("coordinates of %v: %w", c, err)
	}
	lines := bufio.NewScanner(&out)
	for i := range points {
		if !lines.Scan() {
			return fmt.Errorf("coordinates of %v: gdaltransform gave %d of %d", c, i, len(points))
		}
		x, y, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		lon, errX := strconv.ParseFloat(x, 64)
		lat, errY := strconv.ParseFloat(y, 64)
		if errX != nil || errY != nil {
			return beyond(option, c, points[i])
		}
		points[i] = orb.Point{lon, lat}
	}
	return nil
}
