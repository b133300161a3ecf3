// Package migrations holds the schema of onemap's database, one numbered SQL
// file a step. Steps only go forward and are numbered without gaps; each says
// at its head what it locks, for the operator who upgrades a running city.
package migrations

import "embed"

// FS holds the migrations, named NNNN_what.sql, in goose's format.
//
//go:embed *.sql
var FS embed.FS
