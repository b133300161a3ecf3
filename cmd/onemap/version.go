package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by the Makefile; a plain go build takes that of the module.
var version string

func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

type versionCommand struct{}

func (versionCommand) Run(t terminal) error {
	v := map[string]string{"version": programVersion(), "go": runtime.Version()}
	return t.answer(v, func(w io.Writer) { fmt.Fprintln(w, "onemap", v["version"], v["go"]) })
}
