package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"onemap/layers/feed"
)

// position is a frame of the places of some workers.
func position(stream string, n int, ids ...int64) *frame {
	var each []eventText
	var text strings.Builder
	text.WriteString(`{"type":"events","stream":"` + stream + `","events":[`)
	for i, id := range ids {
		e := fmt.Sprintf(`{"data":{"id":%d,"properties":{"n":%d}}}`, id, n)
		each = append(each, eventText{id, []byte(e)})
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(e)
	}
	cursor := fmt.Sprintf(`"1.1.%d"`, n)
	text.WriteString(`],"cursor":` + cursor + `}`)
	return &frame{kind: TypeEvents, data: []byte(text.String()), stream: stream, cursor: []byte(cursor), each: each}
}

func staleFrame(stream string, n int) *frame {
	cursor := fmt.Sprintf(`"1.1.%d"`, n)
	return &frame{kind: TypeStale, data: []byte(`{"type":"stale","stream":"` + stream + `","layers":{"asset":["14/1/2"]},"cursor":` + cursor + `}`),
		stream: stream, cursor: []byte(cursor), layers: []string{"asset", "place"}}
}

// takeAll reads what waits.
func takeAll(t *testing.T, c *client) (all []message) {
	t.Helper()
	for {
		q, ok, code, _ := c.take()
		if !ok {
			if code != 0 || c.bytes != 0 {
				t.Errorf("code %d, %d bytes", code, c.bytes)
			}
			return all
		}
		var m message
		if err := json.Unmarshal(q.data, &m); err != nil {
			t.Fatalf("%v in %s", err, q.data)
		}
		all = append(all, m)
	}
}

// A client that is behind gets the latest place of each worker and the word that
// its tiles are stale, however many messages there were; the rest in full.
func TestTheLatestWins(t *testing.T) {
	c := newClient(nil)
	const rounds = 5000
	other := &frame{kind: TypeEvents, data: []byte(`{"type":"events","stream":"incidents"}`), stream: "incidents", cursor: []byte(`""`)}
	for n := range rounds {
		frames := []*frame{position("w", n, int64(n%7), 100), staleFrame("s", n)}
		if n%1000 == 0 {
			frames = append(frames, other)
		}
		if c.send(feed.Cursor{}, frames...) {
			t.Fatalf("slow after %d", n)
		}
	}
	where := map[int64]any{}
	incidents, frames, cursor := 0, 0, map[string]string{}
	all := false
	for _, m := range takeAll(t, c) {
		frames++
		switch m.Stream {
		case "w":
			for _, e := range m.Events {
				where[e.Data.ID] = e.Data.Properties["n"]
			}
		case "s":
			if box, there := m.Areas["place"]; there && box == nil && len(m.Areas) == 2 {
				all = true
			}
		case "incidents":
			incidents++
		}
		cursor[m.Stream] = m.Cursor
	}
	if frames > 2*latestFrom || incidents != rounds/1000 || !all {
		t.Errorf("%d frames, %d of incidents, all stale: %v", frames, incidents, all)
	}
	for id, n := range where {
		want := float64(rounds - 1)
		if id != 100 {
			want = float64((rounds-1-int(id))/7*7 + int(id))
		}
		if n != want {
			t.Errorf("worker %d is where she was at %v, not %v", id, n, want)
		}
	}
	if end := fmt.Sprintf("1.1.%d", rounds-1); len(where) != 8 || cursor["w"] != end || cursor["s"] != end {
		t.Errorf("%v, %v", where, cursor)
	}
}

// What comes after a stream was begun anew is not told before it.
func TestTheLatestStaysBehindItsBeginning(t *testing.T) {
	c := newClient(nil)
	for n := range latestFrom {
		c.send(feed.Cursor{}, position("w", n, 1))
	}
	c.send(feed.Cursor{}, newFrame(TypeSubscribed, []byte(`{"type":"subscribed","stream":"w"}`), 1))
	for n := range 3 {
		c.send(feed.Cursor{}, position("w", 100+n, 1))
	}
	all := takeAll(t, c)
	if last := all[len(all)-1]; len(all) != latestFrom+2 || last.Events[0].Data.Properties["n"] != 102.0 || all[len(all)-2].Type != TypeSubscribed {
		t.Errorf("%d frames, at the end %+v", len(all), all[len(all)-2:])
	}
	// An event is not lost to a later message of another kind.
	for n := range 3 * latestFrom {
		c.send(feed.Cursor{}, position("w", n, int64(n)))
	}
	seen := map[int64]bool{}
	for _, m := range takeAll(t, c) {
		for _, e := range m.Events {
			seen[e.Data.ID] = true
		}
	}
	if len(seen) != 3*latestFrom {
		t.Errorf("%d of %d", len(seen), 3*latestFrom)
	}
}

// Frames of a whole city's staff close nobody who is behind, by WebSocket or as
// server-sent events; what else waits still does.
func TestLargeFramesOfPositions(t *testing.T) {
	ids := make([]int64, 4000)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	for _, withIDs := range []bool{false, true} {
		c := newClient(nil)
		const rounds = 12
		for n := range rounds {
			var at feed.Cursor
			if withIDs {
				at = feed.Cursor{System: 1, Timeline: 1, LSN: uint64(n + 1)}
			}
			f := position("w", n, ids...)
			f.data = append(f.data, bytes.Repeat([]byte(" "), 2*queueBytes)...)
			if c.send(at, f, newFrame(TypeEvents, []byte(`{"type":"events","stream":"incidents"}`), 1)) {
				t.Fatalf("slow after %d", n)
			}
		}
		frames, last := 0, 0.0
		for _, m := range takeAll(t, c) {
			if frames++; m.Stream == "w" {
				if len(m.Events) != len(ids) {
					t.Errorf("%d positions", len(m.Events))
				}
				last = m.Events[0].Data.Properties["n"].(float64)
			}
		}
		if frames > rounds+2 || last != rounds-1 {
			t.Errorf("%d frames, the last of round %v", frames, last)
		}
		for range queueFrames {
			c.send(feed.Cursor{}, newFrame(TypeEvents, []byte(`{"type":"events","stream":"incidents"}`), 1))
		}
		if !c.send(feed.Cursor{}, newFrame(TypeEvents, []byte(`{"type":"events","stream":"incidents"}`), 1)) {
			t.Error("who takes nothing is not closed")
		}
	}
}
