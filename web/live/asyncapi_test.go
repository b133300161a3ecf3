package live

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// document is the parts of AsyncAPI that the code can be held to.
type document struct {
	AsyncAPI string
	Channels map[string]struct {
		Address  string
		Messages map[string]any
	}
	Components struct {
		Messages map[string]struct {
			Payload struct {
				Required   []string
				Properties map[string]struct {
					Const string
					Enum  []any
				}
			}
		}
		Schemas map[string]struct {
			Properties map[string]struct{ Enum []string }
		}
	}
}

func TestAsyncAPIIsTrueToTheCode(t *testing.T) {
	var d document
	if err := yaml.Unmarshal(AsyncAPI, &d); err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want []string) {
		t.Helper()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the document has %v, the code %v", what, got, want)
		}
	}
	toClient := []string{TypeHello, TypeSubscribed, TypeUnsubscribed, TypeEvents, TypeStale, TypeResync, TypeEnded, TypeHeartbeat, TypeError}
	fromClient := []string{TypeSubscribe, TypeUnsubscribe}
	same("messages", slices.Collect(maps.Keys(d.Components.Messages)), slices.Concat(toClient, fromClient, []string{TypeClose}))
	same("messages of the WebSocket", slices.Collect(maps.Keys(d.Channels["websocket"].Messages)), slices.Concat(toClient, fromClient))
	same("event types", d.Components.Schemas["event"].Properties["type"].Enum, []string{FeatureChanged, FeatureGone, LayerChanged})
	for name, m := range d.Components.Messages {
		if got := m.Payload.Properties["type"].Const; got != name {
			t.Errorf("message %s has the type %q", name, got)
		}
		for _, r := range m.Payload.Required {
			if _, ok := m.Payload.Properties[r]; !ok {
				t.Errorf("message %s requires %s and does not describe it", name, r)
			}
		}
	}
	var reasons []string
	for _, r := range d.Components.Messages[TypeResync].Payload.Properties["reason"].Enum {
		reasons = append(reasons, fmt.Sprint(r))
	}
	same("reasons of resync", reasons, []string{ReasonOld, ReasonForeign, ReasonReset, ReasonRight})

	var fields []string
	for f := range reflect.TypeFor[Subscribe]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	same("fields of subscribe", slices.Collect(maps.Keys(d.Components.Messages[TypeSubscribe].Payload.Properties)), fields)

	// Close codes: the constants, the document and the package documentation.
	codes := []int{CloseFailed, CloseInvalid, CloseSignedOut, CloseForbidden, CloseSlow, CloseStopping, CloseOff, CloseTooMany}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, c := range codes {
		listed = append(listed, fmt.Sprint(c))
		for where, text := range map[string][]byte{"doc.go": doc, "asyncapi.yaml": AsyncAPI} {
			if !regexp.MustCompile(fmt.Sprintf(`\b%d\b`, c)).Match(text) {
				t.Errorf("%s lacks close code %d", where, c)
			}
		}
	}
	var inClose []string
	for _, c := range d.Components.Messages[TypeClose].Payload.Properties["code"].Enum {
		inClose = append(inClose, fmt.Sprint(c))
	}
	same("codes of close", inClose, listed)
}
