package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"onemap/layers/feed"
	"onemap/tiles"
)

// since reads the place in the log that a tile must hold: a cursor as the
// answer to a write, a live message or another tile gave it.
func (s *Server) since(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	if lsn, err := feed.ParseLSN(text); err == nil { // of who wrote in SQL
		return lsn, nil
	}
	c, err := feed.ParseCursor(text)
	if err != nil {
		return 0, inputError("query.since", text, "a cursor as the header Onemap-Cursor gives it, or a pg_lsn of this database, 1/6B3748")
	}
	if now := s.feedStatus().Cursor; !now.IsZero() && !now.SameHistory(c) {
		return 0, errForeignCursor
	}
	return c.LSN, nil
}

// errForeignCursor: a restored database, or another city's. What the client
// has of it must be loaded anew.
var errForeignCursor = errors.New("the cursor is of another database, or of another timeline of it: load anew, without since")

// feedStatus is how the log is followed; the zero value where it is not.
func (s *Server) feedStatus() feed.Status {
	if s.Feed == nil {
		return feed.Status{}
	}
	return s.Feed()
}

// laggingAfter is from which lag on answers say so. Below it the feed is as good
// as in time: its lag is measured twice a second.
const laggingAfter = time.Second

// writeTile answers with a tile, or that the client has it. The tile's headers:
//
//	Onemap-Cursor  the place in the log that it holds every change up to
//	Onemap-Source  where it was made: memory, postgis, archive, or both: more than one of them
//	Onemap-Lag     how far the log's reader is behind, in seconds, where it is
//
// Every tile may change at any moment, so it is stored and asked about each time
// (no-cache), which a tag answers without the bytes: a max-age would show what
// is no longer true. What the public sees, proxies and a CDN may store too; what
// is seen by right only the caller's own browser.
func (s *Server) writeTile(w http.ResponseWriter, r *http.Request, tile tiles.Tile) {
	h := w.Header()
	own := make([]string, 4) // the values that are this answer's alone
	st := s.feedStatus()
	if at := st.Cursor; tile.LSN > 0 && !at.IsZero() {
		at.LSN = tile.LSN
		own[0] = at.String()
		h["Onemap-Cursor"] = own[0:1:1]
	}
	if tile.From != "" {
		own[1] = tile.From
		h["Onemap-Source"] = own[1:2:2]
	}
	if st.Lag >= laggingAfter {
		h["Onemap-Lag"] = []string{strconv.FormatFloat(st.Lag.Seconds(), 'f', 1, 64)}
	}
	if _, known := scopeOf(r.Context()).Person(); !known {
		h["Cache-Control"] = publicTile
	}
	h["Vary"] = append(h["Vary"], "Accept-Encoding")
	etag := "W/" + tile.ETag // weak: what goes out may be compressed
	own[2] = etag
	h["Etag"] = own[2:3:3]
	if notModified(r, etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if len(tile.MVT) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h["Content-Type"] = tileType
	body := tile.MVT
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if packed := tile.Gzip(); packed != nil {
			body = packed
			h["Content-Encoding"] = gzipped
		}
	}
	own[3] = strconv.Itoa(len(body))
	h["Content-Length"] = own[3:4:4]
	_, _ = w.Write(body)
}

// Values of headers, which nobody changes.
var (
	publicTile = []string{"public, no-cache"}
	tileType   = []string{"application/vnd.mapbox-vector-tile"}
	gzipped    = []string{"gzip"}
)

// takesGzip says whether an Accept-Encoding header allows gzip by name (RFC
// 9110, 12.5.3).
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, weighed := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			return !weighed || strings.Trim(q, "0.") != ""
		}
	}
	return false
}

// notModified says whether the client has what etag names (RFC 9110, 13.1.2).
func notModified(r *http.Request, etag string) bool {
	have := r.Header.Get("If-None-Match")
	if have == "" {
		return false
	}
	for tag := range strings.SplitSeq(have, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}
