#!/usr/bin/env bash
# Runs every fuzz target of the repository for the given time, one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | while IFS=: read -r file name; do
	echo "${file%/*} ${name#func }"
	go test "${file%/*}" -run '^$' -fuzz "^${name#func }\$" -fuzztime "${1:-20s}"
done
