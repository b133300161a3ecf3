package quality

import "slices"

// States of a correction.
const (
	Asked     = "asked"     // 待受理
	Accepted  = "accepted"  // 处理中
	Returned  = "returned"  // 待补充
	Corrected = "corrected" // 已更正
	Refused   = "refused"   // 不予更正
	Withdrawn = "withdrawn" // 已撤回
	Disputed  = "disputed"  // 有异议
	Upheld    = "upheld"    // 维持原答复
)

// Who acts on a correction.
const (
	TheAsker    = "asker"
	TheProvider = "provider"       // an officer of the organisation that owns the layer, or of its line
	TheCentre   = "command_centre" // settles what the two do not agree on
)

// A Transition is one thing that may be done to a correction.
type Transition struct {
	Action  string   `json:"action"`
	From    []string `json:"from"`
	To      string   `json:"to"`
	By      string   `json:"by" enum:"asker,provider,command_centre"`
	Opinion bool     `json:"opinion" doc:"It needs words: the basis of a refusal, what is missing"`
	ZH      string   `json:"zh"`
	EN      string   `json:"en"`
	clock   bool     // the provider's clock starts anew
}

// Transitions are all of them. A dispute is raised once.
var Transitions = []Transition{
	{"accept", []string{Asked}, Accepted, TheProvider, false, "受理", "Accept", false},
	{"return", []string{Asked, Accepted}, Returned, TheProvider, true, "退回补充", "Ask for more", false},
	{"answer", []string{Returned}, Asked, TheAsker, true, "补充说明", "Answer", true},
	{"correct", []string{Asked, Accepted}, Corrected, TheProvider, false, "更正", "Correct", false},
	{"refuse", []string{Asked, Accepted}, Refused, TheProvider, true, "不予更正", "Refuse", false},
	{"withdraw", []string{Asked, Accepted, Returned}, Withdrawn, TheAsker, false, "撤回", "Withdraw", false},
	{"object", []string{Corrected, Refused}, Disputed, TheAsker, true, "提出异议", "Object", false},
	{"uphold", []string{Disputed}, Upheld, TheCentre, true, "维持答复", "Uphold the answer", false},
	{"overrule", []string{Disputed}, Accepted, TheCentre, true, "要求更正", "Have it corrected", true},
}

// keepsClock says whether a provider's clock that runs goes on in a state.
func keepsClock(state string) bool { return state == Asked || state == Accepted }

// transition finds an action in a state.
func transition(action, state string) (Transition, bool) {
	i := slices.IndexFunc(Transitions, func(t Transition) bool { return t.Action == action && slices.Contains(t.From, state) })
	if i < 0 {
		return Transition{}, false
	}
	return Transitions[i], true
}
