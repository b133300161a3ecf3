package web_test

import (
	"fmt"
	"strconv"
	"testing"

	"onemap/layers/incident"
)

// The queue of the centre over HTTP: what waits for whom, in which colour, and
// the table of the flow as data.
func TestQueueAndWhatWaits(t *testing.T) {
	w := newWorld(t)
	var ids []int64
	for range 4 {
		ids = append(ids, w.report("centre", 120.005, 29.305).ID)
	}
	act := func(login string, id int64, body map[string]any) incidentReply {
		t.Helper()
		var i incidentReply
		at := "/api/v1/incidents/" + strconv.FormatInt(id, 10)
		w.want(200, w.as(login, "GET", at, nil)).into(t, &i)
		body["version"] = i.Version
		i = incidentReply{}
		w.want(200, w.as(login, "POST", at+"/actions", body)).into(t, &i)
		return i
	}
	act("acceptor", ids[0], map[string]any{"action": "register"})
	act("acceptor", ids[1], map[string]any{"action": "register"})
	act("leader", ids[1], map[string]any{"action": "file"})
	act("acceptor", ids[2], map[string]any{"action": "send_verify", "worker": "worker"})
	w.exec(`UPDATE map.incident SET warn_at = now() - interval '1 hour', due_at = now() + interval '1 hour' WHERE id = $1`, ids[0])
	w.exec(`UPDATE map.incident SET warn_at = now() - interval '2 hours', due_at = now() - interval '1 hour' WHERE id = $1`, ids[1])

	var q incident.Queue
	w.want(200, w.as("centre", "GET", "/api/v1/queue", nil)).into(t, &q)
	if q.Open != (incident.Lights{N: 4, Green: 2, Yellow: 1, Red: 1}) || q.Waiting.N != 3 || len(q.Stages) != 6 || q.Stages[0].N != 2 || q.Stages[1].Yellow != 1 || q.Stages[2].Red != 1 {
		t.Errorf("the centre's queue: %+v", q)
	}
	for login, waiting := range map[string]int64{"acceptor": 1, "leader": 1, "dispatcher": 1, "worker": 1, "urban": 0, "planner": 0} {
		q := incident.Queue{}
		w.want(200, w.as(login, "GET", "/api/v1/queue", nil)).into(t, &q)
		var l incidentsReply
		w.want(200, w.as(login, "GET", "/api/v1/incidents?waiting=true&sort=due", nil)).into(t, &l)
		if q.Waiting.N != waiting || len(l.Incidents) != int(waiting) {
			t.Errorf("for %s wait %d, listed %d, want %d", login, q.Waiting.N, len(l.Incidents), waiting)
		}
	}
	for query, want := range map[string]string{
		"sort=due": fmt.Sprint(ids[1], ids[3], ids[0], ids[2]), "light=red": fmt.Sprint(ids[1]), "light=yellow": fmt.Sprint(ids[0]), "stage=collection&sort=due": fmt.Sprint(ids[3], ids[2]),
		"stage=closing": "", "open=true&sort=due&light=green": fmt.Sprint(ids[3], ids[2]),
	} {
		page, got := "", ""
		for more := true; more; more = page != "" {
			var l incidentsReply
			w.want(200, w.as("centre", "GET", "/api/v1/incidents?limit=2&"+query+"&page="+page, nil)).into(t, &l)
			for _, i := range l.Incidents {
				if got != "" {
					got += " "
				}
				got += fmt.Sprint(i.ID)
			}
			page = l.Next
		}
		if got != want {
			t.Errorf("?%s gives %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"light=blue", "stage=lunch", "sort=name"} {
		w.want(422, w.as("centre", "GET", "/api/v1/incidents?"+query, nil)).problem(t)
	}

	var table incident.Table
	w.want(200, w.as("centre", "GET", "/api/v1/flow", nil)).into(t, &table)
	if len(table.Lines) != len(incident.Transitions) || len(table.Stages) != 7 {
		t.Errorf("the table has %d lines, %d stages", len(table.Lines), len(table.Stages))
	}
	for _, l := range table.Lines {
		if l.ZH == "" || l.EN == "" || len(l.By) == 0 || len(l.From) == 0 {
			t.Errorf("a line without words: %+v", l)
		}
	}
	for _, s := range table.Stages {
		for _, state := range s.States {
			if state.ZH == "" || state.EN == "" {
				t.Errorf("a state without words: %+v", state)
			}
		}
	}
	var s struct{ Posts []string }
	w.want(200, w.as("leader", "GET", "/api/v1/session", nil)).into(t, &s)
	if len(s.Posts) != 1 || s.Posts[0] != "shift_leader" {
		t.Errorf("the leader's posts: %v", s.Posts)
	}
}
