package incident

// A Table is the flow of cases as data: the stages with their states, and who
// may do what in each.
type Table struct {
	Stages []TableStage `json:"stages" nullable:"false" doc:"The six stages in their order, and last, without a name, how a case ends"`
	Lines  []TableLine  `json:"transitions" nullable:"false"`
	Noted  []NamedWord  `json:"noted" nullable:"false" doc:"Actions that stand in the flow beside those of the table: the report, and what the system notes"`
}

// A NamedWord is a word of the API with its name.
type NamedWord struct {
	Word string `json:"word"`
	Name
}

// A TableStage is a stage.
type TableStage struct {
	Stage string `json:"stage" enum:"collection,filing,dispatch,handling,feedback,closing,"`
	Name
	States []NamedWord `json:"states" nullable:"false"`
}

// A TableLine is a line of [Transitions].
type TableLine struct {
	Action string `json:"action"`
	Name
	From        []string     `json:"from" nullable:"false" doc:"States"`
	To          string       `json:"to,omitempty" doc:"A state; absent: it stays in the one it is in"`
	By          []string     `json:"by" nullable:"false" doc:"Roles"`
	Responsible bool         `json:"responsible,omitempty" doc:"Of officers and workers, only those of the department that the case is with"`
	Assigned    bool         `json:"assigned,omitempty" doc:"Only the worker whose task it is"`
	Reporter    bool         `json:"reporter,omitempty" doc:"Whoever reported it as well"`
	Opinion     bool         `json:"opinion,omitempty" doc:"Needs a reason in words"`
	Needs       []string     `json:"needs" nullable:"false" doc:"What must be sent with it"`
	Takes       []string     `json:"takes" nullable:"false" doc:"What may be sent with it"`
	Guards      []TableGuard `json:"guards" nullable:"false" doc:"What else must hold"`
}

// A TableGuard is a condition, and what is said where it does not hold.
type TableGuard struct {
	Guard string `json:"guard"`
	Says  string `json:"says"`
}

// FlowTable returns [Transitions] as the API tells it.
func FlowTable() Table {
	t := Table{Stages: []TableStage{}, Lines: []TableLine{}, Noted: []NamedWord{}}
	for _, s := range append(Stages[:len(Stages):len(Stages)], Stage6{"", []string{Closed, Rejected, Void, Merged}}) {
		stage := TableStage{Stage: s.Name, Name: stageNames[s.Name], States: []NamedWord{}}
		for _, state := range s.States {
			stage.States = append(stage.States, NamedWord{state, stateNames[state]})
		}
		t.Stages = append(t.Stages, stage)
	}
	for _, x := range Transitions {
		l := TableLine{Action: x.Action, Name: actionNames[x.Action], From: x.From, To: x.To, Responsible: x.Responsible, Assigned: x.Assigned, Reporter: x.Reporter,
			Opinion: x.Opinion, Needs: append([]string{}, x.Needs...), Takes: append([]string{}, x.Takes...), By: []string{}, Guards: []TableGuard{}}
		for _, role := range x.By {
			l.By = append(l.By, string(role))
		}
		for _, g := range x.Guards {
			l.Guards = append(l.Guards, TableGuard{g.Name, g.Says})
		}
		t.Lines = append(t.Lines, l)
	}
	for _, word := range []string{"report", "take_in", "warn", "overdue", "long_overdue"} {
		t.Noted = append(t.Noted, NamedWord{word, actionNames[word]})
	}
	return t
}
