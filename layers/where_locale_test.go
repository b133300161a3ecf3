package layers_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// A database in Turkish, which orders texts like a dictionary and has an i of
// its own, finds the same rows as ours in C.
func TestConditionsDoNotDependOnTheDatabasesLanguage(t *testing.T) {
	admin := layerstest.DB(t)
	u, err := url.Parse(layerstest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/") + "_tr"
	if _, err := admin.Exec(t.Context(), `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'`); err != nil {
		t.Skipf("this PostgreSQL has no other languages: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	u.Path = "/" + name
	db, err := layers.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if _, err := db.Exec(t.Context(), `CREATE EXTENSION postgis; CREATE SCHEMA map; CREATE TABLE map.probe (id bigint PRIMARY KEY, t text, geom geometry(Point, 4326))`); err != nil {
		t.Fatal(err)
	}
	db.Reset() // connections that know the geometry type
	for i, s := range texts {
		if _, err := db.Exec(t.Context(), `INSERT INTO map.probe VALUES ($1, $2, ST_Point(1, 1, 4326))`, i+1, s); err != nil {
			t.Fatal(err)
		}
	}
	// The language matters to it: else the test would show nothing.
	var lower string
	if err := db.QueryRow(t.Context(), `SELECT lower('I')`).Scan(&lower); err != nil || lower == "i" {
		t.Fatalf("lower('I') is %q, %v", lower, err)
	}
	store := layers.NewStore(db)
	for _, s := range texts {
		for _, c := range []where.Cond{
			where.Eq{Field: "t", Value: s}, where.In{Field: "t", Values: []string{s, "a"}}, where.Prefix{Field: "t", Prefix: s},
			where.Range{Field: "t", Min: s}, where.Range{Field: "t", Min: s, MinOpen: true}, where.Range{Field: "t", Max: s}, where.Range{Field: "t", Max: s, MaxClosed: true},
			where.Like{Field: "t", Pattern: s + "%"}, where.Like{Field: "t", Pattern: "%" + s + "%", Fold: true}, where.Like{Field: "t", Pattern: where.EscapeLike(s), Fold: true},
		} {
			var got, want []int64
			for i, v := range texts {
				if where.Match(c, func(string) any { return v }, where.At{G: orb.Point{1, 1}}) {
					want = append(want, int64(i+1))
				}
			}
			for f, err := range store.Features(t.Context(), layers.Query{Layer: probe, Where: c}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: PostgreSQL finds %v, Match %v", where.Canon(c), got, want)
			}
		}
	}
}
