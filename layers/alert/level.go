package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"onemap/layers"
)

// Levels are the three, 1 the gravest; 0: not said.
type Levels struct {
	Event    int // 事件等级: 特别重大, 重大, 较大, 一般
	Warning  int // 预警级别: red, orange, yellow, blue
	Response int // 响应等级: Ⅰ to Ⅳ
}

func (l Levels) check() error {
	for field, n := range map[string]int{"event_level": l.Event, "warning_level": l.Warning, "response_level": l.Response} {
		if n < 0 || n > 4 {
			return &layers.InputError{Field: field, Value: fmt.Sprint(n), Remedy: "1 (the gravest) to 4, or leave it out"}
		}
	}
	return nil
}

// severity is CAP's for a warning level.
func (l Levels) severity() string {
	if l.Warning == 0 {
		return "Unknown"
	}
	return severities[l.Warning-1]
}

// parameters are how the levels go out.
func (l Levels) parameters() []Value {
	var out []Value
	if l.Warning > 0 {
		out = append(out, Value{paramWarning, Colours[l.Warning-1]})
	}
	if l.Event > 0 {
		out = append(out, Value{paramEvent, strconv.Itoa(l.Event)})
	}
	if l.Response > 0 {
		out = append(out, Value{paramResponse, strconv.Itoa(l.Response)})
	}
	return out
}

// levelsOf reads them from a message: ours by their names, and a colour as
// other senders write it. Where no colour is said, none is made up from the severity.
func levelsOf(m Message) Levels {
	var l Levels
	for _, i := range m.Info {
		for _, p := range i.Parameter {
			name, value := lower(p.Name), lower(strings.TrimSpace(p.Value))
			switch {
			case p.Name == paramEvent:
				l.Event = digit(value)
			case p.Name == paramResponse:
				l.Response = digit(value)
			case l.Warning == 0 && (p.Name == paramWarning || strings.Contains(name, "severity") || strings.Contains(name, "color") ||
				strings.Contains(name, "colour") || strings.Contains(name, "level") || strings.Contains(name, "预警") || strings.Contains(name, "awareness")):
				l.Warning = colour(value)
			}
		}
	}
	return l
}

func digit(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 4 {
		return 0
	}
	return n
}

// colour reads one of four colours, alone or among other words ("3; orange; Severe").
func colour(s string) int {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '/' })
	for n, names := range colourNames {
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(names, w) }) {
			return n + 1
		}
	}
	return 0
}
