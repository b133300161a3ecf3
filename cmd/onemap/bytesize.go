package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A byteSize is an amount of memory on the command line: 256MiB, 2GiB, 65536.
type byteSize uint64

// byteUnits are what a number may end with, in any case; the longer first.
var byteUnits = []struct {
	name  string
	bytes uint64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {"", 1},
}

// UnmarshalText reads a number with a unit of byteUnits.
func (s *byteSize) UnmarshalText(b []byte) error {
	text := strings.ToUpper(strings.TrimSpace(string(b)))
	for _, u := range byteUnits {
		number, ok := strings.CutSuffix(text, strings.ToUpper(u.name))
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0) || n*float64(u.bytes) >= math.MaxInt64 {
			break
		}
		*s = byteSize(n * float64(u.bytes))
		return nil
	}
	return fmt.Errorf("%q is no amount of memory: write it as 256MiB or 2GiB", b)
}

// String writes it with the largest unit that leaves no fraction.
func (s byteSize) String() string {
	for _, u := range byteUnits {
		if s > 0 && uint64(s)%u.bytes == 0 {
			return strconv.FormatUint(uint64(s)/u.bytes, 10) + u.name
		}
	}
	return "0"
}
