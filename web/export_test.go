package web

import "onemap/layers/access"

// LimitTime is the middleware that bounds a request.
var LimitTime = limitTime

// A Line is one route of the table, for the tests that walk it.
type Line struct {
	Method, Pattern, Who string
	IgnoresCredentials   bool
	SignedIn             bool
	Roles                []access.Role
	FromThisMachine      bool
	MaxBody              int64
	Streams              bool
}

// Table returns all routes.
func (s *Server) Table() []Line {
	var out []Line
	for _, r := range s.routes() {
		m := &mount{body: maxBody}
		for _, o := range r.opts {
			o(m)
		}
		out = append(out, Line{r.method, r.pattern, r.who.name, r.who.ignore, r.who.signedIn, r.who.roles, m.loopback, m.body, m.stream})
	}
	return out
}
