package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/georef"
	"onemap/layers/upload"
)

// Files that department officers bring in; what becomes of them is in batches.go.

// onlyImporters are those who bring data in.
var onlyImporters = only(access.DepartmentOfficer)

const (
	// maxUploadBytes is how large a file may be that comes over HTTP.
	maxUploadBytes = 256 << 20
	// maxPlanBytes is how large a plan may be: 400 columns with their code lists.
	maxPlanBytes = 2 << 20
)

// fileTypes are what a file may say it is; what it is, is found out.
var fileTypes = []string{"application/octet-stream"}

// uploads returns the store of files, or why there is none.
func (s *Server) uploads() (*upload.Store, error) {
	if s.Uploads == nil {
		return nil, fmt.Errorf("uploads: %w", errUnavailable)
	}
	return s.Uploads, nil
}

// putUpload keeps a file and answers with what is in it.
func (s *Server) putUpload(w http.ResponseWriter, r *http.Request) error {
	store, err := s.uploads()
	if err != nil {
		return err
	}
	u, err := store.Put(r.Context(), scopeOf(r.Context()), clientAddress(r), r.URL.Query().Get("name"), r.Body)
	if datafile.GDALMissing(err) {
		return fmt.Errorf("this format: %w", errUnavailable)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("/api/v1/uploads/%d", u.ID))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(u) // the client may have left
	return nil
}

type uploadsOutput struct {
	Body struct {
		Uploads []upload.Upload `json:"uploads" nullable:"false" doc:"The latest first, without what is in them"`
	}
}

func (s *Server) listUploads(ctx context.Context, _ *struct{}) (*uploadsOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	out := &uploadsOutput{}
	out.Body.Uploads, err = store.List(ctx, scopeOf(ctx))
	if out.Body.Uploads == nil {
		out.Body.Uploads = []upload.Upload{}
	}
	return out, err
}

// UploadInput names an upload.
type UploadInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type uploadOutput struct{ Body upload.Upload }

func (s *Server) getUpload(ctx context.Context, in *UploadInput) (*uploadOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	u, err := store.Get(ctx, scopeOf(ctx), in.ID)
	return &uploadOutput{u}, err
}

type deleteUploadInput struct {
	Request
	UploadInput
}

func (s *Server) deleteUpload(ctx context.Context, in *deleteUploadInput) (*struct{}, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	return nil, store.Delete(ctx, scopeOf(ctx), clientAddress(in.r), in.ID)
}

type sheetInput struct {
	UploadInput
	Sheet string `query:"sheet" maxLength:"200" doc:"Left out: the first"`
	Line  int    `query:"header_line" minimum:"1" maximum:"1000" required:"true" doc:"Where its header begins"`
	Rows  int    `query:"header_rows" minimum:"0" maximum:"5" doc:"Left out: found"`
}

type sheetOutput struct{ Body upload.Sheet }

func (s *Server) lookAtSheet(ctx context.Context, in *sheetInput) (*sheetOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	sheet, err := store.Look(ctx, scopeOf(ctx), in.ID, in.Sheet, datafile.Header{Line: in.Line, Rows: in.Rows})
	return &sheetOutput{sheet}, err
}

type planInput struct {
	UploadInput
	Sheet string `query:"sheet" maxLength:"200" doc:"Left out: the first"`
	Layer string `query:"layer" maxLength:"48" required:"true" doc:"That the rows are for"`
}

type planOutput struct{ Body upload.Plan }

func (s *Server) planUpload(ctx context.Context, in *planInput) (*planOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	p, err := store.For(ctx, scopeOf(ctx), in.ID, in.Sheet, in.Layer)
	return &planOutput{p}, err
}

type judgeInput struct {
	Request
	UploadInput
	Body struct {
		Plan upload.Plan `json:"plan" doc:"Of which the sheet, the place and the declared system count"`
	}
}

type judgeOutput struct{ Body georef.Verdict }

func (s *Server) judgeUpload(ctx context.Context, in *judgeInput) (*judgeOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	v, err := store.Judge(ctx, scopeOf(ctx), in.ID, in.Body.Plan)
	return &judgeOutput{v}, err
}

type stageInput struct {
	Request
	UploadInput
	Body struct {
		Plan upload.Plan `json:"plan"`
	}
}

func (s *Server) stageUpload(ctx context.Context, in *stageInput) (*batchOutput, error) {
	store, err := s.uploads()
	if err != nil {
		return nil, err
	}
	b, err := store.StageUpload(ctx, scopeOf(ctx), clientAddress(in.r), in.ID, in.Body.Plan)
	return &batchOutput{b}, err
}

// named describes the body and the name of a file.
func named(op *huma.Operation) {
	takes(fileTypes...)(op)
	inQuery("name", "What the file is called, with its ending; it is shown, and never used as a path")(op)
}
