package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/layers/access"
)

// raw sends what is not a whole request, and returns the answer.
func raw(t testing.TB, url, text string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", text[:min(len(text), 60)], err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// someone returns a person who may call a route; "" where nobody needs to be.
func someone(roles []access.Role, signedIn bool) string {
	for _, p := range people {
		if signedIn && (len(roles) == 0 || slices.Contains(roles, p.role)) {
			return p.login
		}
	}
	return ""
}

// Every route that takes a body refuses one that is too large by its stated
// length, before a byte of it is read, and one that comes without a length when
// it turns out to be. Who may not call it is told that instead.
func TestBodiesThatAreTooLarge(t *testing.T) {
	w := newWorld(t)
	routes := 0
	for _, l := range w.server.Table() {
		if !slices.Contains([]string{"POST", "PUT", "PATCH"}, l.Method) {
			continue
		}
		routes++
		path := fill(l.Pattern, walkValues)
		caller := ""
		if login := someone(l.Roles, l.SignedIn); login != "" {
			caller = "Authorization: Bearer " + w.tokens[login] + "\r\n"
		}
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n", l.Method, path)
		stated := fmt.Sprintf("Content-Length: %d\r\n\r\n", l.MaxBody+1)
		if res, b := raw(t, w.url, head+caller+stated); res.StatusCode != 413 {
			t.Errorf("%s %s: %d bytes are answered with %d: %s", l.Method, l.Pattern, l.MaxBody+1, res.StatusCode, b)
		}
		if l.SignedIn {
			if res, _ := raw(t, w.url, head+stated); res.StatusCode != 401 {
				t.Errorf("%s %s: nobody's large body is answered with %d", l.Method, l.Pattern, res.StatusCode)
			}
		}
		if l.MaxBody > 64<<10 { // the rest is the same code
			continue
		}
		body := fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", l.MaxBody+100, `"`+strings.Repeat("a", int(l.MaxBody)+99))
		if res, b := raw(t, w.url, head+caller+body+"\r\n0\r\n\r\n"); res.StatusCode != 413 && !ignoresBody(l.Method, l.Pattern, res.StatusCode) {
			t.Errorf("%s %s: a body without length is answered with %d: %s", l.Method, l.Pattern, res.StatusCode, b)
		}
	}
	if routes < 30 {
		t.Errorf("only %d routes take a body", routes)
	}
}

// ignoresBody says whether an answer shows that the body was not read: the
// route takes none, or another type, or there is no such thing.
func ignoresBody(method, pattern string, status int) bool {
	if slices.Contains(notByKey, method+" "+pattern) && status == 403 {
		return true // and the test calls with a key
	}
	return status == 404 || status == 405 || status == 415 || status == 409 || strings.HasPrefix(pattern, "/open311/") || status == 201 || status == 200 || status == 204
}

// A body that drips is cut off, wherever it goes, and the answer says why. One
// that keeps a pace may be slow.
func TestBodiesThatDrip(t *testing.T) {
	w := newWorld(t)
	w.server.BodyTime = 30 * time.Millisecond
	slow := httptest.NewServer(w.server.Handler())
	defer slow.Close()
	for _, l := range w.server.Table() {
		if !slices.Contains([]string{"POST", "PUT", "PATCH"}, l.Method) {
			continue
		}
		caller := ""
		if login := someone(l.Roles, l.SignedIn); login != "" {
			caller = "Authorization: Bearer " + w.tokens[login] + "\r\n"
		}
		kind, path := "application/json", fill(l.Pattern, walkValues)
		switch l.Pattern {
		case "/api/v1/photos":
			kind = "image/jpeg"
		case "/api/v1/uploads":
			path += "?name=a.csv" // is asked for before the body
		}
		// One byte, and then silence: the test would hang here.
		res, b := raw(t, slow.URL, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n%sContent-Length: 1000\r\n\r\n{", l.Method, path, kind, caller))
		if res.StatusCode != 408 && !ignoresBody(l.Method, l.Pattern, res.StatusCode) {
			t.Errorf("%s %s: a body that drips is answered with %d: %s", l.Method, l.Pattern, res.StatusCode, b)
		}
		if res.StatusCode == 408 && !strings.Contains(b, "body") {
			t.Errorf("%s %s: 408 says %s", l.Method, l.Pattern, b)
		}
	}
}

// The deadline of a body moves with what came of it, and is gone at its end.
func TestPaceOfABody(t *testing.T) {
	w := newWorld(t)
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	body := &slowReader{parts: []string{strings.Repeat("a", 8<<10), strings.Repeat("b", 8<<10)}, saw: func() time.Time { return d.read }}
	r := httptest.NewRequest("POST", "/api/v1/photos", body)
	r.Header.Set("Authorization", "Bearer "+w.tokens["worker"])
	r.Header.Set("Content-Type", "image/jpeg")
	before := time.Now()
	w.server.Handler().ServeHTTP(d, r)
	if len(body.deadlines) < 3 || !slices.IsSortedFunc(body.deadlines, time.Time.Compare) {
		t.Fatalf("deadlines %v", body.deadlines)
	}
	if first := body.deadlines[0].Sub(before); first < 30*time.Second || first > 40*time.Second {
		t.Errorf("the first byte may take %v", first)
	}
	if more := body.deadlines[len(body.deadlines)-1].Sub(body.deadlines[0]); more != 4*time.Second {
		t.Errorf("16 KiB moved the deadline by %v", more)
	}
	if !d.read.IsZero() {
		t.Errorf("the body is there, and the deadline stays: %v", d.read)
	}
}

// slowReader gives its parts one by one, and keeps the deadline at each.
type slowReader struct {
	parts     []string
	saw       func() time.Time
	deadlines []time.Time
}

func (s *slowReader) Read(p []byte) (int, error) {
	if n := len(s.deadlines); n == 0 || s.saw() != s.deadlines[n-1] {
		s.deadlines = append(s.deadlines, s.saw())
	}
	if len(s.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.parts[0])
	if s.parts[0] = s.parts[0][n:]; s.parts[0] == "" {
		s.parts = s.parts[1:]
	}
	return n, nil
}
