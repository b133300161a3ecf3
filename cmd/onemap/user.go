package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"onemap/layers/access"
)

type userCommand struct {
	Create  userCreate  `cmd:"" help:"Make an account."`
	List    userList    `cmd:"" help:"List the accounts."`
	Passwd  userPasswd  `cmd:"" help:"Give an account a new password, end its sessions and revoke its API keys."`
	Disable userDisable `cmd:"" help:"Close an account, and end its sessions and keys."`
	Enable  userEnable  `cmd:"" help:"Open an account again."`
}

func (userCommand) Help() string {
	return `Example:
  onemap user create li.na --name 李娜 --org urban --role department_officer`
}

type userCreate struct {
	Database
	passwordOptions
	Login string   `arg:"" help:"What she signs in with: lower-case letters, digits, dot, dash."`
	Name  string   `help:"Her name." required:""`
	Org   string   `help:"Code of her organisation." required:""`
	Role  []string `help:"Her roles: ${enum}." required:"" enum:"administrator,security_administrator,auditor,command_centre,acceptor,shift_leader,dispatcher,department_officer,planner,grid_worker"`
	Grid  []string `help:"Codes of the grids that a grid worker answers for."`
}

func (userCreate) Help() string {
	return `Without --password-stdin a password is made, and printed once.

Example:
  onemap user create li.na --name 李娜 --org urban --role department_officer
  onemap user create zhang.wei --name 张伟 --org jiangdong --role grid_worker --grid 330782001001001`
}

func (c userCreate) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	password, made, err := c.password()
	if err != nil {
		return err
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	p := access.NewPerson{Login: c.Login, Name: c.Name, Org: c.Org, Password: password, Roles: roles(c.Role), Grids: c.Grid}
	if _, err := access.NewDirectory(db).CreatePerson(ctx, operator(), p); err != nil {
		return err
	}
	return t.answer(withPassword(map[string]any{"login": c.Login}, password, made), func(w io.Writer) {
		fmt.Fprintf(w, "Made %s.\n", c.Login)
		tellPassword(w, password, made)
	})
}

type userList struct {
	Database
}

func (userList) Help() string { return "Example:\n  onemap user list --json" }

func (c userList) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	people, err := access.NewDirectory(db).ListPeople(ctx, operator())
	if err != nil {
		return err
	}
	type row struct {
		Login     string        `json:"login"`
		Name      string        `json:"name"`
		Org       string        `json:"org"`
		Roles     []access.Role `json:"roles"`
		Active    bool          `json:"active"`
		Locked    *time.Time    `json:"locked_until,omitempty"`
		CreatedAt time.Time     `json:"created_at"`
		Sessions  int           `json:"sessions"`
		Keys      int           `json:"keys"`
	}
	rows := make([]row, len(people))
	for i, p := range people {
		rows[i] = row{p.Login, p.Name, p.Org, p.Roles, p.Active, nil, p.CreatedAt, p.Sessions, p.Keys}
		if p.LockedUntil.After(time.Now()) {
			rows[i].Locked = &p.LockedUntil
		}
	}
	return t.answer(rows, func(w io.Writer) {
		table(w, "LOGIN\tNAME\tORGANISATION\tROLES\tSTATE", func(line func(format string, args ...any)) {
			for _, r := range rows {
				state := "active"
				switch {
				case !r.Active:
					state = "disabled"
				case r.Locked != nil:
					state = "locked until " + r.Locked.Local().Format("15:04")
				}
				line("%s\t%s\t%s\t%s\t%s", r.Login, r.Name, r.Org, joinRoles(r.Roles), state)
			}
		})
	})
}

type userPasswd struct {
	Database
	passwordOptions
	Login string `arg:"" help:"Whose."`
}

func (userPasswd) Help() string {
	return `Without --password-stdin a password is made, and printed once.

Whoever had the old password may have made API keys with it: all keys of the
account are revoked too. Make those that are still wanted anew, with "token create".

Example:
  onemap user passwd li.na`
}

func (c userPasswd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	password, made, err := c.password()
	if err != nil {
		return err
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if err := access.NewDirectory(db).SetPassword(ctx, operator(), c.Login, password); err != nil {
		return err
	}
	return t.answer(withPassword(map[string]any{"login": c.Login}, password, made), func(w io.Writer) {
		fmt.Fprintf(w, "%s has a new password; her sessions have ended, and her API keys hold no more.\n", c.Login)
		tellPassword(w, password, made)
	})
}

type userDisable struct {
	Database
	Login string `arg:"" help:"Whose."`
}

func (userDisable) Help() string { return "Example:\n  onemap user disable li.na" }

func (c userDisable) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return setActive(ctx, t, log, c.Database, c.Login, false)
}

type userEnable struct {
	Database
	Login string `arg:"" help:"Whose."`
}

func (userEnable) Help() string { return "Example:\n  onemap user enable li.na" }

func (c userEnable) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return setActive(ctx, t, log, c.Database, c.Login, true)
}

func setActive(ctx context.Context, t terminal, log *slog.Logger, d Database, login string, active bool) error {
	db, done, err := d.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if err := access.NewDirectory(db).SetActive(ctx, operator(), login, active); err != nil {
		return err
	}
	return t.answer(map[string]any{"login": login, "active": active}, func(w io.Writer) {
		if active {
			fmt.Fprintf(w, "%s may sign in again.\n", login)
			return
		}
		fmt.Fprintf(w, "%s may not sign in any more; her sessions and keys have ended.\n", login)
	})
}

type passwordOptions struct {
	PasswordStdin bool `help:"Read the password from standard input."`
}

// password returns the one from standard input, or one made here. A password
// is no argument: the process list would show it.
func (o passwordOptions) password() (password string, made bool, err error) {
	if !o.PasswordStdin {
		return access.ReadablePassword(), true, nil
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Fprint(os.Stderr, "Password: ")
		b, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
		return string(b), false, err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	if err != nil {
		return "", false, fmt.Errorf("%w: no password on standard input", errUsage)
	}
	return strings.TrimRight(line, "\r\n"), false, nil
}

func withPassword(v map[string]any, password string, made bool) map[string]any {
	if made {
		v["password"] = password
	}
	return v
}

func tellPassword(w io.Writer, password string, made bool) {
	if made {
		fmt.Fprintf(w, "Password: %s\nIt is shown only now.\n", password)
	}
}

func roles(names []string) []access.Role {
	out := make([]access.Role, len(names))
	for i, n := range names {
		out[i] = access.Role(n)
	}
	return out
}

func joinRoles(rs []access.Role) string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// table prints lines in columns.
func table(w io.Writer, head string, body func(line func(format string, args ...any))) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, head)
	body(func(format string, args ...any) { fmt.Fprintf(tw, format+"\n", args...) })
	_ = tw.Flush() // the terminal is gone
}
