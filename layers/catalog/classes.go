package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A Class is a 类, 项, 目 or 细目 of the catalogue.
type Class struct {
	Code   string `json:"code"`
	Level  int    `json:"level" doc:"1 类, 2 项, 3 目, 4 细目"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en,omitempty"`
	Org    string `json:"org,omitempty" doc:"Whose own 项 it is"`
}

// Classes returns all classes by code. They are no secret.
func (s *Store) Classes(ctx context.Context) ([]Class, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT code, CASE length(code) WHEN 1 THEN 1 WHEN 3 THEN 2 WHEN 6 THEN 3 ELSE 4 END, name_zh, name_en, coalesce(org, '')
		FROM onemap.resource_class ORDER BY code COLLATE "C"`)
	if err != nil {
		return nil, fmt.Errorf("classes of the catalogue: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Class])
	if err != nil {
		return nil, fmt.Errorf("classes of the catalogue: %w", err)
	}
	return all, nil
}
