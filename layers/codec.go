package layers

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// srid is that of every geometry onemap writes, but for the column orig.
const srid = 4326

// registerGeometry teaches a connection PostGIS's geometry type: binary EWKB,
// to and from orb values. Where PostGIS is not installed yet it does nothing.
func registerGeometry(ctx context.Context, c *pgx.Conn) error {
	var oid uint32
	err := c.QueryRow(ctx, `SELECT coalesce(to_regtype('geometry')::oid, 0)`).Scan(&oid)
	if err != nil || oid == 0 {
		return err
	}
	t := &pgtype.Type{Name: "geometry", OID: oid, Codec: geometryCodec{}}
	c.TypeMap().RegisterType(t)
	// For values whose parameter type the server leaves to us.
	for _, g := range []any{orb.Point{}, orb.MultiPoint{}, orb.LineString{}, orb.MultiLineString{}, orb.Polygon{}, orb.MultiPolygon{}} {
		c.TypeMap().RegisterDefaultPgType(g, "geometry")
	}
	return nil
}

// geometryCodec encodes orb geometries as EWKB with SRID 4326. It refuses
// geometries with Z or M when reading: layers are flat.
type geometryCodec struct{}

func (geometryCodec) FormatSupported(f int16) bool {
	return f == pgtype.BinaryFormatCode || f == pgtype.TextFormatCode
}
func (geometryCodec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

func (geometryCodec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	switch value.(type) {
	case orb.Geometry, RawEWKB:
		if format == pgtype.BinaryFormatCode {
			return encodeGeometry{}
		}
	}
	return nil
}

// RawEWKB is a geometry already in binary form, with whatever SRID it carries.
type RawEWKB []byte

type encodeGeometry struct{}

func (encodeGeometry) Encode(value any, buf []byte) ([]byte, error) {
	switch g := value.(type) {
	case RawEWKB:
		if g == nil {
			return nil, nil
		}
		return append(buf, g...), nil
	case orb.Point: // the hot one: 25 bytes without an encoder
		return appendPoint(buf, g), nil
	case orb.Geometry:
		b, err := ewkb.Marshal(g, srid)
		return append(buf, b...), err
	}
	return nil, fmt.Errorf("encode geometry: %T", value)
}

func (geometryCodec) PlanScan(_ *pgtype.Map, _ uint32, format int16, target any) pgtype.ScanPlan {
	switch target.(type) {
	case *orb.Geometry, *orb.Point, *orb.LineString, *orb.Polygon, *orb.MultiPolygon, *orb.MultiPoint, *orb.MultiLineString:
		return scanGeometry{text: format == pgtype.TextFormatCode}
	}
	return nil
}

type scanGeometry struct{ text bool }

func (p scanGeometry) Scan(src []byte, target any) error {
	if src == nil {
		if g, ok := target.(*orb.Geometry); ok {
			*g = nil
			return nil
		}
		return errors.New("scan geometry: NULL into a type that cannot hold it")
	}
	if p.text {
		b, err := hex.DecodeString(string(src))
		if err != nil {
			return fmt.Errorf("scan geometry: %w", err)
		}
		src = b
	}
	g, _, err := ewkb.Unmarshal(src)
	if err != nil {
		return fmt.Errorf("scan geometry: %w", err)
	}
	ok := true
	switch t := target.(type) {
	case *orb.Geometry:
		*t = g
	case *orb.Point:
		*t, ok = g.(orb.Point)
	case *orb.LineString:
		*t, ok = g.(orb.LineString)
	case *orb.Polygon:
		*t, ok = g.(orb.Polygon)
	case *orb.MultiPolygon:
		*t, ok = g.(orb.MultiPolygon)
	case *orb.MultiPoint:
		*t, ok = g.(orb.MultiPoint)
	case *orb.MultiLineString:
		*t, ok = g.(orb.MultiLineString)
	}
	if !ok {
		return fmt.Errorf("scan geometry: %s into %T", g.GeoJSONType(), target)
	}
	return nil
}

func (geometryCodec) DecodeDatabaseSQLValue(_ *pgtype.Map, _ uint32, _ int16, src []byte) (driver.Value, error) {
	return src, nil
}

func (geometryCodec) DecodeValue(m *pgtype.Map, oid uint32, format int16, src []byte) (any, error) {
	if src == nil {
		return nil, nil
	}
	var g orb.Geometry
	err := scanGeometry{text: format == pgtype.TextFormatCode}.Scan(src, &g)
	return g, err
}
