package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A hammer sends the same requests over and over, on connections that stay
// open, and reads the answers without looking at them. Go's HTTP client takes
// more of the machine than the servers measured, and would hide their difference.
type hammer struct {
	addr     string   // host:port
	requests [][]byte // HTTP/1.1, to be sent as they are
	workers  int
}

// get is a request without a body.
func get(addr, path, key string) []byte {
	auth := ""
	if key != "" {
		auth = "Authorization: Bearer " + key + "\r\n"
	}
	return []byte("GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n" + auth + "\r\n")
}

// A blow is what came of it.
type blow struct {
	answers int64
	bytes   int64 // of bodies
	took    time.Duration
	cpu     time.Duration // that it cost; 0: unknown
}

func (b blow) rate() float64 { return float64(b.answers) / b.took.Seconds() }

// blows are what came of the turns.
type blows []blow

// sum is all turns together. Its CPU is unknown if a turn's is.
func (bs blows) sum() (all blow) {
	known := true
	for _, b := range bs {
		all = blow{all.answers + b.answers, all.bytes + b.bytes, all.took + b.took, all.cpu + b.cpu}
		known = known && b.cpu > 0
	}
	if !known {
		all.cpu = 0
	}
	return all
}

// rate is the median of the turns.
func (bs blows) rate() float64 {
	var rates []float64
	for _, b := range bs {
		rates = append(rates, b.rate())
	}
	slices.Sort(rates)
	n := len(rates)
	return (rates[n/2] + rates[(n-1)/2]) / 2
}

// run sends requests for a while. An answer other than 200 and 204 is an error.
func (h hammer) run(ctx context.Context, d time.Duration) (blow, error) {
	ctx, stop := context.WithTimeout(ctx, d+time.Minute)
	defer stop()
	var next, answers, size atomic.Int64
	errs := make(chan error, h.workers)
	var all sync.WaitGroup
	began := time.Now()
	for range h.workers {
		all.Go(func() {
			var dial net.Dialer
			c, err := dial.DialContext(ctx, "tcp", h.addr)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			r := bufio.NewReaderSize(c, 64<<10)
			for time.Since(began) < d {
				n, err := ask(c, r, h.requests[int(next.Add(1))%len(h.requests)])
				if err != nil {
					errs <- err
					return
				}
				answers.Add(1)
				size.Add(n)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	select {
	case err := <-errs:
		return blow{}, err
	default:
	}
	return blow{answers: answers.Load(), bytes: size.Load(), took: took}, nil
}

// ask sends one request and reads its answer. It returns the body's length.
func ask(w io.Writer, r *bufio.Reader, request []byte) (int64, error) {
	if _, err := w.Write(request); err != nil {
		return 0, err
	}
	status, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) && !bytes.HasPrefix(status, []byte("HTTP/1.1 204 ")) {
		return 0, fmt.Errorf("%q is answered %q", bytes.SplitN(request, []byte("\r\n"), 2)[0], status)
	}
	length := int64(0)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, length)
	return length, err
}
