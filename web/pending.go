package web

import (
	"context"
	"net/http"

	"onemap/layers/access"
)

type liveHub interface {
	ServeWS(http.ResponseWriter, *http.Request, access.Scope, func(context.Context) (access.Scope, error))
	ServeSSE(http.ResponseWriter, *http.Request, access.Scope, func(context.Context) (access.Scope, error))
}
