#!/usr/bin/env bash
# Fails if a Go file is not as gofumpt writes it, and names it.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=$(gofumpt -l .)
if [[ -n $bad ]]; then
	printf 'not formatted, run gofumpt -w:\n%s\n' "$bad" >&2
	exit 1
fi
