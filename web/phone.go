package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/task"
)

// What a worker's phone keeps for working without signal.

// getPhone answers with the pack; the tag leaves the server's time out, or no
// phone would ever have it already.
func (s *Server) getPhone(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	p, err := s.Tasks.Pack(r.Context(), scopeOf(r.Context()))
	if err != nil {
		return err
	}
	timeless := p
	timeless.ServerTime = time.Time{}
	return s.tagged(w, r, timeless, p)
}

// getPhoneAssets answers with the assets in the caller's grids.
func (s *Server) getPhoneAssets(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "after", "limit"); err != nil {
		return err
	}
	q := r.URL.Query()
	after, err := wholeNumber("query.after", q.Get("after"), 0, 0, 1<<62)
	if err != nil {
		return err
	}
	limit, err := wholeNumber("query.limit", q.Get("limit"), 20_000, 1, 50_000)
	if err != nil {
		return err
	}
	found, err := s.Tasks.Assets(r.Context(), scopeOf(r.Context()), after, int(limit))
	if err != nil {
		return err
	}
	return s.tagged(w, r, found, found)
}

// wholeNumber reads a number from a query; other where there is none.
func wholeNumber(field, s string, other, least, most int64) (int64, error) {
	if s == "" {
		return other, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &layers.InputError{Field: field, Value: layers.Short(s), Remedy: fmt.Sprintf("a whole number from %d to %d", least, most)}
	}
	return n, nil
}

// tagged answers with body as JSON, or with 304 where the client has it: the
// tag is the hash of what makes one answer differ from another.
func (s *Server) tagged(w http.ResponseWriter, r *http.Request, tag, body any) error {
	t, err := json.Marshal(tag)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(t)
	etag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", etag)
	// The compressor marks the tag of what it compressed as weak, or with its suffix.
	if have := r.Header.Get("If-None-Match"); have == "*" || strings.Contains(have, strings.Trim(etag, `"`)) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(body)
}

type assetsInput struct {
	Code string `query:"code" required:"true" minLength:"1" maxLength:"40" doc:"The whole identification code (部件标识码)"`
}

type assetsOutput struct {
	Body struct {
		Assets []task.Asset `json:"assets" nullable:"false" doc:"One, or none that the caller may see"`
	}
}

// assetByCode finds an asset by its code, with the class of the matters that
// are reported about it and whose it is.
func (s *Server) assetByCode(ctx context.Context, in *assetsInput) (*assetsOutput, error) {
	found, err := s.Tasks.AssetByCode(ctx, scopeOf(ctx), in.Code)
	out := &assetsOutput{}
	out.Body.Assets = append([]task.Asset{}, found...)
	return out, err
}
