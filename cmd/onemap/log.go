package main

import (
	"context"
	"io"
	"log/slog"
)

type logOptions struct {
	Level  slog.Level `help:"What to log: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	Format string     `help:"How: text for people, json for machines." enum:"text,json" default:"text"`
}

func (o logOptions) logger(w io.Writer) (*slog.Logger, error) {
	h := slog.HandlerOptions{Level: o.Level}
	var log *slog.Logger
	if o.Format == "json" {
		log = slog.New(slog.NewJSONHandler(w, &h))
	} else {
		log = slog.New(slog.NewTextHandler(w, &h))
	}
	slog.SetDefault(log) // for what is not told where to log
	return log, nil
}

// warnings passes on what goes wrong alone.
type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs)}
}
func (h warnings) WithGroup(name string) slog.Handler { return warnings{h.Handler.WithGroup(name)} }
