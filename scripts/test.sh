#!/usr/bin/env bash
# Runs every test and prints what go test -json says of it; make test has it counted. All stages run, whatever fails.
#
# Two streams share the machine. In front: what waits for wires, people and screens. Behind it, at the lowest priority: what only
# computes and has a clock of its own or none, so that being slow changes nothing. Then, alone: what kills processes and asks how soon
# they are back.
set -euo pipefail
cd "$(dirname "$0")/.."

# Packages with goroutines or sockets, tested under the race detector. The others are pure and have nothing to race.
readonly concurrent=(./accounts/... ./plc ./plc/modbus ./plc/opcua ./uaguard ./supervisor ./simulator/... ./traceability/... ./control/... ./hmi/... ./cmd/... ./internal/...)
# What keeps a state, and the tests that drive it: it is measured how much of it has run.
readonly state=./packml,./stations,./supervisor,./plc
readonly drives=(./packml ./stations ./supervisor ./plc ./virtual)
# Whole lines with clients and a browser: one such package at a time, or they take each other's time.
readonly whole=(./test/browser ./test/strangers)
# A command starts as many processes as its story has lines, so the stories run without the race detector, more of them at a time than
# there are cores: they wait for the line most of the time.
readonly stories=(-run '^TestScripts$' -parallel 4 ./cmd/linectl)

readonly profile=.tools/cover.out behind=.tools/behind.json
mkdir -p .tools
failed=0
tests() { go test -json -timeout 30m "$@" || failed=1; }

computing() {
	renice -n 19 "$BASHPID" >/dev/null
	tests $(go list ./... | grep -vxFf <(go list "${drives[@]}" "${whole[@]}" "${concurrent[@]}" ./test/nemesis ./test/campaign))
	tests ./test/campaign
	exit "$failed"
}

computing >"$behind" &
tests -coverpkg="$state" -coverprofile="$profile" "${drives[@]}"
go run ./internal/cover "$profile" || failed=1
tests "${stories[@]}"
LINECTL_KILLS='' LINECTL_PLANT_KILLS='' tests -race -skip '^TestScripts$' "${concurrent[@]}" # a few kills here, all at the end
tests -p 1 "${whole[@]}"
wait $! || failed=1
cat "$behind"
tests ./test/nemesis
tests -run TestKilledAtAnyMoment ./cmd/linectl
exit "$failed"
