package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

type forwardedKey struct{}

// forwarded is what a trusted proxy says of the request that it passes on.
type forwarded struct {
	address string
	https   bool
}

// behindProxy takes the client's address and scheme from the headers of a
// reverse proxy that the operator named. Anyone else could write what they
// like there, and escape the limits that count by address.
func (s *Server) behindProxy(next http.Handler) http.Handler {
	if len(s.Proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.trusted(remoteAddress(r)) {
			f := forwarded{https: r.Header.Get("X-Forwarded-Proto") == "https"}
			// From the right: the first address that no proxy of ours has.
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for i := len(hops) - 1; i >= 0; i-- {
				ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
				if err != nil {
					break
				}
				f.address = ip.Unmap().String()
				if !s.trusted(ip.Unmap()) {
					break
				}
			}
			r = r.WithContext(context.WithValue(r.Context(), forwardedKey{}, f))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func remoteAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// clientAddress is the caller's IP address, as far as it is known; "" if not.
func clientAddress(r *http.Request) string {
	if f, ok := r.Context().Value(forwardedKey{}).(forwarded); ok && f.address != "" {
		return f.address
	}
	if ip := remoteAddress(r); ip.IsValid() {
		return ip.WithZone("").String()
	}
	return ""
}

// isHTTPS says whether the client speaks HTTPS, to us or to our proxy.
func isHTTPS(r *http.Request) bool {
	f, _ := r.Context().Value(forwardedKey{}).(forwarded)
	return r.TLS != nil || f.https
}

// isLoopback says whether the request was made on this machine and not passed
// on by a proxy on it.
func isLoopback(r *http.Request) bool {
	return remoteAddress(r).IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}
