package alert_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/alert"
)

// typhoon is a message as a weather service sends it: two languages, a polygon
// and a circle, blanks around values, the colour as a parameter.
const typhoon = `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>33078241600000_20260701080000</identifier>
  <sender>330782@weather.example</sender>
  <sent>2026-07-01T08:00:00+08:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>zh-CN</language>
    <category>Met</category>
    <event> 台风 </event>
    <responseType>Shelter</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <effective>2026-07-01T08:00:00+08:00</effective>
    <expires>2099-07-02T08:00:00+08:00</expires>
    <senderName>义乌市气象台</senderName>
    <headline>义乌市气象台发布台风橙色预警 &lt;Ⅱ级&gt; "&amp;"</headline>
    <description>受台风影响……</description>
    <instruction>停止户外作业。</instruction>
    <parameter><valueName>severityColour</valueName><value>橙色</value></parameter>
    <area>
      <areaDesc>义乌市</areaDesc>
      <polygon>29.20,120.00 29.20,120.20 29.40,120.20 29.40,120.00 29.20,120.00</polygon>
      <circle>29.30,120.30 5</circle>
      <geocode><valueName>areaCode</valueName><value>330782000000</value></geocode>
    </area>
  </info>
  <info>
    <language>en-US</language>
    <category>Met</category>
    <event>Typhoon</event>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <expires>2099-07-02T08:00:00+08:00</expires>
    <headline>Typhoon warning, orange</headline>
    <area><areaDesc>Yiwu</areaDesc></area>
  </info>
</alert>`

