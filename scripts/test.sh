#!/usr/bin/env bash
# Runs every test and prints what go test -json says of it; make test has it counted. All stages run, whatever fails.
#
# Whole lines with clients and a browser wait for each other most of the time: they come first, one such package at a time, and behind
# them, at the lowest priority, runs what only computes and has a clock of its own or none, so that being slow changes nothing. Then what
# may have data races; it waits too, so that more packages run at a time than there are cores, and memory is cheaper there than looking
# through it. Last, alone, what kills a supervisor at one call after the other and asks how soon the next is there.
set -euo pipefail
cd "$(dirname "$0")/.."

# Packages with goroutines or sockets, tested under the race detector, the longest first. The others are pure and have nothing to race.
readonly concurrent=(./cmd/... ./hmi/... ./traceability/... ./simulator/... ./accounts/... ./plc ./plc/modbus ./plc/opcua ./uaguard ./supervisor ./control/... ./internal/process)
# What in them is left to others: searches and long stories on one goroutine, which take the detector several times as long, and what
# starts one process after the other.
readonly searches='^Test(UnchangedIsTheSameStatusAgain|UnchangedIsTheSameStatusOfAPlainDevice|AnyInterleavingOfFaultsKeepsThePromise|AnyInterleavingOfFaultsKeepsWhatAClassCanPromise|ReplayGivesBackWhatWasRecorded|PlansArePinned|ReleaseIsRecomputed|EveryEditOfTheJournalIsFound|TornEndIsCutOff|EditsWithSQLAreFound|NoticesListWhatIsInTheMagazines|TheCellPopulationIsPlausible|TimingChangesNoValue|AGoodPlantMeetsTheRecipes|TheSampleBandsTellGoodFromBad|APackOfEveryProductGoesThroughTheWholeLine|WhoMayDoWhat|AccountsComeBackFromTheJournal|TheSecurityPageShowsTheMatrix|ModesAreAFoldOfTheJournal|FailuresAreBounded|EveryFailureCostsAndSaysTheSame)$'
readonly processes='^Test(Scripts|Signals|SameSeedSameLine|DemoFailsWhenAProcessDies|ARogueDeviceStopsOneStationOnly|TheGatewayUnderAttack|HistoryEqualsTheJournal|AnybodyReadsTheRecordsOverOPCUA|AHugeGreetingEndsNothingButTheGateway)$'
readonly moments='^TestKilledAtAnyMoment$' calls='^TestKilledAtEveryCall$'
# What keeps a state, and the tests that drive it: it is measured how much of it has run.
readonly state=./packml,./stations,./supervisor,./plc
readonly drives=(./packml ./stations ./supervisor ./plc ./virtual)
readonly whole=(./test/browser ./test/strangers ./test/nemesis)

# Go's runtime looks after its threads every 20 µs while there is work, in each of the many processes. The kernel may let whoever sleeps
# here sleep a millisecond longer, which is what Go's own timers are rounded to: a sixth less of a processor where processes start.
if [[ -w /proc/self/timerslack_ns ]]; then echo 1000000 >/proc/self/timerslack_ns || true; fi

readonly profile=.tools/cover.out behind=.tools/behind.json beside=.tools/beside.json
mkdir -p .tools
failed=0
export LINECTL_PROGRAM=$PWD/.tools/linectl # for the packages that run it as a process: built once for all
go build -ldflags '-s -w' -o "$LINECTL_PROGRAM" ./cmd/linectl
tests() { go test -json -count=1 -vet=off -timeout 30m "$@" || failed=1; } # make lint has vetted it, and nothing counts that ran another time

computing() {
	renice -n 19 "$BASHPID" >/dev/null
	tests $(go list ./... | grep -vxFf <(go list "${drives[@]}" "${whole[@]}" "${concurrent[@]}" ./test/campaign))
	tests ./test/campaign
	tests -run "$searches" ./traceability ./simulator ./accounts # those of plc and supervisor are among what drives the state
	exit "$failed"
}

# A start of linectl takes a quarter less where the kernel gives memory in large pages unasked. It does so on many machines; where it does
# not, and this may say so, it does until this ends.
readonly unasked=/sys/kernel/mm/transparent_hugepage/enabled
large_pages() { if [[ -w $unasked ]]; then echo "$1" >"$unasked" || true; fi; }
if [[ -w $unasked ]]; then
	before=$(sed 's/.*\[\(.*\)\].*/\1/' "$unasked")
	trap 'large_pages "$before"' EXIT
	large_pages always
fi

computing >"$behind" &
readonly computes=$!
tests -coverpkg="$state" -coverprofile="$profile" "${drives[@]}"
go run ./internal/cover "$profile" || failed=1
tests -run "$processes" -parallel 4 ./cmd/linectl # more stories at a time than there are cores: they wait for the line most of the time
tests -p 1 ./test/browser ./test/strangers
(tests -run "$moments" ./cmd/linectl; exit "$failed") >"$beside" &
readonly dies=$!
tests -skip "$calls" ./test/nemesis
wait "$dies" || failed=1
cat "$beside"
large_pages "${before:-}" # what the race detector keeps lies far apart
GOGC=400 tests -race -p 4 -skip "$searches|$processes|$moments" "${concurrent[@]}"
wait "$computes" || failed=1
cat "$behind"
large_pages always
tests -parallel 3 -run "$calls" ./test/nemesis
exit "$failed"
