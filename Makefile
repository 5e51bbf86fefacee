# make = make test = what CI runs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: test lint race fuzz sim screens bench docs demo help

export PATH := $(CURDIR)/.tools/bin:$(PATH)

# Packages with goroutines or sockets, tested under the race detector. The others are pure and have nothing to race.
CONCURRENT := ./accounts/... ./plc ./plc/modbus ./plc/opcua ./uaguard ./supervisor ./simulator/... ./traceability/... ./control/... ./hmi/... ./cmd/... ./internal/...
# What keeps a state, and the tests that drive it: make test measures how much of it has run.
STATE := ./packml,./stations,./supervisor,./plc
DRIVES := ./packml ./stations ./supervisor ./plc ./virtual
# Whole lines with clients and a browser: one such package at a time, or they take each other's time.
WHOLE := ./test/browser ./test/strangers
FUZZTIME ?= 20s
# How often both processes are killed over real sockets in make test; a plain go test does a few.
KILLS := LINECTL_KILLS=50 LINECTL_PLANT_KILLS=20
# How many system calls the supervisor is killed at in make test, and how many places a wire is cut at; a plain go test does a few.
NEMESIS := LINECTL_POINTS=1000 LINECTL_CUTS=600
# How many shifts with faults make test lives through; a plain go test a hundred.
SHIFTS := SEEDS=1000
# A small disk that fills needs the right to mount one; where nobody has it, single calls fail with ENOSPC in another test.
MAY_BE_LEFT_OUT := linectl/test/nemesis.TestTheDiskIsFull
GOTEST := go test -json -timeout 30m
PROFILE := .tools/cover.out

test: lint ## set up, lint, every test (with the race detector where there are goroutines), seventy kills
	mkdir -p $(dir $(PROFILE))
	{ $(GOTEST) -coverpkg=$(STATE) -coverprofile=$(PROFILE) $(DRIVES) && go run ./internal/cover $(PROFILE) && \
	  $(GOTEST) $$(go list ./... | grep -vxFf <(go list $(DRIVES) $(WHOLE) $(CONCURRENT) ./test/nemesis ./test/campaign)) && \
	  $(SHIFTS) $(GOTEST) ./test/campaign && \
	  $(GOTEST) -race $(CONCURRENT) && \
	  $(GOTEST) -p 1 $(WHOLE) && \
	  $(NEMESIS) $(GOTEST) ./test/nemesis && \
	  $(KILLS) $(GOTEST) -run TestKilledAtAnyMoment ./cmd/linectl; } | go run ./internal/tally $(MAY_BE_LEFT_OUT)

lint: ## format, lint, vet
	scripts/setup.sh
	if command -v gofumpt >/dev/null; then scripts/format.sh; else echo 'LEFT OUT: format check'; fi
	if command -v golangci-lint >/dev/null; then golangci-lint run; else echo 'LEFT OUT: lint'; fi
	go vet ./...

race: ## the race detector on everything
	$(GOTEST) -race ./... | go run ./internal/tally

fuzz: ## every fuzz target for FUZZTIME (20s)
	scripts/fuzz.sh $(FUZZTIME)

sim: ## SEEDS=N shifts with faults (1000) from seed FIRST (1) on, and every mutant looked for
	SEEDS=$(or $(SEEDS),1000) FIRST=$(or $(FIRST),1) MUTANTS=all go test -count=1 -v -timeout 6h ./test/campaign

SCREENS := o1-weld-stuck o1-weld-stuck-ur o1-weld-stuck-zh o1-weld-stuck-wall o1-one-alarm o2-permissive-missing o3-unknown o6-station o9-shift
screens: ## draw the pictures of docs/screens anew, by the stories of test/browser
	mkdir -p docs/screens .tools/screens
	LINECTL_SCREENS=$(CURDIR)/.tools/screens go test -count 1 ./test/browser
	for s in $(SCREENS); do cp .tools/screens/$$s.png docs/screens/; done

bench: ## the figures of docs/performance.md, measured here
	go test -run '^$$' -bench . -benchmem ./...

docs: ## write the generated pages anew (the tests hold them)
	go generate ./...

demo: ## one pack of each sample product, from nothing
	go run ./cmd/linectl demo

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8
