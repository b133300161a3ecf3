package quality

import (
	"fmt"
	"strings"

	"onemap/layers"
)

// Tests of each row by itself: an expression that says whether the row is
// assessed, and one that says whether it is right. NULL is no to both.

func filledRow(c *compiler) (string, string, error) {
	if _, err := c.field(); err != nil {
		return "", "", err
	}
	assessed, err := c.assessed()
	ok := c.present(c.rule.Field)
	if c.columns[c.rule.Field] == "text" {
		ok = "(btrim(" + column(c.rule.Field) + ", E' \\t\\u3000') <> '')"
	}
	return assessed, ok, err
}

// simple is a test of the field's values where it has one.
func (c *compiler) simple(ok func(col string) (string, error)) (string, string, error) {
	col, err := c.field()
	if err != nil {
		return "", "", err
	}
	assessed, err := c.assessed(c.present(c.rule.Field))
	if err != nil {
		return "", "", err
	}
	test, err := ok(col)
	return assessed, test, err
}

func usccRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) { return "onemap.uscc_ok(" + col + ")", nil })
}

func oneOfRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		return col + "::text = ANY (" + c.args.Add(c.texts("values")) + "::text[])", nil
	})
}

func patternRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		return col + "::text ~ " + c.args.Add("^(?:"+c.text("pattern")+")$") + "::text", nil
	})
}

func lengthRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		test := "true"
		if n, ok := c.number("min"); ok {
			test += " AND length(" + col + ") >= " + c.args.Add(int64(n)) + "::bigint"
		}
		if n, ok := c.number("max"); ok {
			test += " AND length(" + col + ") <= " + c.args.Add(int64(n)) + "::bigint"
		}
		return "(" + test + ")", nil
	})
}

func rangeRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		test := "true"
		for _, end := range []struct{ name, op string }{{"min", ">="}, {"max", "<="}} {
			if n, ok := c.number(end.name); ok {
				test += fmt.Sprintf(" AND %s::double precision %s %s::double precision", col, end.op, c.args.Add(n))
			}
		}
		for _, end := range []struct{ name, op string }{{"from", ">="}, {"to", "<="}} {
			if day := c.text(end.name); day != "" {
				test += fmt.Sprintf(" AND %s::date %s %s::text::date", col, end.op, c.args.Add(day))
			}
		}
		return "(" + test + ")", nil
	})
}

func matchesRow(c *compiler) (string, string, error) {
	assessed, err := c.assessed()
	if err != nil {
		return "", "", err
	}
	ok, err := c.cql2("params.filter", c.text("filter"))
	return assessed, "(" + ok + ")", err
}

func placedRow(c *compiler) (string, string, error) {
	if !c.has("geom") {
		return "", "", errNoColumn
	}
	assessed, err := c.assessed()
	ok := "(NOT ST_IsEmpty(f.geom) AND ST_IsValid(f.geom) AND NOT ST_Contains(ST_MakeEnvelope(-0.01, -0.01, 0.01, 0.01, 4326), f.geom))"
	if c.source.layer.Geometry == "Point" { // a point is valid; at 0, 0 is where lost ones lie
		ok = "(NOT ST_IsEmpty(f.geom) AND (abs(ST_X(f.geom)) > 0.01 OR abs(ST_Y(f.geom)) > 0.01))"
	}
	return assessed, ok, err
}

// inDutyAreaRow goes by the division that the row's place was found to be in.
func inDutyAreaRow(c *compiler) (string, string, error) {
	if !c.has("area_code") {
		return "", "", errNoColumn
	}
	assessed, err := c.assessed("f.area_code IS NOT NULL")
	owner := c.args.Add(c.source.layer.Owner)
	ok := "(f.area_code <> '' AND starts_with(f.area_code, coalesce((SELECT o.area_code FROM onemap.organisation o WHERE o.code = " + owner + "::text), '')))"
	return assessed, ok, err
}

// dirtyPattern finds control characters, what could not be decoded, and
// what GB18030 and UTF-8 make of each other.
const dirtyPattern = `[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd]|锟斤拷|烫烫|屯屯|ï»¿|\?{3,}`

// nothing are texts that stand where a value should and mean none.
var nothing = []string{"null", "none", "nan", "n/a", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "undefined", "nil", "test", "测试", "待定", "不详", "未知", "xxx", "无数据", "-", "--", "/", "\\"}

