// Package ui holds the built pages: the command centre at / and the grid
// worker's page at /m. `make build` fills dist; in a fresh clone it holds a
// placeholder only, and the server says so.
package ui

import "embed"

// Dist is the folder dist with the built pages, as vite writes it.
//
//go:embed all:dist
var Dist embed.FS
