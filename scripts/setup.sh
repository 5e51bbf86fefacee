#!/usr/bin/env bash
# Makes sure that what the tests need is there: a C compiler (SQLite is C), strace, golangci-lint and gofumpt in the versions we use, and
# OPC UA clients by other people: node-opcua and FUXA; and Chromium with axe for the pages of the HMI.
# The two tools come into .tools/bin, from this machine if it has that very version, else by go install. As root a missing
# Debian package is installed; otherwise it is named. A checker that cannot be had is left out and named, except in CI.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly tools=$PWD/.tools/bin
missing=()
left=()

# debian PROGRAM PACKAGE WHY
debian() {
	command -v "$1" >/dev/null && return
	if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
		echo "setup: installing $2 ($3)"
		apt-get update -qq && apt-get install -y -qq "$2" >/dev/null && return
	fi
	missing+=("$2 ($3): apt-get install $2")
}

# is BINARY MODULE VERSION
is() {
	[[ -x $1 ]] && go version -m "$1" | grep -Pq "^\tmod\t\Q$2\E\t\Q$3\E(\t|$)"
}

# tool NAME MODULE PACKAGE VERSION
tool() {
	local name=$1 module=$2 package=$3 version=$4 found
	is "$tools/$name" "$module" "$version" && return
	mkdir -p "$tools"
	for found in "$(command -v "$name" || true)" "$(go env GOBIN)/$name" "$(go env GOPATH)/bin/$name"; do
		if [[ -n $found ]] && is "$found" "$module" "$version"; then
			ln -sf "$found" "$tools/$name"
			return
		fi
	done
	echo "setup: building $name $version (once)"
	GOBIN=$tools go install "$package@$version" ||
		left+=("$name $version: go install $package@$version")
}

if ! command -v go >/dev/null; then
	echo "setup: Go is missing; install the version that go.mod names" >&2
	exit 1
fi
debian gcc gcc "SQLite is C"
debian g++ g++ "FUXA compiles a SQLite of its own"
debian python3 python3 "FUXA compiles by it"
debian strace strace "the power is cut after any system call"
debian setpriv util-linux "a program that is traced dies with its test"
# FUXA compiles a SQLite of its own, a minute or more: it does so beside what follows.
fuxa=
if ! [[ -f test/fuxa/node_modules/@frangoteam/fuxa/main.js ]]; then
	echo "setup: installing FUXA into test/fuxa (once; 300 MB)"
	npm install --prefix test/fuxa --no-package-lock --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null &
	fuxa=$!
fi
tool golangci-lint github.com/golangci/golangci-lint/v2 github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0
tool gofumpt mvdan.cc/gofumpt mvdan.cc/gofumpt v0.12.0

# A stranger's client and server, for the tests of hmi/opcua and test/strangers, and for linectl bench opcua.
if ! [[ -d test/interop/node_modules/node-opcua ]]; then
	echo "setup: installing node-opcua into test/interop (once)"
	npm install --prefix test/interop --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null ||
		left+=("node-opcua: npm install in test/interop")
fi

# A browser, letters for the three languages of the HMI, and axe, for test/browser.
font() { fc-list ":lang=$1" 2>/dev/null | grep -q .; }
if ! command -v chromium-headless-shell >/dev/null || ! font ur || ! font zh; then
	if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
		echo "setup: installing chromium and fonts (once)"
		apt-get update -qq || true
		for browser in chromium-headless-shell chromium; do # the whole, with its windows, where its inside is not to be had alone
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
				"$browser" fontconfig fonts-noto-core fonts-noto-cjk >/dev/null && break
		done
	fi
	command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ||
		left+=("chromium: apt-get install chromium-headless-shell fonts-noto-core fonts-noto-cjk")
fi
if ! [[ -f test/browser/node_modules/axe-core/axe.min.js ]]; then
	echo "setup: installing axe into test/browser (once)"
	npm install --prefix test/browser --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null ||
		left+=("axe: npm install in test/browser")
fi

[[ -z $fuxa ]] || wait "$fuxa" || left+=("FUXA: npm install in test/fuxa")

if ((${#missing[@]})); then
	printf 'setup: missing: %s\n' "${missing[@]}" >&2
	echo 'setup: nothing was run, for without these no test can be' >&2
	exit 1
fi
if ((${#left[@]})); then
	printf 'setup: LEFT OUT, could not be installed: %s\n' "${left[@]}" >&2
	if [[ -n ${CI:-} ]]; then
		echo 'setup: CI leaves nothing out' >&2
		exit 1
	fi
fi
