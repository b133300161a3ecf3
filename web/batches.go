package web

import (
	"context"
	"net/http"
	"strconv"

	"onemap/layers"
	"onemap/layers/intake"
	"onemap/layers/upload"
)

// Batches: what came of files, until it is applied, dropped or undone.

type batchesInput struct {
	Layer  string `query:"layer" maxLength:"48"`
	State  string `query:"state" enum:"staging,previewed,applied,undone"`
	Before int64  `query:"before" minimum:"0" doc:"With smaller numbers only: the next page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type batchesOutput struct {
	Body struct {
		Batches []upload.Batch `json:"batches" nullable:"false" doc:"The latest first, without plans and cards"`
	}
}

func (s *Server) listBatches(ctx context.Context, in *batchesInput) (*batchesOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	out := &batchesOutput{}
	out.Body.Batches, err = store.Batches(ctx, scopeOf(ctx), upload.BatchQuery{Layer: in.Layer, State: in.State, Before: in.Before, Limit: in.Limit})
	if out.Body.Batches == nil {
		out.Body.Batches = []upload.Batch{}
	}
	return out, err
}

// BatchInput names a batch.
type BatchInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type batchOutput struct{ Body upload.Batch }

func (s *Server) getBatch(ctx context.Context, in *BatchInput) (*batchOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	b, err := store.Batch(ctx, scopeOf(ctx), in.ID)
	return &batchOutput{b}, err
}

type rejectsInput struct {
	BatchInput
	After int64 `query:"after" minimum:"0" doc:"Rows behind this one"`
	Limit int   `query:"limit" minimum:"1" maximum:"10000" default:"200"`
}

type rejectsOutput struct {
	Body struct {
		Rejects []upload.Reject `json:"rejects" nullable:"false" doc:"In the order of the file; the first 10,000 of a batch are kept"`
	}
}

func (s *Server) listRejects(ctx context.Context, in *rejectsInput) (*rejectsOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	out := &rejectsOutput{}
	out.Body.Rejects, err = store.Rejects(ctx, scopeOf(ctx), in.ID, in.After, in.Limit)
	if out.Body.Rejects == nil {
		out.Body.Rejects = []upload.Reject{}
	}
	return out, err
}

// batchFeatures shows where the rows of a preview would be.
func (s *Server) batchFeatures(w http.ResponseWriter, r *http.Request) error {
	store, err := s.uploads()
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return layers.ErrNotFound
	}
	limit := 0
	if text := r.URL.Query().Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > 5000 {
			return &layers.InputError{Field: "query.limit", Value: layers.Short(text), Remedy: "1 to 5000"}
		}
	}
	features, err := store.Preview(r.Context(), scopeOf(r.Context()), id, limit)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/geo+json")
	_, _ = w.Write(features) // the client may have left
	return nil
}

type batchActInput struct {
	Request
	BatchInput
}

func (s *Server) applyBatch(ctx context.Context, in *batchActInput) (*batchOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	b, err := store.Apply(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
	return &batchOutput{b}, err
}

type undoInput struct {
	Request
	BatchInput
	Body struct {
		Later string `json:"later,omitempty" enum:"keep,overwrite," doc:"What becomes of rows that were changed since: they stay, or become what they were before the batch; left out: then nothing is undone, and the answer says how many there are"`
	}
}

func (s *Server) undoBatch(ctx context.Context, in *undoInput) (*batchOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	b, err := store.Undo(ctx, scopeOf(ctx), clientAddress(in.r), in.ID, intake.Later(in.Body.Later))
	return &batchOutput{b}, err
}

func (s *Server) dropBatch(ctx context.Context, in *batchActInput) (*struct{}, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	return nil, store.Drop(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
}
