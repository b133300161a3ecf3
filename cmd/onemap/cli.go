package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2 // the command line is wrong
)

// A commandLine is all that can be typed. Every option is also read from the
// environment, as ONEMAP_ and its name: --database-url is ONEMAP_DATABASE_URL.
// A new command is a struct of its own with a Run method, and a line here.
type commandLine struct {
	JSON bool       `help:"Answer in JSON, for machines."`
	Log  logOptions `embed:"" prefix:"log-"`

	Up       upCommand       `cmd:"" help:"Start everything: a private PostgreSQL, the city, the server."`
	Serve    serveCommand    `cmd:"" help:"Start the server on a PostgreSQL of your own."`
	Migrate  migrateCommand  `cmd:"" help:"Bring a database's schema to this program's version."`
	Doctor   doctorCommand   `cmd:"" help:"Tell what is missing, and how to get it."`
	Simulate simulateCommand `cmd:"" help:"Make up a city, or act in one."`
	Export   exportCommand   `cmd:"" help:"Write a layer to a file."`
	Import   importCommand   `cmd:"" help:"Bring files in: base library, grids, incidents, assets, enterprises, population."`
	Release  releaseCommand  `cmd:"" help:"Protected releases of counts of people: list, make."`
	Grid     gridCommand     `cmd:"" help:"Governance grids: draw, check, edit as drafts, publish, show those of any day."`
	Plan     planCommand     `cmd:"" help:"Plan forces: where posts should stand."`
	Match    matchCommand    `cmd:"" help:"Match registers of legal persons and places: plans, run, links, review, conflicts."`
	Forecast forecastCommand `cmd:"" help:"Forecasts of places: score any against what happened."`
	User     userCommand     `cmd:"" help:"Accounts: create, list, passwd, disable, enable."`
	Token    tokenCommand    `cmd:"" help:"API keys: create, list, revoke."`
	Audit    auditCommand    `cmd:"" help:"The audit: verify its chain."`
	Backup   backupCommand   `cmd:"" help:"Copy the city away: database, photos, uploads; whole, then the log since."`
	Restore  restoreCommand  `cmd:"" help:"Bring a city back from its backup, to a moment."`
	Setting  settingCommand  `cmd:"" help:"What a deployment may set: list, set."`
	Bench    benchCommand    `cmd:"" help:"Measure onemap beside the usual way, in one run."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// A terminal is where a command talks to whoever started it.
type terminal struct {
	out  io.Writer // answers
	err  io.Writer // progress, log and errors
	json bool
}

// answer prints v as JSON where that is asked for, and otherwise calls text.
func (t terminal) answer(v any, text func(w io.Writer)) error {
	if !t.json {
		text(t.out)
		return nil
	}
	e := json.NewEncoder(t.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, out, errs io.Writer) int {
	var cli commandLine
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("onemap"),
		kong.Description("One map for a city: departments keep their data, onemap lays it over one base library, cuts it into governance grids, and shows every change as it is committed.\n\nExample:\n  onemap up\n  onemap import osm streets.osm.pbf"),
		kong.DefaultEnvars("ONEMAP"),
		kong.Writers(out, errs),
		kong.Exit(func(status int) { exited = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(errs, "onemap:", err)
		return statusFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help was asked for
		return exited
	}
	var misuse *kong.ParseError
	if errors.As(err, &misuse) {
		fmt.Fprintf(errs, "onemap: %v\nRun \"onemap --help\", or \"onemap COMMAND --help\" for an example.\n", err)
		return statusUsage
	}
	if err != nil {
		fmt.Fprintln(errs, "onemap:", err)
		return statusFailed
	}
	t := terminal{out, errs, cli.JSON}
	log, err := cli.Log.logger(errs)
	if err == nil {
		err = command.Run(t, log)
	}
	return t.report(err)
}

// errUsage is wrapped by errors of commands whose command line is wrong in a
// way that the parser cannot see.
var errUsage = errors.New("wrong usage")

// errSaid: the command has said itself what is wrong.
var errSaid = errors.New("said")

// report tells how a command ended.
func (t terminal) report(err error) int {
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errSaid):
	case t.json:
		_ = json.NewEncoder(t.err).Encode(map[string]string{"error": err.Error()}) // nobody is left to tell
	default:
		fmt.Fprintln(t.err, "onemap:", err)
	}
	if errors.Is(err, errUsage) {
		return statusUsage
	}
	return statusFailed
}
