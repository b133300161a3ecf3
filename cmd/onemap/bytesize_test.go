package main

import "testing"

func TestByteSize(t *testing.T) {
	for _, tt := range []struct {
		text string
		want byteSize
		bad  bool
	}{
		{"256MiB", 256 << 20, false}, {"1.5 gib", 3 << 29, false}, {"2G", 2 << 30, false}, {"65536", 65536, false}, {"0", 0, false}, {"10b", 10, false},
		{"", 0, true}, {"MiB", 0, true}, {"-1", 0, true}, {"NaN", 0, true}, {"1e30", 0, true}, {"12 parsecs", 0, true},
	} {
		var got byteSize
		if err := got.UnmarshalText([]byte(tt.text)); (err != nil) != tt.bad || got != tt.want {
			t.Errorf("%q: %d, %v", tt.text, got, err)
		}
	}
	for s, want := range map[byteSize]string{256 << 20: "256MiB", 3 << 29: "1536MiB", 1000: "1000B", 0: "0"} {
		if s.String() != want {
			t.Errorf("%d is written %q, want %q", uint64(s), s, want)
		}
	}
}
