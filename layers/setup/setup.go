// Package setup is what a new city starts with: whether it has been set up,
// and the few organisations of a city that is to be filled with real data.
package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/simulate/city"
)

// key of onemap.setting that says how far the set-up came.
const key = "city.setup"

// A State is how far a city's set-up came. Its zero value is a city that
// nobody has set up.
type State struct {
	City string `json:"city"` // demo, none
	Done bool   `json:"done"` // false: it was cut short; it can be done again
}

// Read returns how far the set-up came.
func Read(ctx context.Context, db *pgxpool.Pool) (State, error) {
	var raw []byte
	err := db.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = $1`, key).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		// A database that was filled by hand before is not ours to fill.
		var filled bool
		if err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation)`).Scan(&filled); err != nil {
			return State{}, fmt.Errorf("read set-up: %w", err)
		}
		return State{Done: filled}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read set-up: %w", err)
	}
	var s State
	if err := json.Unmarshal(raw, &s); err != nil {
		return State{}, fmt.Errorf("read set-up: %w", err)
	}
	return s, nil
}

// Write notes how far the set-up came.
func Write(ctx context.Context, db *pgxpool.Pool, s State) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write set-up: %w", err)
	}
	_, err = db.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, raw)
	if err != nil {
		return fmt.Errorf("write set-up: %w", err)
	}
	return nil
}

// Rename gives the city a name, the same in both languages.
func Rename(ctx context.Context, db *pgxpool.Pool, name string) error {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 60 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return &layers.InputError{Field: "name", Remedy: "give 1 to 60 characters, without control characters"}
	}
	_, err := db.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ('city.name', jsonb_build_object('zh', $1::text, 'en', $1::text))
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, name)
	if err != nil {
		return fmt.Errorf("name the city: %w", err)
	}
	return nil
}

// Bare makes the organisations of a city without data, for imports to own
// what they bring: a government, its command centre, and the departments whose
// data the four subjects are; and who answers for which class of incident, as
// in the demo city. Their area is everywhere (area_code empty), since
// the codes of the city to come are not known. It may be repeated.
func Bare(ctx context.Context, db *pgxpool.Pool, directory *access.Directory, by access.Scope) error {
	if _, err := db.Exec(ctx, bareSQL); err != nil {
		return fmt.Errorf("make organisations: %w", err)
	}
	batch := &pgx.Batch{}
	for _, c := range city.ClassDepts() {
		batch.Queue(`UPDATE onemap.class SET dept = @dept WHERE standard = @standard AND kind = @kind AND code = @code AND dept IS NULL`,
			pgx.NamedArgs{"standard": c.Standard, "kind": c.Kind, "code": c.Code, "dept": c.Dept})
	}
	if err := db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("set the classes' departments: %w", err)
	}
	if err := directory.SetOwners(ctx, by, owners); err != nil {
		return err
	}
	_, err := directory.SeedGrants(ctx, by)
	return err
}

// DemoSeeds are the organisations that the demo city's first accounts belong
// to, with the busiest responsibility grid for its grid worker.
func DemoSeeds(ctx context.Context, db *pgxpool.Pool) (access.SeedOrgs, error) {
	o := access.SeedOrgs{Government: "county-" + city.County, Centre: "centre", Urban: "urban", Police: "police"}
	var grid string
	err := db.QueryRow(ctx, `SELECT p.org, g.grid_code
		FROM onemap.person p JOIN onemap.person_grid g ON g.person = p.id
		LEFT JOIN (SELECT u.duty_code, count(*) AS n FROM map.incident i JOIN map.grid_unit u USING (grid_code) GROUP BY 1) busy
		       ON busy.duty_code = g.grid_code
		WHERE p.login LIKE 'w-%' ORDER BY busy.n DESC NULLS LAST, p.login LIMIT 1`).Scan(&o.Town, &grid)
	if err != nil {
		return access.SeedOrgs{}, fmt.Errorf("find a grid for the first grid worker: %w", err)
	}
	o.Grids = []string{grid}
	return o, nil
}

const bareSQL = `INSERT INTO onemap.organisation (code, parent, level, kind, area_code, name_zh, name_en) VALUES
	('city',      NULL,   'city', 'government',     '', '市人民政府',       'City government'),
	('centre',    'city', 'city', 'command_centre', '', '城市运行管理中心', 'City operation centre'),
	('urban',     'city', 'city', 'department',     '', '城市管理局',       'Urban management'),
	('police',    'city', 'city', 'department',     '', '公安局',           'Police'),
	('fire',      'city', 'city', 'department',     '', '消防救援支队',     'Fire and rescue'),
	('emergency', 'city', 'city', 'department',     '', '应急管理局',       'Emergency management'),
	('natural',   'city', 'city', 'department',     '', '自然资源和规划局', 'Natural resources and planning'),
	('market',    'city', 'city', 'department',     '', '市场监督管理局',   'Market supervision'),
	('housing',   'city', 'city', 'department',     '', '住房和城乡建设局', 'Housing and urban-rural development'),
	('transport', 'city', 'city', 'department',     '', '交通运输局',       'Transport'),
	('water',     'city', 'city', 'department',     '', '水务局',           'Water'),
	('ecology',   'city', 'city', 'department',     '', '生态环境局',       'Ecology and environment'),
	('health',    'city', 'city', 'department',     '', '卫生健康委员会',   'Health'),
	('civil',     'city', 'city', 'department',     '', '民政局',           'Civil affairs'),
	('power',     'city', 'city', 'department',     '', '供电公司',         'Power supply'),
	('gas',       'city', 'city', 'department',     '', '燃气公司',         'Gas supply'),
	('telecom',   'city', 'city', 'department',     '', '通信运营单位',     'Telecom operators')
	ON CONFLICT (code) DO NOTHING`

// owners says which department of a bare city is the source of which layer.
var owners = map[string]string{
	"base_landuse": "natural", "base_water": "natural", "base_waterway": "natural", "base_building": "natural", "base_road": "natural",
	"base_boundary": "natural", "base_address": "natural", "base_poi": "natural",
	"grid_unit": "urban", "grid_duty": "urban", "grid_community": "urban",
	"population": "centre", "population_od": "centre",
	"enterprise": "market", "inspection": "market",
	"asset": "urban", "place": "emergency", "incident": "centre", "forecast": "centre", "post": "centre", "alert": "emergency", "worker": "centre", "fence": "centre", "fence_event": "centre", "hazard": "emergency",
	"fire_risk": "fire", "water_gap": "fire", "response_gap": "fire", "deviation": "centre", "repeat_place": "centre",
}

// BareSeeds are the organisations that a bare city's first accounts belong to.
var BareSeeds = access.SeedOrgs{Government: "city", Centre: "centre", Urban: "urban", Police: "police", Town: "urban"}
