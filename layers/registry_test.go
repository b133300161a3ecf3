package layers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/layerstest"
)

func TestRegistryNamesRealColumns(t *testing.T) {
	db := layerstest.DB(t)
	all, err := layers.NewStore(db).Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 19 {
		t.Fatalf("%d built-in layers", len(all))
	}
	for _, l := range all {
		if len(l.Fields) == 0 {
			t.Errorf("layer %s has no fields", l.Name)
		}
		for _, f := range l.Fields {
			var ok bool
			err := db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM information_schema.columns
				WHERE table_schema = 'map' AND table_name = $1 AND column_name = $2)`, l.Name, f.Name).Scan(&ok)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				t.Errorf("layer %s names the column %s, which its table lacks", l.Name, f.Name)
			}
		}
	}
}

// The log's reader forgets the registry while a query reads it: that must not
// wait for the database, nor may the next caller beyond their own time.
func TestRegistryIsNotHeldWhileItIsRead(t *testing.T) {
	db := layerstest.DB(t)
	ctx := t.Context()
	store := layers.NewStore(db)
	tx, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE onemap.layer`); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := store.Layers(ctx)
		read <- err
	}()
	for waits := false; !waits; {
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	forgot := make(chan struct{})
	go func() {
		defer close(forgot)
		store.ForgetRegistry()
	}()
	select {
	case <-forgot:
	case <-time.After(10 * time.Second):
		t.Error("forgetting waits for the database")
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := store.Layers(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller whose time is over gets %v", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.layer SET title_en = 'New' WHERE name = 'asset'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	// What was being read when it was forgotten is not kept.
	if _, err := db.Exec(ctx, `UPDATE onemap.layer SET title_en = 'Newer' WHERE name = 'asset'`); err != nil {
		t.Fatal(err)
	}
	if l, err := store.Layer(ctx, "asset"); err != nil || l.TitleEN != "Newer" {
		t.Errorf("%q %v", l.TitleEN, err)
	}
}
