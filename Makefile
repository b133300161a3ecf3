# Needs Go, Node.js, make and git; "make setup" gets the rest on Debian 12.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# In a clone that belongs to another user, git refuses to tell the version.
export GOFLAGS := -buildvcs=false $(GOFLAGS)
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
# A reader of OSM files would link zlib's C library where cgo is on: without it,
# no headers are needed and the binary stands alone. The race detector needs cgo.
export CGO_ENABLED := 0
GOBUILD := go build -trimpath -ldflags "-X main.version=$(VERSION)"
# testdb starts one PostgreSQL for the tests of all packages.
TESTDB := go run ./layers/layerstest/testdb --
# Packages whose goroutines share memory: their tests run under the race
# detector, which makes everything some ten times slower, and not once more without.
RACE := ./web/live ./layers/access ./layers/cluster ./layers/feed ./tiles ./tiles/archive ./tiles/memory
# They wait for PostgreSQL much of the time, so three packages at once; the longest first.
FIRST := ./web ./cmd/onemap/tilefeed ./layers/base ./layers/intake

UI := web/ui
UI_SOURCES := $(shell find $(UI) -path $(UI)/node_modules -prune -o -path $(UI)/dist -prune -o -path $(UI)/e2e -prune -o -type f -print)

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install the Debian packages that onemap needs (with sudo if not root)
	@.ci/setup run

.PHONY: setup-test
setup-test: ## Install what the tests need as well: chromium, fonts, gcc
	@.ci/setup test

.PHONY: build
build: $(UI)/dist/index.html ## Build the pages if their sources changed, then bin/onemap
	$(GOBUILD) -o bin/onemap ./cmd/onemap

$(UI)/node_modules/.package-lock.json: $(UI)/package.json $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund
	@touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json $(UI_SOURCES)
	cd $(UI) && npm run build
	@touch $@

.PHONY: ui
ui: $(UI)/dist/index.html ## Build the pages

.PHONY: run
run: setup build ## Do everything, then start onemap with the demo city (options: make run ARGS="--listen :8080")
	bin/onemap up $(ARGS)

# The Go tests come last, so that the output ends as go test's does. They are vetted already.
.PHONY: test
test: setup-test build check-go check-ui test-e2e ## Check and test everything (at most 12 minutes)
	$(TESTDB) env CGO_ENABLED=1 go test -race -vet=off -p 3 -timeout 10m $(RACE)
	$(TESTDB) go test -vet=off -p 3 -timeout 10m $(FIRST) $(filter-out $(RACE:./%=onemap/%),$(shell go list ./...))

.PHONY: test-go
test-go: ## Run the Go tests alone
	$(TESTDB) go test -timeout 10m ./...

.PHONY: test-e2e
test-e2e: build ## Run the browser tests against the real binary (the desk's and the long story are in test-long)
	cd $(UI) && npm run e2e

# One package after another: a place in the log is given when all write
# transactions of the cluster have ended, and some of these take minutes.
.PHONY: test-long
test-long: setup-test build ## Also what takes long: kills, fuzzing, attacks, soak, 10 million rows, the desk, the story of four people
	.ci/fuzz 15s
	cd $(UI) && npm run e2e:long
	ONEMAP_LONG=1 $(TESTDB) go test -p 1 -timeout 60m ./...

.PHONY: check-go
check-go: ## Check format and go vet
	@unformatted=$$(find . -path ./$(UI)/node_modules -prune -o -name '*.go' -exec gofmt -l {} +); \
		if [ -n "$$unformatted" ]; then echo "run gofmt -w on:" $$unformatted >&2; exit 1; fi
	go vet ./...

.PHONY: check-ui
check-ui: $(UI)/node_modules/.package-lock.json ## Check the pages: svelte-check, tsc, vitest
	cd $(UI) && npm run check && npm test

.PHONY: lint
lint: bin/golangci-lint ## Run golangci-lint, with depguard for the rooms (its first build takes minutes)
	bin/golangci-lint run

bin/golangci-lint: .ci/lint/go.mod .ci/lint/go.sum
	go -C .ci/lint build -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: bench
bench: setup build ## Measure imports, tiles and live delivery
	bin/onemap bench $(ARGS)

.PHONY: golden
golden: ## Write the golden files anew: read the diff before you commit it
	$(TESTDB) go test ./tiles/... ./layers/... ./web/... -run Golden -update

.PHONY: clean
clean: ## Remove what was built; data folders stay
	rm -rf bin $(UI)/node_modules
	find $(UI)/dist -mindepth 1 ! -name placeholder.txt -delete
