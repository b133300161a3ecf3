package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
	"onemap/layers/open311"
)

const (
	maxOpenMedia   = 3 // pictures of a request
	openFormBytes  = 64 << 10
	openBodyBytes  = maxOpenMedia*incident.MaxPhotoBytes + openFormBytes
	openBodyMemory = 1 << 20 // the rest of a body waits on disk
)

// readForm reads the query, and of a POST its form.
func readForm(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch kind {
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case "multipart/form-data":
		err = r.ParseMultipartForm(openBodyMemory)
	default:
		return fmt.Errorf("%w: application/x-www-form-urlencoded or multipart/form-data", errMediaType)
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: the body is no form", errBadRequest)
	}
	for _, values := range r.PostForm {
		for _, v := range values {
			if !utf8.ValidString(v) {
				return fmt.Errorf("%w: text in UTF-8", errBadRequest)
			}
		}
	}
	return nil
}

// openReport is POST requests: a report, by a reporter's key or, where the
// city allows it, by anyone.
func (s *Server) openReport(w http.ResponseWriter, r *http.Request, f o311Format, by access.Scope, set open311.Settings) error {
	by, err := s.mayReport(r.Context(), w, r, by, set)
	if err != nil {
		return err
	}
	v := r.PostForm
	service, err := s.Open311.Service(r.Context(), set, v.Get("service_code"))
	if err != nil {
		if v.Get("service_code") == "" {
			return inputError("service_code", "", "one of /open311/v2/services."+string(f))
		}
		return err
	}
	rep := incident.Report{UUID: uuid.New(), Standard: service.Standard, Class: service.Code, Source: "public", Place: v.Get("address_string"),
		Description: v.Get("description"), Condition: v.Get("attribute[condition]"), Contact: openContact(v.Get), Address: clientAddress(r)}
	if rep.At, err = openPlace(v.Get); err != nil {
		return err
	}
	if t := v.Get("attribute[occurred_at]"); t != "" {
		if rep.OccurredAt, err = readW3time("attribute[occurred_at]", t); err != nil {
			return err
		}
	}
	// A client that may have to send it again names it itself.
	if id := firstOf(v.Get("uuid"), r.Header.Get("Idempotency-Key")); id != "" {
		if rep.UUID, err = uuid.Parse(id); err != nil {
			return inputError("uuid", id, "a UUID, new for each report and kept when it is sent again")
		}
	}
	var notice string
	if rep.Photos, notice, err = s.openMedia(r, by); err != nil {
		return err
	}
	i, at, again, err := s.Incidents.Report(r.Context(), by, rep)
	if err != nil {
		return err
	}
	w.Header().Set("Onemap-Cursor", at.String())
	status := http.StatusCreated
	if again {
		status = http.StatusOK
	}
	all := []o311MadeR{{ID: strconv.FormatInt(i.ID, 10), Notice: maybe(notice)}}
	if wantsToken(r) {
		all[0].Token = rep.UUID.String()
	}
	return f.write(w, r, status, o311Made{All: all}, all)
}

// wantsToken: who reports without a key has no other way to find it again, and
// asks for the token; the standard has either of the two.
func wantsToken(r *http.Request) bool { return r.FormValue("return_token") == "true" }

// openPlace is where it is. GeoReport's lat and long are of WGS 84; a map of
// China may say with crs that they are not.
func openPlace(get func(string) string) (incident.Place, error) {
	lat, long := get("lat"), get("long")
	if lat == "" && long == "" {
		return incident.Place{}, inputError("lat", "", "lat and long: address_string and address_id alone are not placed here")
	}
	y, err1 := strconv.ParseFloat(lat, 64)
	x, err2 := strconv.ParseFloat(long, 64)
	if err1 != nil || err2 != nil {
		return incident.Place{}, inputError("lat", lat+", "+long, "lat and long in degrees")
	}
	if y < -90 || y > 90 || x < -180 || x > 180 {
		return incident.Place{}, inputError("lat", lat+", "+long, "a lat of -90 to 90 and a long of -180 to 180")
	}
	return incident.Place{CRS: firstOf(get("crs"), "WGS84"), X: x, Y: y}, nil
}

// openContact is how to reach the reporter, where they leave it.
func openContact(get func(string) string) string {
	var parts []string
	for _, s := range []string{strings.TrimSpace(get("first_name") + " " + get("last_name")), get("phone"), get("email")} {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	text := []rune(strings.Join(parts, "; "))
	return string(text[:min(len(text), 200)])
}

// openMedia keeps the pictures of a request: files named media of a multipart
// body, and for reporters with a key what media_url names, which is fetched
// from public addresses only. A picture that cannot be had is no reason to
// refuse the report: the notice says so.
func (s *Server) openMedia(r *http.Request, by access.Scope) (photos []incident.Shown, notice string, err error) {
	if s.Incidents.Photos == nil {
		return nil, "", nil
	}
	if r.MultipartForm != nil {
		files := r.MultipartForm.File["media"]
		if len(files) > maxOpenMedia {
			return nil, "", inputError("media", "", fmt.Sprintf("at most %d pictures", maxOpenMedia))
		}
		for _, h := range files {
			if h.Size > incident.MaxPhotoBytes {
				return nil, "", inputError("media", "", fmt.Sprintf("at most %d bytes each", incident.MaxPhotoBytes))
			}
			file, err := h.Open()
			if err != nil {
				return nil, "", fmt.Errorf("open upload: %w", err)
			}
			b, err := io.ReadAll(file)
			_ = file.Close()
			if err != nil {
				return nil, "", fmt.Errorf("read upload: %w", err)
			}
			p, err := s.Incidents.Photos.Put(r.Context(), by, b)
			if err != nil {
				return nil, "", err
			}
			photos = append(photos, incident.Shown{ID: p.ID})
		}
	}
	url := r.PostForm.Get("media_url")
	if url == "" {
		return photos, "", nil
	}
	if p, _ := by.Person(); p.ID == 0 || s.Outbound == nil { // not for anyone: it would make us their courier
		return photos, "media_url was not fetched: send the picture itself, as a file named media", nil
	}
	b, err := s.Outbound.Get(r.Context(), url, incident.MaxPhotoBytes)
	if err != nil {
		return photos, "media_url could not be fetched: " + err.Error(), nil
	}
	p, err := s.Incidents.Photos.Put(r.Context(), by, b)
	if errors.Is(err, layers.ErrInvalid) {
		return photos, "what media_url names is no picture that can be kept", nil
	}
	if err != nil {
		return nil, "", err
	}
	return append(photos, incident.Shown{ID: p.ID}), "", nil
}