func cleanRow(c *compiler) (string, string, error) {
	words := append(append([]string{}, nothing...), c.texts("words")...)
	for i, w := range words {
		words[i] = strings.ToLower(w)
	}
	return c.eachText(func(layers.Field) bool { return true }, func(col string) string {
		return fmt.Sprintf("(%[1]s !~ %[2]s::text AND lower(btrim(%[1]s)) <> ALL (%[3]s::text[]))", col, c.args.Add(dirtyPattern), c.args.Add(words))
	})
}

// A citizen number is six digits of a division, a date of birth, three digits
// and a check digit. It is looked for in texts that all staff may read.
const (
	citizenNumber = `(?<![0-9])[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z])`
	mobileNumber  = `(?<![0-9])1[3-9][0-9]{9}(?![0-9])`
)

func noPersonNumbersRow(c *compiler) (string, string, error) {
	pattern := citizenNumber
	if c.flag("phones") {
		pattern += "|" + mobileNumber
	}
	return c.eachText(func(f layers.Field) bool { return f.Sensitivity != layers.Sensitive }, func(col string) string {
		return "(" + col + " !~ " + c.args.Add(pattern) + "::text)"
	})
}

// eachText tests the rule's field, or each of the layer's text fields: a row
// is right where none that has a value is wrong.
func (c *compiler) eachText(keep func(layers.Field) bool, ok func(col string) string) (string, string, error) {
	if c.rule.Field != "" {
		return c.simple(func(string) (string, error) { return ok(text(c.rule.Field)), nil })
	}
	fields := c.textFields(keep)
	if len(fields) == 0 {
		return "", "", errNoColumn
	}
	assessed, err := c.assessed()
	if err != nil {
		return "", "", err
	}
	tests := make([]string, len(fields))
	for i, name := range fields {
		tests[i] = "(" + column(name) + " IS NULL OR " + column(name) + " = '' OR " + ok(text(name)) + ")"
	}
	return assessed, "(" + strings.Join(tests, " AND ") + ")", nil
}

func startsWithRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		if _, err := c.columnOf(c.text("of")); err != nil {
			return "", err
		}
		return "starts_with(" + col + "::text, nullif(" + text(c.text("of")) + ", ''))", nil
	})
}

// cityZone is the city's time zone, in which dates are days.
const cityZone = "coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai')"

// notFutureRow lets clocks differ by five minutes.
func notFutureRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		if c.columns[c.rule.Field] == "date" {
			return "(" + col + " <= (now() AT TIME ZONE " + cityZone + ")::date)", nil
		}
		return "(" + col + " <= now() + interval '5 minutes')", nil
	})
}

func freshRow(c *compiler) (string, string, error) {
	return c.simple(func(col string) (string, error) {
		days, _ := c.number("days")
		return "(" + col + " >= now() - make_interval(secs => " + c.args.Add(days*86400) + "::double precision))", nil
	})
}

func orderRow(c *compiler) (string, string, error) {
	first := c.text("after")
	if _, err := c.columnOf(first); err != nil {
		return "", "", err
	}
	col, err := c.field()
	if err != nil {
		return "", "", err
	}
	assessed, err := c.assessed(c.present(c.rule.Field), c.present(first))
	return assessed, "(" + column(first) + " <= " + col + ")", err
}

// degreeM is a degree of latitude in metres, on a sphere of the mean radius; it
// is right within 0.6 %.
const degreeM = 111_195.08

// nearRow asks the other layer's index for what is near, and then measures in
// degrees of latitude, the longitudes shrunk to the row's own.
func nearRow(c *compiler) (string, string, error) {
	if !c.has("geom") {
		return "", "", errNoColumn
	}
	assessed, err := c.assessed("f.geom IS NOT NULL")
	if err != nil {
		return "", "", err
	}
	rows, err := c.register("register", func(layers.Layer) (string, error) { return "f.geom", nil })
	if err != nil {
		return "", "", err
	}
	metres, _ := c.number("metres")
	d := c.args.Add(metres/degreeM) + "::double precision"
	cos := "cos(radians(least(abs(ST_Y(ST_Centroid(f.geom))), 89)))"
	return assessed, fmt.Sprintf(`EXISTS (SELECT FROM (%[1]s) o WHERE o.geom && ST_Expand(f.geom, %[2]s / %[3]s, %[2]s)
		AND ST_DWithin(ST_Scale(o.geom, %[3]s, 1), ST_Scale(f.geom, %[3]s, 1), %[2]s))`, rows, d, cos), nil
}
