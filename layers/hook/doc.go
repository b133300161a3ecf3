// Package hook tells other systems what happened: signed webhooks with
// retries, dead letters and replay.
package hook
