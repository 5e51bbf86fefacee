# make = make test = what CI runs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: test lint race fuzz sim screens bench docs demo help

export PATH := $(CURDIR)/.tools/bin:$(PATH)
# No path of a checkout is in a program, so that what one has compiled serves the next.
export GOFLAGS := $(GOFLAGS) -trimpath

FUZZTIME ?= 20s
# How much make test tries; a plain go test does a little of each.
TRIED := SEEDS=1000# shifts with faults
TRIED += LINECTL_POINTS=3000# system calls at which the supervisor is killed
TRIED += LINECTL_CUTS=600# places at which a wire is cut, for each protocol
TRIED += LINECTL_KILLS=50 LINECTL_PLANT_KILLS=20# moments at which both processes are killed
# A small disk that fills needs the right to mount one; where nobody has it, single calls fail with ENOSPC in another test.
MAY_BE_LEFT_OUT := linectl/test/nemesis.TestTheDiskIsFull

test: lint ## set up, lint, every test (most of those with goroutines under the race detector), three thousand kills
	$(TRIED) scripts/test.sh | go run ./internal/tally $(MAY_BE_LEFT_OUT)

lint: ## format, lint, vet
	scripts/setup.sh
	if command -v gofumpt >/dev/null; then scripts/format.sh; else echo 'LEFT OUT: format check'; fi
	if command -v golangci-lint >/dev/null; then golangci-lint run; else echo 'LEFT OUT: lint'; fi
	go vet ./...

race: ## the race detector on everything
	go test -json -timeout 30m -race ./... | go run ./internal/tally

fuzz: ## every fuzz target for FUZZTIME (20s)
	scripts/fuzz.sh $(FUZZTIME)

sim: ## SEEDS=N shifts with faults (1000) from seed FIRST (1) on, the kept ones too, and every mutant looked for (about 3 min)
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