func TestReadAndWriteAgain(t *testing.T) {
	m, err := alert.Read([]byte(typhoon))
	if err != nil {
		t.Fatal(err)
	}
	zh, _ := m.In("zh")
	en, _ := m.In("en")
	if zh.Event != "台风" || en.Event != "Typhoon" || zh.Headline != `义乌市气象台发布台风橙色预警 <Ⅱ级> "&"` || !m.Expires().Equal(time.Date(2099, 7, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("read %+v", m)
	}
	b, err := alert.Write(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := alert.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := alert.Write(again)
	if err != nil || !bytes.Equal(b, c) {
		t.Errorf("written, read and written again it is another:\n%s\n%s\n%v", b, c, err)
	}
	shape, err := m.Outline()
	if err != nil || len(shape) != 2 || shape[0][0][1] != [2]float64{120.2, 29.2} || len(shape[1][0]) != 65 {
		t.Errorf("outline %v, %v", shape, err)
	}
}

// UTC is -00:00 in CAP, never Z.
func TestTimesOfUTC(t *testing.T) {
	m, err := alert.Read([]byte(strings.Replace(typhoon, "<sent>2026-07-01T08:00:00+08:00", "<sent>2026-07-01T00:00:00Z", 1)))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := alert.Write(m)
	if !strings.Contains(string(b), "<sent>2026-07-01T00:00:00-00:00</sent>") {
		t.Errorf("written %s", b)
	}
}

// Messages that are none, or that would do harm. Each says which element is wrong.
func TestReadRefuses(t *testing.T) {
	change := func(old, with string) string {
		if !strings.Contains(typhoon, old) {
			t.Fatalf("the message has no %s", old)
		}
		return strings.Replace(typhoon, old, with, 1)
	}
	polygon := func(p string) string {
		return change("29.20,120.00 29.20,120.20 29.40,120.20 29.40,120.00 29.20,120.00", p)
	}
	for _, tt := range []struct{ name, xml, says string }{
		{"nothing", "", "alert"},
		{"no XML", "hello", "alert"},
		{"cut off", typhoon[:400], "alert"},
		{"JSON", `{"identifier": "x"}`, "alert"},
		{"another root", `<feed xmlns="http://www.w3.org/2005/Atom"/>`, "CAP 1.2"},
		{"CAP 1.1", change("cap:1.2", "cap:1.1"), "CAP 1.2"},
		{"two roots", typhoon + typhoon[strings.Index(typhoon, "<alert"):], "one"},
		{"external entity", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(typhoon[39:], " 台风 ", "&x;", 1), "document type"},
		{"a billion laughs", `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>` + typhoon[39:], "document type"},
		{"an entity of nowhere", change(" 台风 ", "&nbsp;"), "well-formed"},
		{"deep", strings.Repeat("<a>", 100_000), "one CAP alert"},
		{"large", typhoon + strings.Repeat(" ", alert.MaxBytes), "bytes"},
		{"another encoding", change("UTF-8", "GB18030"), "UTF-8"},
		{"broken UTF-8", change("台风", "\xff\xfe"), "UTF-8"},
		{"no identifier", change("<identifier>33078241600000_20260701080000</identifier>", ""), "identifier"},
		{"an identifier with a comma", change("33078241600000_20260701080000", "a,b"), "identifier"},
		{"a sender with a blank", change("330782@weather.example", "the weather"), "sender"},
		{"no time", change("<sent>2026-07-01T08:00:00+08:00</sent>", ""), "sent"},
		{"a time without offset", change("<sent>2026-07-01T08:00:00+08:00", "<sent>2026-07-01T08:00:00"), "offset"},
		{"a day that is none", change("<sent>2026-07-01", "<sent>2026-02-30"), "offset"},
		{"an unknown status", change("Actual", "Real"), "status"},
		{"an unknown scope", change("Public", "Everyone"), "scope"},
		{"restricted to nobody", change("Public", "Restricted"), "restriction"},
		{"private to nobody", change("Public", "Private"), "addresses"},
		{"an update of nothing", change("<msgType>Alert", "<msgType>Update"), "references"},
		{"a reference of two parts", change("<scope>", "<references>a,b</references><scope>"), "references"},
		{"no info", typhoon[:strings.Index(typhoon, "<info>")] + "</alert>", "info"},
		{"an unknown category", change("<category>Met", "<category>Weather"), "category"},
		{"an unknown urgency", change("Immediate", "Now"), "urgency"},
		{"an unknown severity", change("Severe", "Very"), "severity"},
		{"over before it begins", change("<expires>2099", "<expires>2026-06-30T08:00:00+08:00</expires><!--"), "alert"},
		{"over when it begins", change("2099-07-02T08:00:00+08:00", "2026-07-01T08:00:00+08:00"), "expires"},
		{"an area without words", change("<areaDesc>义乌市</areaDesc>", ""), "areaDesc"},
		{"longitude first", polygon("120.00,29.20 120.20,29.20 120.20,29.40 120.00,29.40 120.00,29.20"), "exchanged"},
		{"beyond the pole", polygon("91,0 91,1 92,1 91,0"), "pair 1"},
		{"beyond 180", polygon("29,179 29,181 30,181 29,179"), "pair 2"},
		{"not closed", polygon("29.2,120.0 29.2,120.2 29.4,120.2 29.4,120.0"), "same as the first"},
		{"three pairs", polygon("29.2,120.0 29.2,120.2 29.2,120.0"), "four pairs"},
		{"crossing itself", polygon("29.2,120.0 29.4,120.2 29.4,120.0 29.2,120.2 29.2,120.0"), "(120.1 29.3)"},
		{"a line", polygon("29.2,120.0 29.2,120.2 29.2,120.1 29.2,120.0"), "polygon"},
		{"no numbers", polygon("a,b c,d e,f a,b"), "pair 1"},
		{"NaN", polygon("NaN,NaN NaN,NaN NaN,NaN NaN,NaN"), "pair 1"},
		{"infinity", polygon("Inf,1 1,1 1,2 Inf,1"), "pair 1"},
		{"many points", polygon(strings.Repeat("29.2,120.0 ", 30_000)), "at most"},
		{"a circle of nothing", change("29.30,120.30 5", "29.30,120.30 0"), "radius"},
		{"a negative circle", change("29.30,120.30 5", "29.30,120.30 -5"), "radius"},
		{"a circle round the world", change("29.30,120.30 5", "29.30,120.30 20000"), "radius"},
		{"a circle on the pole", change("29.30,120.30 5", "89.9,120.30 50"), "pole"},
		{"a circle across 180", change("29.30,120.30 5", "0,179.99 50"), "180"},
		{"a circle without radius", change("29.30,120.30 5", "29.30,120.30"), "radius"},
		{"a long text", change("受台风影响", strings.Repeat("雨", 10_001)), "10000"},
	} {
		_, err := alert.Read([]byte(tt.xml))
		var input *layers.InputError
		if !errors.As(err, &input) || !strings.Contains(input.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(typhoon))
	f.Add([]byte(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><info><area><circle>0,180 1</circle></area></info></alert>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := alert.Read(b)
		if err != nil {
			var input *layers.InputError
			if !errors.As(err, &input) {
				t.Fatalf("an error that nobody may read: %v", err)
			}
			return
		}
		out, err := alert.Write(m)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := alert.Read(out); err != nil {
			t.Fatalf("what was read and written is not read: %v\n%s", err, out)
		} else if twice, _ := alert.Write(again); !bytes.Equal(out, twice) {
			t.Fatalf("it changes:\n%s\n%s", out, twice)
		}
	})
}

// xmllint, where there is one, has another reader of XML.
func TestWrittenIsWellFormed(t *testing.T) {
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("no xmllint on this machine")
	}
	m, err := alert.Read([]byte(typhoon))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := alert.Write(m)
	cmd := exec.Command(path, "--noout", "-")
	cmd.Stdin = bytes.NewReader(b)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
