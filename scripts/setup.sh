#!/usr/bin/env bash
# Makes sure that what the tests need is there: a C compiler (SQLite is C), strace, golangci-lint and gofumpt in the versions we use, and
# OPC UA clients by other people: node-opcua and FUXA; and Chromium with axe for the pages of the HMI.
# The two tools come into .tools/bin, from this machine if it has that very version, else by go install. As root a missing
# Debian package is installed; otherwise it is named. A checker that cannot be had is left out and named, except in CI.
# What has been built or installed is kept for the next clone on this machine, by what it was made of.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly tools=$PWD/.tools/bin
readonly kept=${XDG_CACHE_HOME:-$HOME/.cache}/linectl
mkdir -p "$kept"
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
	local -r mine=$kept/$name-$version-$(go env GOVERSION)
	is "$tools/$name" "$module" "$version" && return
	mkdir -p "$tools"
	for found in "$(command -v "$name" || true)" "$(go env GOBIN)/$name" "$(go env GOPATH)/bin/$name" "$mine/$name"; do
		if [[ -n $found ]] && is "$found" "$module" "$version"; then
			ln -sf "$found" "$tools/$name"
			return
		fi
	done
	echo "setup: building $name $version (once)"
	if GOBIN=$mine go install "$package@$version"; then
		ln -sf "$mine/$name" "$tools/$name"
	else
		left+=("$name $version: go install $package@$version")
	fi
}

# modules DIRECTORY PROOF WHAT: what package.json there names. The proof is a file that is there when all is.
modules() {
	local -r dir=$1 proof=$2 what=$3
	[[ -f $dir/node_modules/$proof ]] && return
	local -r mine=$kept/${dir#test/}-$({ node --version; uname -m; cat "$dir/package.json"; } | sha256sum | cut -c1-16)
	if ! [[ -f $mine/node_modules/$proof ]]; then
		echo "setup: installing $what into $dir (once)"
		local fresh
		fresh=$(mktemp -d -p "$kept") # so that nobody takes what is half there
		cp "$dir/package.json" "$fresh"
		npm install --prefix "$fresh" --no-package-lock --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null || { rm -rf "$fresh"; return 1; }
		mv -T "$fresh" "$mine" 2>/dev/null || rm -rf "$fresh" # another setup was faster
	fi
	rm -rf "$dir/node_modules"
	cp -al "$mine/node_modules" "$dir/" 2>/dev/null && return # names only; it fails where this is another disk
	rm -rf "$dir/node_modules"
	cp -a "$mine/node_modules" "$dir/"
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
modules test/fuxa @frangoteam/fuxa/main.js "FUXA (300 MB)" &
readonly fuxa=$!
tool golangci-lint github.com/golangci/golangci-lint/v2 github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0
tool gofumpt mvdan.cc/gofumpt mvdan.cc/gofumpt v0.12.0

# A stranger's client and server, for the tests of hmi/opcua and test/strangers, and for linectl bench opcua.
modules test/interop node-opcua/package.json node-opcua || left+=("node-opcua: npm install in test/interop")

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
modules test/browser axe-core/axe.min.js axe || left+=("axe: npm install in test/browser")
wait "$fuxa" || left+=("FUXA: npm install in test/fuxa")

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
