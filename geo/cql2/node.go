package cql2

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// node is a JSON value that knows where it stands.
type node struct {
	at   int // its first character, from 1
	kind nodeKind
	text string // of a text; of a number, as written
	yes  bool
	list []*node
	keys map[string]*node
}

type nodeKind int

const (
	isNull nodeKind = iota
	isBool
	isNumber
	isText
	isList
	isObject
)

// member returns an object's member; nil for none.
func (n *node) member(key string) *node { return n.keys[key] }

func (n *node) show() string {
	switch n.kind {
	case isBool:
		if n.yes {
			return "true"
		}
		return "false"
	case isNumber:
		return short(n.text)
	case isText:
		return `"` + short(n.text) + `"`
	case isList:
		return "a list"
	case isObject:
		return "an object"
	}
	return "null"
}

// maxNodes bounds what is kept of a text of MaxLength, in which each second
// character may be a value.
const maxNodes = 2*MaxPoints + 4*MaxValues

type decoder struct {
	*json.Decoder
	text  string
	nodes int

	byteAt, charAt int // a place and its number in characters
}

// decode reads one JSON value.
func decode(text string) *node {
	d := &decoder{Decoder: json.NewDecoder(strings.NewReader(text)), text: text}
	d.UseNumber()
	n := d.node(0)
	if at := d.start(); at < len(text) {
		d.fail(at, "found more after the condition", "write one JSON object")
	}
	return n
}

func (d *decoder) fail(at int, wrong, right string) {
	panic(&Error{utf8.RuneCountInString(d.text[:min(at, len(d.text))]) + 1, wrong, right})
}

// char is the number of the character at a byte, from 1; bytes only go up.
func (d *decoder) char(at int) int {
	d.charAt += utf8.RuneCountInString(d.text[d.byteAt:at])
	d.byteAt = at
	return d.charAt + 1
}

// start is the byte at which the next token begins.
func (d *decoder) start() int {
	i := int(d.InputOffset())
	for i < len(d.text) && strings.IndexByte(" \t\r\n,:", d.text[i]) >= 0 {
		i++
	}
	return i
}

func (d *decoder) token() json.Token {
	at := d.start()
	t, err := d.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return t
	case errors.As(err, &syntax):
		d.fail(max(int(syntax.Offset)-1, at), "this is no JSON", `write as {"op": "=", "args": [{"property": "state"}, "open"]}`)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		d.fail(len(d.text), "found the end", "close what was opened")
	default:
		d.fail(at, "this is no JSON", `write as {"op": "=", "args": [{"property": "state"}, "open"]}`)
	}
	return nil
}

func (d *decoder) node(depth int) *node {
	at := d.start()
	if depth > 4*MaxDepth {
		d.fail(at, "the values are nested too deeply", "write fewer lists and objects in each other")
	}
	if d.nodes++; d.nodes > maxNodes {
		d.fail(at, "the filter has too many values", "ask in parts")
	}
	n := &node{at: d.char(at)}
	switch t := d.token().(type) {
	case nil:
	case bool:
		n.kind, n.yes = isBool, t
	case json.Number:
		n.kind, n.text = isNumber, t.String()
	case string:
		n.kind, n.text = isText, t
	case json.Delim:
		if t == '[' {
			n.kind = isList
			for d.More() {
				n.list = append(n.list, d.node(depth+1))
			}
		} else {
			n.kind, n.keys = isObject, map[string]*node{}
			for d.More() {
				at := d.start()
				key, _ := d.token().(string)
				if n.keys[key] != nil {
					d.fail(at, `the member "`+short(key)+`" comes twice`, "write it once")
				}
				n.keys[key] = d.node(depth + 1)
			}
		}
		d.token() // the closing one
	}
	return n
}
